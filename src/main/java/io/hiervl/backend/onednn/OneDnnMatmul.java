package io.hiervl.backend.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC_1;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;

import io.hiervl.backend.Matmul;
import io.hiervl.backend.Operand;
import io.hiervl.backend.jvm.Slab;
import io.hiervl.tensor.Activation;
import io.hiervl.tensor.ElementType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.Pointer;

/**
 * Matrix products by oneDNN on strided operands; primitives are kept by shape. In bfloat16 both factors are rounded on the
 * way in, products are added up and returned in 32 bits.
 */
final class OneDnnMatmul {
    /** Below this many multiply-adds a reordering of the operands does not pay. */
    private static final double REORDER = 4e6;

    private record Key(int b0, int b1, int m, int k, int n, double alpha, boolean bias, Activation activation, boolean accumulate,
        List<ElementType> types, List<Long> strides) {
    }

    private final engine engine;
    private final stream stream;
    private final memory.data_type factors;
    private final Map<Key, Optional<OneDnnCall>> calls = new HashMap<>();

    /** @param factors type in which the two factors are multiplied: f32 or bf16 */
    OneDnnMatmul(engine engine, stream stream, memory.data_type factors) {
        this.engine = engine;
        this.stream = stream;
        this.factors = factors;
    }

    /** False if oneDNN has nothing fast for these operands. */
    boolean run(Matmul s, Operand a, Operand b, Operand c) {
        if (c.column() != 1) {
            if (c.row() != 1 || s.bias() != null) {
                return false;
            }
            // C^T = B^T A^T
            Operand add = s.add() == null ? null : s.add().transpose();
            Matmul swapped = new Matmul(s.batch0(), s.batch1(), s.n(), s.k(), s.m(), s.alpha(), null, add, s.activation(), s.accumulate());
            return run(swapped, b.transpose(), a.transpose(), c.transpose());
        }
        if (s.bias() != null && s.alpha() != 1) {
            return false;
        }
        List<Long> strides = new ArrayList<>();
        for (Operand o : s.add() == null ? new Operand[] {a, b, c} : new Operand[] {a, b, c, s.add()}) {
            strides.addAll(List.of(o.batch0(), o.batch1(), o.row(), o.column()));
        }
        Key key = new Key(s.batch0(), s.batch1(), s.m(), s.k(), s.n(), s.alpha(), s.bias() != null, s.activation(), s.accumulate(),
            List.of(a.array().type(), b.array().type(), c.array().type()), strides);
        OneDnnCall call = calls.computeIfAbsent(key, x -> create(s, a, b, c)).orElse(null);
        if (call == null) {
            return false;
        }
        List<Pointer> operands = new ArrayList<>(List.of(pointer(a), pointer(b), pointer(c)));
        if (s.bias() != null) {
            operands.add(Slab.pointer(s.bias(), 0));
        }
        if (s.add() != null) {
            operands.add(pointer(s.add()));
        }
        call.run(stream, operands.toArray(new Pointer[0]));
        return true;
    }

    private static Pointer pointer(Operand o) {
        return Slab.pointer(o.array(), o.offset());
    }

    /**
     * Lengths without batch axes of length 1; an axis along which the operand repeats has length 1. With something to add
     * to several matrices of an image both axes stay: oneDNN adds (B,1,m,n) and (B,1,1,n) to (B,H,m,n), but not (1,m,n) to (H,m,n).
     */
    private static long[][] layout(Matmul s, Operand o, int rows, int columns) {
        long[] dims = {s.batch0(), s.batch1(), rows, columns};
        long[] strides = {o.batch0(), o.batch1(), o.row(), o.column()};
        int skip = 0;
        while (skip < 2 && dims[skip] == 1 && (s.add() == null || s.batch1() == 1)) {
            skip++;
        }
        if (skip == 0 && s.batch1() == 1) {
            dims = new long[] {dims[0], rows, columns};
            strides = new long[] {strides[0], o.row(), o.column()};
        } else {
            dims = Arrays.copyOfRange(dims, skip, 4);
            strides = Arrays.copyOfRange(strides, skip, 4);
        }
        for (int i = 0; i < dims.length; i++) {
            if (strides[i] == 0) {
                dims[i] = 1;
            }
            if (dims[i] == 1) {
                // irrelevant, but zero would not be accepted
                strides[i] = Math.max(1, strides[i]);
            }
        }
        int last = dims.length - 1;
        if (strides[last] == 1) {
            // also a single row must be at least as long as its columns
            strides[last - 1] = dims[last - 1] == 1 ? Math.max(strides[last - 1], dims[last]) : strides[last - 1];
        }
        return new long[][] {dims, strides};
    }

    /** An operand as it lies; a factor may have been rounded before, a result may have to be. */
    private static memory.desc desc(long[][] layout, Operand o) {
        return new memory.desc(layout[0], OneDnnCopies.type(o.array()), layout[1]);
    }

    private static boolean isRounded(Operand o) {
        return o.array().type() == ElementType.BFLOAT16;
    }

    /**
     * Without gaps, in the order in which it lies: rounding streams through memory, and the product copies blocks of either
     * order faster than oneDNN's own choice of layout is made (half the time for P^T in the backward pass of attention).
     */
    private memory.desc rounded(long[][] layout, Operand o) {
        long[] dims = layout[0];
        int row = dims.length - 2;
        int column = dims.length - 1;
        boolean transposed = o.column() != 1;
        long[] strides = new long[dims.length];
        strides[column] = transposed ? dims[row] : 1;
        strides[row] = transposed ? 1 : dims[column];
        long size = dims[row] * dims[column];
        for (int i = row - 1; i >= 0; i--) {
            strides[i] = size;
            size *= dims[i];
        }
        return new memory.desc(dims, factors, strides);
    }

    private Optional<OneDnnCall> create(Matmul s, Operand a, Operand b, Operand c) {
        long[][] la = layout(s, a, s.m(), s.k());
        long[][] lb = layout(s, b, s.k(), s.n());
        memory.desc da = desc(la, a);
        memory.desc db = desc(lb, b);
        memory.desc dc = desc(layout(s, c, s.m(), s.n()), c);
        boolean single = s.batch0() * s.batch1() == 1;
        boolean reorder = single && (double) s.m() * s.k() * s.n() >= REORDER && s.m() >= 32;
        boolean rounded = factors != memory.data_type.f32;
        memory.desc wantA = isRounded(a) ? da
            : rounded ? rounded(la, a) : reorder && a.column() != 1 ? new memory.desc(la[0], factors, memory.format_tag.any) : da;
        memory.desc wantB =
            isRounded(b) ? db : rounded ? rounded(lb, b) : reorder ? new memory.desc(lb[0], factors, memory.format_tag.any) : db;
        long[] biasDims = new long[la[0].length];
        Arrays.fill(biasDims, 1);
        biasDims[biasDims.length - 1] = s.n();
        long[] biasStrides = new long[biasDims.length];
        Arrays.fill(biasStrides, s.n());
        biasStrides[biasDims.length - 1] = 1;
        memory.desc dBias = new memory.desc(biasDims, memory.data_type.f32, biasStrides);
        memory.desc dAdd = s.add() == null ? null : desc(layout(s, s.add(), s.m(), s.n()), s.add());
        primitive_attr attr = new primitive_attr();
        if (s.alpha() != 1) {
            attr.set_output_scales(0, new float[] {(float) s.alpha()});
        }
        post_ops post = new post_ops();
        if (s.accumulate()) {
            post.append_sum();
        }
        if (dAdd != null) {
            post.append_binary(algorithm.binary_add, dAdd);
        }
        if (s.activation() != Activation.NONE) {
            post.append_eltwise(1f, OneDnnActivation.algorithm(s.activation()), OneDnnActivation.alpha(s.activation()), 0f);
        }
        attr.set_post_ops(post);
        try {
            matmul.desc md = s.bias() == null ? new matmul.desc(wantA, wantB, dc) : new matmul.desc(wantA, wantB, dBias, dc);
            matmul.primitive_desc pd = new matmul.primitive_desc(md, attr, engine);
            if (pd.impl_info_str().getString().startsWith("ref")) {
                return Optional.empty();
            }
            OneDnnCall call = new OneDnnCall(engine, new matmul(pd), pd, md, attr, post)
                .input(DNNL_ARG_SRC, da, pd.src_desc()).input(DNNL_ARG_WEIGHTS, db, pd.weights_desc()).output(DNNL_ARG_DST, dc);
            if (s.bias() != null) {
                call.input(DNNL_ARG_BIAS, dBias);
            }
            if (dAdd != null) {
                // position 0: accumulation and addition exclude each other
                call.input(DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE | DNNL_ARG_SRC_1, dAdd);
            }
            return Optional.of(call);
        } catch (RuntimeException e) {
            // oneDNN refuses combinations that it does not implement
            return Optional.empty();
        }
    }
}
