package io.hiervl.backend.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;

import io.hiervl.backend.Matmul;
import io.hiervl.backend.Operand;
import io.hiervl.backend.jvm.Slab;
import io.hiervl.tensor.Activation;
import io.hiervl.tensor.ElementType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.bytedeco.dnnl.global.dnnl.prop_kind;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.Pointer;

/**
 * Products of dense rows with a matrix of weights as 1x1 convolutions, for CPUs without AVX-512. There oneDNN's product transposes or
 * copies both factors for every part of the result. Its convolution reads the rows as they lie, and the weights in blocks of 8 by 8,
 * which are made at every call: 1 % of the time, and nothing has to know whether the weights have changed.
 */
final class OneDnnLinear {
    /** Fewer rows do not pay for the blocks. */
    private static final int ROWS = 64;
    /** Lengths that the convolution's kernels divide. */
    private static final int BLOCK = 8;

    private record Key(int m, int k, int n, boolean bias, Activation activation, boolean accumulate, long row, long column) {
    }

    private final engine engine;
    private final stream stream;
    private final Map<Key, Optional<OneDnnCall>> calls = new HashMap<>();

    OneDnnLinear(engine engine, stream stream) {
        this.engine = engine;
        this.stream = stream;
    }

    private static boolean fits(Matmul s, Operand a, Operand b, Operand c) {
        return s.batch0() * s.batch1() == 1 && s.alpha() == 1 && s.add() == null && s.m() >= ROWS
            && s.k() % BLOCK == 0 && s.n() % BLOCK == 0 && dense(a, s.k()) && dense(c, s.n()) && b.array().type() == ElementType.FLOAT
            && (b.column() == 1 && b.row() == s.n() || b.row() == 1 && b.column() == s.k());
    }

    private static boolean dense(Operand o, int columns) {
        return o.array().type() == ElementType.FLOAT && o.column() == 1 && o.row() == columns;
    }

    /** False if this is no product for a convolution. */
    boolean run(Matmul s, Operand a, Operand b, Operand c) {
        if (!fits(s, a, b, c)) {
            return false;
        }
        Key key = new Key(s.m(), s.k(), s.n(), s.bias() != null, s.activation(), s.accumulate(), b.row(), b.column());
        OneDnnCall call = calls.computeIfAbsent(key, x -> create(s, b)).orElse(null);
        if (call == null) {
            return false;
        }
        List<Pointer> operands = new ArrayList<>(List.of(pointer(a), pointer(b), pointer(c)));
        if (s.bias() != null) {
            operands.add(Slab.pointer(s.bias(), 0));
        }
        call.run(stream, operands.toArray(new Pointer[0]));
        return true;
    }

    private static Pointer pointer(Operand o) {
        return Slab.pointer(o.array(), o.offset());
    }

    /** Rows as pixels of one line, columns as channels. */
    private static memory.desc pixels(int rows, int columns) {
        return new memory.desc(new long[] {1, columns, 1, rows}, memory.data_type.f32, memory.format_tag.nhwc);
    }

    private Optional<OneDnnCall> create(Matmul s, Operand b) {
        long[] weights = {s.n(), s.k(), 1, 1};
        memory.desc x = pixels(s.m(), s.k());
        memory.desc y = pixels(s.m(), s.n());
        memory.desc plain = new memory.desc(weights, memory.data_type.f32, new long[] {b.column(), b.row(), 1, 1});
        memory.desc blocked = new memory.desc(weights, memory.data_type.f32, memory.format_tag.any);
        memory.desc bias = new memory.desc(new long[] {s.n()}, memory.data_type.f32, memory.format_tag.a);
        long[] one = {1, 1};
        long[] none = {0, 0};
        post_ops post = new post_ops();
        if (s.accumulate()) {
            post.append_sum();
        }
        if (s.activation() != Activation.NONE) {
            post.append_eltwise(1f, OneDnnActivation.algorithm(s.activation()), OneDnnActivation.alpha(s.activation()), 0f);
        }
        primitive_attr attr = new primitive_attr();
        attr.set_post_ops(post);
        try {
            convolution_forward.desc desc = s.bias() == null
                ? new convolution_forward.desc(prop_kind.forward_inference, algorithm.convolution_direct, x, blocked, y, one, none, none)
                : new convolution_forward.desc(prop_kind.forward_inference, algorithm.convolution_direct, x, blocked, bias, y, one, none,
                    none);
            convolution_forward.primitive_desc pd = new convolution_forward.primitive_desc(desc, attr, engine);
            String implementation = pd.impl_info_str().getString();
            if (implementation.startsWith("ref") || implementation.startsWith("gemm")) {
                return Optional.empty();
            }
            OneDnnCall call = new OneDnnCall(engine, new convolution_forward(pd), pd, attr, post).input(DNNL_ARG_SRC, x)
                .input(DNNL_ARG_WEIGHTS, plain, pd.weights_desc()).output(DNNL_ARG_DST, y);
            return Optional.of(s.bias() == null ? call : call.input(DNNL_ARG_BIAS, bias));
        } catch (RuntimeException e) {
            // oneDNN refuses combinations that it does not implement
            return Optional.empty();
        }
    }
}
