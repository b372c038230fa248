package io.hiervl.backend.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_FROM;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC_0;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC_1;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_TO;

import io.hiervl.backend.jvm.ElementOp;
import io.hiervl.tensor.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.bytedeco.dnnl.binary;
import org.bytedeco.dnnl.eltwise_forward;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.bytedeco.dnnl.global.dnnl.prop_kind;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.stream;

/** Arithmetic, functions and changes of layout by oneDNN; what it has only a slow reference for is refused. */
final class OneDnnElementwise {
    /**
     * Functions of {@link #map}.
     *
     * @param kind   what
     * @param factor of LINEAR: factor x + offset
     * @param offset of LINEAR
     */
    record Function(Kind kind, double factor, double offset) {
        enum Kind { LINEAR, EXP, LOG }

        static final Function EXP = new Function(Kind.EXP, 0, 0);
        static final Function LOG = new Function(Kind.LOG, 0, 0);

        static Function linear(double factor, double offset) {
            return new Function(Kind.LINEAR, factor, offset);
        }
    }

    private record Key(Object kind, List<Long> dims, List<Long> more) {
    }

    private final engine engine;
    private final stream stream;
    private final Map<Key, Optional<OneDnnCall>> calls = new HashMap<>();

    OneDnnElementwise(engine engine, stream stream) {
        this.engine = engine;
        this.stream = stream;
    }

    private static List<Long> list(long... values) {
        return Arrays.stream(values).boxed().toList();
    }

    /** A dense array of 32 bits in c order. */
    static memory.desc dense(long... dims) {
        return dense(memory.data_type.f32, dims);
    }

    /** A dense array in c order. */
    static memory.desc dense(memory.data_type type, long... dims) {
        long[] strides = new long[dims.length];
        long step = 1;
        for (int i = dims.length - 1; i >= 0; i--) {
            strides[i] = step;
            step *= dims[i];
        }
        return new memory.desc(dims, type, strides);
    }

    private boolean run(Key key, Supplier<Optional<OneDnnCall>> create, Tensor... operands) {
        OneDnnCall call = calls.computeIfAbsent(key, k -> {
            try {
                return create.get();
            } catch (RuntimeException e) {
                // oneDNN refuses what it does not implement
                return Optional.empty();
            }
        }).orElse(null);
        if (call == null) {
            return false;
        }
        call.run(stream, operands);
        return true;
    }

    /** See {@link Kernels#zip}. */
    boolean zip(ElementOp op, Tensor a, Tensor b, Tensor y, long[] dims, boolean[] repeats) {
        long[] small = dims.clone();
        for (int i = 0; i < small.length; i++) {
            small[i] = repeats[i] ? 1 : small[i];
        }
        return run(new Key(op, list(dims), list(small)), () -> {
            memory.desc d = dense(dims);
            memory.desc s = dense(small);
            binary.primitive_desc pd = new binary.primitive_desc(new binary.desc(algorithm(op), d, s, d), engine);
            return fast(pd.impl_info_str().getString()) ? Optional.of(new OneDnnCall(engine, new binary(pd), pd)
                .input(DNNL_ARG_SRC_0, d).input(DNNL_ARG_SRC_1, s).output(DNNL_ARG_DST, d)) : Optional.empty();
        }, a, b, y);
    }

    private static boolean fast(String implementation) {
        return !implementation.startsWith("ref");
    }

    private static algorithm algorithm(ElementOp op) {
        return switch (op) {
            case ADD -> algorithm.binary_add;
            case SUBTRACT -> algorithm.binary_sub;
            case MULTIPLY -> algorithm.binary_mul;
            case DIVIDE -> algorithm.binary_div;
        };
    }

    /** See {@link Kernels#map}. */
    boolean map(Function f, Tensor x, Tensor y, long length) {
        return run(new Key(f, list(length), List.of()), () -> {
            memory.desc d = dense(length);
            algorithm kind = switch (f.kind()) {
                case LINEAR -> algorithm.eltwise_linear;
                case EXP -> algorithm.eltwise_exp;
                case LOG -> algorithm.eltwise_log;
            };
            eltwise_forward.primitive_desc pd = new eltwise_forward.primitive_desc(
                new eltwise_forward.desc(prop_kind.forward_inference, kind, d, (float) f.factor(), (float) f.offset()), engine);
            return Optional.of(new OneDnnCall(engine, new eltwise_forward(pd), pd).input(DNNL_ARG_SRC, d).output(DNNL_ARG_DST, d));
        }, x, y);
    }

    /** See {@link Kernels#permute}. */
    boolean permute(Tensor x, Tensor y, long[] shape, long[] step) {
        return run(new Key("permute", list(shape), list(step)), () -> {
            memory.desc from = new memory.desc(shape, memory.data_type.f32, step);
            memory.desc to = dense(shape);
            reorder.primitive_desc pd = new reorder.primitive_desc(engine, from, engine, to);
            return Optional.of(new OneDnnCall(engine, new reorder(pd), pd).input(DNNL_ARG_FROM, from).output(DNNL_ARG_TO, to));
        }, x, y);
    }
}
