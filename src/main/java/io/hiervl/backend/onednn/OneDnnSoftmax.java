package io.hiervl.backend.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;

import io.hiervl.backend.Kernels;
import io.hiervl.tensor.Tensor;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl.prop_kind;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.softmax_backward;
import org.bytedeco.dnnl.softmax_forward;
import org.bytedeco.dnnl.stream;

/** Softmax over the rows of FLOAT matrices by oneDNN; primitives are kept by shape. */
final class OneDnnSoftmax {
    private final engine engine;
    private final stream stream;
    private final Map<Key, OneDnnCall> calls = new HashMap<>();

    private record Key(int rows, int columns, boolean gradient) {
    }

    OneDnnSoftmax(engine engine, stream stream) {
        this.engine = engine;
        this.stream = stream;
    }

    private softmax_forward.primitive_desc forward(memory.desc d) {
        return new softmax_forward.primitive_desc(new softmax_forward.desc(prop_kind.forward_training, d, 1), engine);
    }

    /** See {@link Kernels#softmax}. */
    void apply(Tensor x, Tensor y, int rows, int columns) {
        calls.computeIfAbsent(new Key(rows, columns, false), k -> {
            memory.desc d = OneDnnElementwise.dense(rows, columns);
            softmax_forward.primitive_desc pd = forward(d);
            return new OneDnnCall(engine, new softmax_forward(pd), pd).input(DNNL_ARG_SRC, d).output(DNNL_ARG_DST, d);
        }).run(stream, x, y);
    }

    /** See {@link Kernels#softmaxGradient}. */
    void gradient(Tensor y, Tensor g, Tensor dx, int rows, int columns) {
        calls.computeIfAbsent(new Key(rows, columns, true), k -> {
            memory.desc d = OneDnnElementwise.dense(rows, columns);
            softmax_forward.primitive_desc hint = forward(d);
            softmax_backward.primitive_desc pd = new softmax_backward.primitive_desc(new softmax_backward.desc(d, d, 1), engine, hint);
            return new OneDnnCall(engine, new softmax_backward(pd), pd, hint).input(DNNL_ARG_DST, d).input(DNNL_ARG_DIFF_DST, d)
                .output(DNNL_ARG_DIFF_SRC, d);
        }).run(stream, y, g, dx);
    }
}
