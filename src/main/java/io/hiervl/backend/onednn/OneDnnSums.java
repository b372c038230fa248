package io.hiervl.backend.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;

import io.hiervl.backend.Kernels;
import io.hiervl.backend.Matmul;
import io.hiervl.backend.Operand;
import io.hiervl.backend.jvm.Scratch;
import io.hiervl.backend.jvm.Slab;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Tensor;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.bytedeco.dnnl.global.dnnl.prop_kind;
import org.bytedeco.dnnl.inner_product_backward_weights;
import org.bytedeco.dnnl.inner_product_forward;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.reduction;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.ShortPointer;

/** Sums over rows and columns by oneDNN. Long sums are made of pieces that are added in double precision. */
final class OneDnnSums {
    /** Most terms that are added in single precision. */
    private static final long PIECE = 1024;
    /** From so many multiply-adds a product and sums are faster than oneDNN's gradient of a linear layer. */
    private static final double LARGE = 1e8;
    /** 1 in bfloat16. */
    private static final short ONE = 0x3F80;

    private final engine engine;
    private final stream stream;
    private final OneDnnMatmul matmul;
    private final memory.data_type factors;
    private final Map<Object, Optional<OneDnnCall>> calls = new HashMap<>();
    private final Tensor ones = ones(ElementType.FLOAT);
    private final Tensor roundedOnes = ones(ElementType.BFLOAT16);

    private record Key(String kind, long a, long b, long c, ElementType typeA, ElementType typeB) {
    }

    /**
     * @param matmul  products in 32 bits
     * @param factors type in which {@link #linearGradient} multiplies
     */
    OneDnnSums(engine engine, stream stream, OneDnnMatmul matmul, memory.data_type factors) {
        this.engine = engine;
        this.stream = stream;
        this.matmul = matmul;
        this.factors = factors;
    }

    private static Tensor ones(ElementType type) {
        Tensor ones = Tensor.onHost(type, PIECE);
        for (int i = 0; i < PIECE; i++) {
            if (type == ElementType.FLOAT) {
                new FloatPointer(Slab.pointer(ones, i)).put(1f);
            } else {
                new ShortPointer(Slab.pointer(ones, i)).put(ONE);
            }
        }
        return ones;
    }

    /** See {@link Kernels#columnSums}. */
    boolean columnSums(Tensor a, long rows, long columns, Tensor target) {
        int full = (int) (rows / PIECE);
        int rest = (int) (rows % PIECE);
        int n = (int) columns;
        if (full + (rest > 0 ? 1 : 0) == 1) {
            return sum(1, (int) rows, n, a, 0, target, 0);
        }
        Tensor parts = Scratch.get("column-sums", ElementType.FLOAT, (full + 1L) * columns);
        boolean done =
            sum(full, (int) PIECE, n, a, 0, parts, 0) && (rest == 0 || sum(1, rest, n, a, full * PIECE * columns, parts, full * columns));
        if (done) {
            double[] total = new double[n];
            double[] row = new double[n];
            Slab in = Slab.of(parts);
            for (int p = 0; p < full + (rest > 0 ? 1 : 0); p++) {
                in.get(p * n, row, 0, n);
                for (int i = 0; i < n; i++) {
                    total[i] += row[i];
                }
            }
            Slab.of(target).put(0, total, 0, n);
        }
        return done;
    }

    /** Rows of ones times matrices. */
    private boolean sum(int batch, int rows, int columns, Tensor a, long at, Tensor target, long to) {
        return matmul.run(Matmul.batched(batch, 1, 1, rows, columns),
            new Operand(a.type() == ElementType.BFLOAT16 ? roundedOnes : ones, 0, 0, 0, PIECE, 1),
            new Operand(a, at, (long) rows * columns, 0, columns, 1), new Operand(target, to, columns, 0, columns, 1));
    }

    /** See {@link Kernels#rowSums}. */
    boolean rowSums(Tensor a, long rows, long columns, Tensor target) {
        // oneDNN refuses sums of one term
        return columns > 1 && run(new Key("rows", rows, columns, 0, a.type(), a.type()), () -> {
            memory.desc from = OneDnnElementwise.dense(rows, columns);
            memory.desc to = OneDnnElementwise.dense(rows, 1);
            reduction.primitive_desc pd =
                new reduction.primitive_desc(new reduction.desc(algorithm.reduction_sum, from, to, 0f, 0f), engine);
            return pd.impl_info_str().getString().startsWith("ref") ? Optional.empty()
                : Optional.of(new OneDnnCall(engine, new reduction(pd), pd).input(DNNL_ARG_SRC, from).output(DNNL_ARG_DST, to));
        }, a, target);
    }

    /** See {@link Kernels#linearGradient}. */
    boolean linearGradient(Tensor x, Tensor g, Tensor dw, Tensor db, int m, int k, int n) {
        // 1025 x 3072 -> 768: 42 ms, a product and sums 23 ms
        return (double) m * k * n < LARGE && run(new Key("linear", m, k, n, x.type(), g.type()), () -> {
            memory.desc dx = OneDnnElementwise.dense(OneDnnCopies.type(x), m, k);
            memory.desc dy = OneDnnElementwise.dense(OneDnnCopies.type(g), m, n);
            memory.desc plain = OneDnnElementwise.dense(n, k);
            boolean rounded = factors != memory.data_type.f32;
            memory.desc wantX = rounded ? any(m, k, factors) : dx;
            memory.desc wantY = rounded ? any(m, n, factors) : dy;
            memory.desc bias = OneDnnElementwise.dense(n);
            inner_product_forward.primitive_desc hint = new inner_product_forward.primitive_desc(
                new inner_product_forward.desc(prop_kind.forward_training, wantX, any(n, k, factors), bias, wantY), engine);
            inner_product_backward_weights.primitive_desc pd = new inner_product_backward_weights.primitive_desc(
                new inner_product_backward_weights.desc(wantX, any(n, k, memory.data_type.f32), bias, wantY), engine, hint);
            return Optional
                .of(new OneDnnCall(engine, new inner_product_backward_weights(pd), pd, hint).input(DNNL_ARG_SRC, dx, pd.src_desc())
                    .input(DNNL_ARG_DIFF_DST, dy, pd.diff_dst_desc()).output(DNNL_ARG_DIFF_WEIGHTS, plain, pd.diff_weights_desc())
                    .output(DNNL_ARG_DIFF_BIAS, bias));
        }, x, g, dw, db);
    }

    private static memory.desc any(long rows, long columns, memory.data_type type) {
        return new memory.desc(new long[] {rows, columns}, type, memory.format_tag.any);
    }

    private boolean run(Key key, Supplier<Optional<OneDnnCall>> create, Tensor... operands) {
        OneDnnCall call = calls.computeIfAbsent(key, k -> create.get()).orElse(null);
        if (call == null) {
            return false;
        }
        call.run(stream, operands);
        return true;
    }
}
