package io.hiervl.op;

import io.hiervl.backend.LossKernel;
import io.hiervl.backend.jvm.GateBceKernel;
import io.hiervl.backend.jvm.MaskedPatchesKernel;
import io.hiervl.backend.jvm.PixelCrossEntropyKernel;
import io.hiervl.backend.jvm.PixelEntropyKernel;
import io.hiervl.backend.jvm.PromptAnchorKernel;
import io.hiervl.backend.jvm.PromptTopologyKernel;
import io.hiervl.backend.jvm.QueryTextKernel;
import io.hiervl.backend.jvm.SetLossKernel;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.nd4j.imports.converters.ImportClassMapping;

/** The ops by their names, for reading graphs. */
final class OpTypes {
    static final String PREFIX = "hiervl_";
    static final String BACKWARD = "_bp";

    private static final List<Class<? extends Op>> DECLARED = List.of(Linear.class, Linear.Gradient.class, BatchedMatmul.class,
        BatchedMatmul.Gradient.class, Attention.class, Attention.Gradient.class, PackedAttention.class, PackedAttention.Gradient.class,
        Conv2d.class,
        Conv2d.Gradient.class, UpConv2x2.class, UpConv2x2.Gradient.class, LayerNorm.class, LayerNorm.Gradient.class, GroupNorm.class,
        GroupNorm.Gradient.class, ActivationOp.class, ActivationOp.Gradient.class, Softmax.class, Softmax.Gradient.class, L2Normalize.class,
        L2Normalize.Gradient.class, Log.class, Log.Gradient.class, MaxPool2x2.class, MaxPool2x2.Gradient.class, Interpolate.class,
        Interpolate.Gradient.class, Add.class, Mul.class, Mul.Gradient.class, Scale.class, Repeat.class, Repeat.Gradient.class,
        Reshape.class,
        Rename.class, StopGradient.class, StopGradient.Zeros.class, Concat.class, Slice.class, Slice.Gradient.class, Slice.Addition.class,
        Permute.class, Sum.class, GivenGradient.class, WeightedSum.class, WeightedSum.Gradient.class, AttentionMask.class,
        DeformableAttention.class, DeformableAttention.Gradient.class, PointSample.class, PointSample.Gradient.class, FixedMatching.class,
        ConfidentRows.class);

    private static final Map<String, Class<? extends Op>> TYPES = new ConcurrentHashMap<>();
    private static final Map<String, Class<? extends LossKernel>> KERNELS = new ConcurrentHashMap<>(Map.of("gate_bce", GateBceKernel.class,
        "masked_patches", MaskedPatchesKernel.class, "pixel_cross_entropy", PixelCrossEntropyKernel.class, "pixel_entropy",
        PixelEntropyKernel.class,
        "prompt_anchor", PromptAnchorKernel.class, "prompt_topology", PromptTopologyKernel.class, "query_text", QueryTextKernel.class,
        "set_loss",
        SetLossKernel.class));

    static {
        DECLARED.forEach(OpTypes::declare);
    }

    private OpTypes() {
    }

    /** Makes a type of op known by its name. */
    static void declare(Class<? extends Op> type) {
        String name = type.getAnnotation(OpName.class).value();
        TYPES.put(name, type);
        find(name);
    }

    /** Makes SameDiff able to copy and load graphs with the ops. */
    static void register() {
        KERNELS.keySet().forEach(name -> {
            find(PREFIX + name);
            find(PREFIX + name + BACKWARD);
        });
    }

    private static void find(String name) {
        // SameDiff looks for the class alone
        ImportClassMapping.getOpNameMapping().computeIfAbsent(name, n -> new GraphOp());
    }

    /** Names of all ops. */
    static Set<String> names() {
        Set<String> names = new TreeSet<>(TYPES.keySet());
        KERNELS.keySet().forEach(loss -> names.addAll(List.of(PREFIX + loss, PREFIX + loss + BACKWARD)));
        return names;
    }

    /** A loss may be of a kind that is not in the list: it is known from its first use on. */
    static void know(LossKernel kernel) {
        Class<? extends LossKernel> known = KERNELS.putIfAbsent(kernel.name(), kernel.getClass());
        if (known == null) {
            find(PREFIX + kernel.name());
            find(PREFIX + kernel.name() + BACKWARD);
        } else if (known != kernel.getClass()) {
            throw new IllegalArgumentException(
                "two losses are called " + kernel.name() + ": " + known.getName() + " and " + kernel.getClass().getName());
        }
    }

    static Map<String, Object> attributes(Op op) {
        LossKernel kernel = op instanceof Loss loss ? loss.kernel() : op instanceof Loss.Gradient gradient ? gradient.kernel() : null;
        return Attributes.of((Record) (kernel == null ? op : kernel));
    }

    /**
     * An op of its attributes.
     *
     * @throws IllegalArgumentException if there is no such op, or an attribute is missing or of another kind
     */
    static Op read(String name, Map<String, Object> attributes) {
        if (TYPES.containsKey(name)) {
            return Attributes.read(TYPES.get(name), attributes);
        }
        boolean backward = name.endsWith(BACKWARD);
        String loss = name.startsWith(PREFIX) ? name.substring(PREFIX.length(), name.length() - (backward ? BACKWARD.length() : 0)) : "";
        if (!KERNELS.containsKey(loss)) {
            throw new IllegalArgumentException("there is no op " + name);
        }
        LossKernel kernel = Attributes.read(KERNELS.get(loss), attributes);
        return backward ? new Loss.Gradient(kernel) : new Loss(kernel);
    }
}
