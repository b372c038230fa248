package io.hiervl.backend.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;

import io.hiervl.backend.Kernels;
import io.hiervl.backend.jvm.Scratch;
import io.hiervl.tensor.Activation;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Tensor;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.dnnl.eltwise_backward;
import org.bytedeco.dnnl.eltwise_forward;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.bytedeco.dnnl.global.dnnl.prop_kind;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.stream;

/**
 * Point-wise activations by oneDNN. Operands are FLOAT or BFLOAT16; where they differ, those in 32 bits are rounded first. The function
 * itself is computed in 32 bits.
 */
final class OneDnnActivation {
    private final engine engine;
    private final stream stream;
    private final OneDnnCopies copies;
    private final Map<Object, OneDnnCall> calls = new HashMap<>();

    private record Key(String kind, Activation code, int length, ElementType type) {
    }

    OneDnnActivation(engine engine, stream stream, OneDnnCopies copies) {
        this.engine = engine;
        this.stream = stream;
        this.copies = copies;
    }

    static algorithm algorithm(Activation activation) {
        return switch (activation) {
            case RELU -> algorithm.eltwise_relu;
            case GELU -> algorithm.eltwise_gelu_erf;
            case QUICK_GELU -> algorithm.eltwise_swish;
            case SIGMOID -> algorithm.eltwise_logistic;
            default -> throw new IllegalArgumentException("unknown activation " + activation);
        };
    }

    static float alpha(Activation activation) {
        return activation == Activation.QUICK_GELU ? 1.702f : 0f;
    }

    private static memory.desc desc(int length, ElementType type) {
        return new memory.desc(new long[] {length}, OneDnnCopies.type(type), memory.format_tag.a);
    }

    private eltwise_forward.primitive_desc forward(Activation code, memory.desc d) {
        return new eltwise_forward.primitive_desc(new eltwise_forward.desc(prop_kind.forward_training, algorithm(code), d, alpha(code), 0f),
            engine);
    }

    /** See {@link Kernels#activation}. */
    void apply(Activation code, Tensor x, Tensor y, int length) {
        ElementType type = common(x, y);
        OneDnnCall call = calls.computeIfAbsent(new Key("forward", code, length, type), k -> {
            memory.desc d = desc(length, type);
            eltwise_forward.primitive_desc pd = forward(code, d);
            return new OneDnnCall(engine, new eltwise_forward(pd), pd).input(DNNL_ARG_SRC, d).output(DNNL_ARG_DST, d);
        });
        Tensor result = result(y, type, length);
        call.run(stream, as(x, type, length, "x"), result);
        finish(result, y, length);
    }

    /** See {@link Kernels#activationGradient}. */
    void gradient(Activation code, Tensor x, Tensor g, Tensor dx, int length) {
        ElementType type = common(x, g);
        OneDnnCall call = calls.computeIfAbsent(new Key("gradient", code, length, type), k -> {
            memory.desc d = desc(length, type);
            eltwise_forward.primitive_desc hint = forward(code, d);
            eltwise_backward.primitive_desc pd = new eltwise_backward.primitive_desc(
                new eltwise_backward.desc(algorithm(code), d, d, alpha(code), 0f), engine, hint);
            return new OneDnnCall(engine, new eltwise_backward(pd), pd, hint).input(DNNL_ARG_SRC, d).input(DNNL_ARG_DIFF_DST, d)
                .output(DNNL_ARG_DIFF_SRC, d);
        });
        Tensor result = result(dx, type, length);
        call.run(stream, as(x, type, length, "x"), as(g, type, length, "g"), result);
        finish(result, dx, length);
    }

    private static ElementType common(Tensor a, Tensor b) {
        return a.type() == ElementType.FLOAT && b.type() == ElementType.FLOAT ? ElementType.FLOAT : ElementType.BFLOAT16;
    }

    private Tensor as(Tensor a, ElementType type, int length, String slot) {
        return a.type() == type ? a : copies.convert(a, length, type, "activation-" + slot);
    }

    private static Tensor result(Tensor wanted, ElementType type, int length) {
        return wanted.type() == type ? wanted : Scratch.get("activation-result", type, length);
    }

    private void finish(Tensor result, Tensor wanted, int length) {
        if (result != wanted) {
            copies.convert(result, wanted, length);
        }
    }
}
