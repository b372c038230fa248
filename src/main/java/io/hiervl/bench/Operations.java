package io.hiervl.bench;

import io.hiervl.backend.jvm.PixelCrossEntropyKernel;
import io.hiervl.graph.FusedOps;
import io.hiervl.op.Loss;
import io.hiervl.tensor.Activation;
import io.hiervl.tensor.Resize;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The kernels by themselves, at the shapes of a 512 image, under the peer's names. Backward starts from a given
 * gradient of normal values, as the peer's does.
 */
final class Operations {
    private static final Map<String, Function<Work, SDVariable>> ALL = new LinkedHashMap<>();

    static {
        add("layer_norm 1x1025x768",
            w -> w.ops().layerNorm(w.input("x", true, 1, 1025, 768), w.input("g", true, 768), w.input("b", true, 768), 1e-5));
        add("gelu 1x1025x3072", w -> w.ops().activation(w.input("x", true, 1, 1025, 3072), Activation.GELU));
        add("quick_gelu 1x1025x3072 (x*sigmoid(1.702x))",
            w -> w.ops().activation(w.input("x", true, 1, 1025, 3072), Activation.QUICK_GELU));
        add("attention 12x1025x64 (sdpa)", w -> w.ops().attention(w.input("q", true, 1, 1025, 768), w.input("k", true, 1, 1025, 768),
            w.input("v", true, 1, 1025, 768), 12, null, null, false));
        add("softmax 12x1025x1025", w -> w.ops().softmax(w.input("x", true, 12, 1025, 1025)));
        add("conv3x3 256->256 128x128",
            w -> w.ops().conv2d(w.input("x", true, 1, 256, 128, 128), w.input("w", true, 256, 256, 3, 3), null, 1, 1));
        add("conv1x1 768->256 64x64", w -> w.ops().conv2d(w.input("x", true, 1, 768, 64, 64), w.input("w", true, 256, 768, 1, 1),
            w.input("b", true, 256), 1, 0));
        add("conv16x16/16 3->768 512x512",
            w -> w.ops().conv2d(w.input("x", true, 1, 3, 512, 512), w.input("w", true, 768, 3, 16, 16), null, 16, 0));
        add("conv_transpose2x2/2 768->768 32->64",
            w -> w.ops().upConv2x2(w.input("x", true, 1, 768, 32, 32), w.input("w", true, 768, 768, 2, 2),
                w.input("b", true, 768)));
        add("group_norm(32) 256x128x128",
            w -> w.ops().groupNorm(w.input("x", true, 1, 256, 128, 128), w.input("g", true, 256), w.input("b", true, 256),
                32, 1e-5));
        add("bilinear 256x64x64->128x128", w -> w.ops().resize(w.input("x", true, 1, 256, 64, 64), 128, 128, Resize.BILINEAR));
        add("bilinear 21x128x128->512x512", w -> w.ops().resize(w.input("x", true, 1, 21, 128, 128), 512, 512, Resize.BILINEAR));
        add("matmul 1024x768x3072", w -> w.ops().bmm(w.input("a", true, 1, 1024, 768), w.input("b", true, 768, 3072), false, false));
        add("linear 1025x768->3072 + bias",
            w -> w.ops().linear(w.input("x", true, 1025, 768), w.input("w", true, 3072, 768), w.input("b", true, 3072),
                Activation.NONE));
        add("mask einsum 163x256 . 256x128x128", w -> w.ops().bmm(w.input("q", true, 1, 163, 256),
            w.ops().reshape(w.input("f", true, 1, 256, 128, 128), 1, 256, 128L * 128), false, false));
        add("cross_entropy 1x21x512x512", Operations::crossEntropy);
    }

    private Operations() {
    }

    private static void add(String name, Function<Work, SDVariable> build) {
        ALL.put(name, build);
    }

    private static SDVariable crossEntropy(Work w) {
        FusedOps ops = w.ops();
        SDVariable labels = ops.constant("labels", Nd4j.zeros(DataType.FLOAT, 1, 512, 512));
        SDVariable weights = w.constant("weights", 1.0 / (512 * 512), 1, 512, 512);
        return ops.adopt(new Loss(new PixelCrossEntropyKernel()).apply(ops.sd(), w.input("z", true, 1, 21, 512, 512), labels, weights), 1);
    }

    /** Work of every kernel: forward, and forward + backward to all of its inputs. */
    static Map<String, Runnable> prepare(String name) {
        Map<String, Runnable> work = new LinkedHashMap<>();
        work.put(name + " fwd", graph(name).forward());
        work.put(name + " fwd+bwd", graph(name).both());
        return work;
    }

    private static Work graph(String name) {
        Work w = new Work(new Random(0));
        SDVariable y = ALL.get(name).apply(w);
        w.result(y);
        w.given(y);
        return w;
    }

    static List<String> names() {
        return List.copyOf(ALL.keySet());
    }
}
