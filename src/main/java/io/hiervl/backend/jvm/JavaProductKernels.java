package io.hiervl.backend.jvm;

import io.hiervl.backend.AttentionInput;
import io.hiervl.backend.ConvShape;
import io.hiervl.backend.Matmul;
import io.hiervl.backend.Operand;
import io.hiervl.backend.ProductKernels;
import io.hiervl.tensor.Activation;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Tensor;

/** Products and what is made of them, over one primitive: {@link #matmul}. Kernels with a faster one inherit the rest. */
abstract class JavaProductKernels extends JavaNormKernels implements ProductKernels {
    @Override
    public void matmul(Matmul spec, Operand a, Operand b, Operand c) {
        JavaMatmul.run(spec, a, b, c);
    }

    /** The kernels that serve the calling thread; inside a {@linkplain Parallel#lanes lane} others than outside. */
    protected JavaProductKernels ofThread() {
        return this;
    }

    /** Whether a long left factor that lies transposed costs nothing; else its product is made as the transposed one of the transposed. */
    protected boolean readsTransposedFactors() {
        return true;
    }

    /** Type in which factors of these products are rounded, {@code full}'s where nothing is. */
    public ElementType factorType(Tensor full) {
        return full.type();
    }

    /**
     * An array for several products that share it as a factor: itself, or its first elements in the type in which these
     * kernels multiply, in working memory that lasts until the slot is asked for again.
     */
    public Tensor factor(Tensor a, long length, String slot) {
        return a;
    }

    /**
     * Matrices for several products that share them as a factor: themselves, or without gaps and in the type in which these
     * kernels multiply, in working memory that lasts until the slot is asked for again.
     */
    public Operand packed(Operand o, int batch0, int batch1, int rows, int columns, String slot) {
        return o;
    }

    /** Copies matrices, changing their places and, between 32 bits and bfloat16, their type. */
    public void copy(Operand from, Operand to, int batch0, int batch1, int rows, int columns) {
        Slab in = Slab.of(from.array());
        Slab out = Slab.of(to.array());
        for (int i = 0; i < batch0 * batch1; i++) {
            Operand a = from.at(i / batch1 * from.batch0() + i % batch1 * from.batch1());
            Operand b = to.at(i / batch1 * to.batch0() + i % batch1 * to.batch1());
            for (int r = 0; r < rows; r++) {
                for (int c = 0; c < columns; c++) {
                    out.put(b.index(r, c), in.get(a.index(r, c)));
                }
            }
        }
    }

    @Override
    public void linear(Tensor x, Tensor w, Tensor b, Activation activation, Tensor y) {
        LinearLayer.forward(this, x, w, b, activation, y);
    }

    @Override
    public void linearGradient(Tensor x, Tensor w, Tensor saved, Activation activation, Tensor g, Tensor dx, Tensor dw, Tensor db) {
        LinearLayer.backward(this, x, w, saved, activation, g, dx, dw, db);
    }

    /**
     * Gradients of w (n,k) and b (n) of a linear layer from x (m,k) and g (m,n); each may be null.
     *
     * @param factor g as a {@linkplain #factor factor}
     */
    protected void weightGradient(Tensor x, Tensor g, Tensor factor, Tensor dw, Tensor db, int m, int k, int n) {
        if (dw != null) {
            matmul(Matmul.of(n, m, k), Operand.transposed(factor, n), Operand.matrix(x, k), Operand.matrix(dw, k));
        }
        if (db != null) {
            columnSums(g, m, n, db);
        }
    }

    @Override
    public void batchedProduct(Tensor a, Tensor b, boolean transposeA, boolean transposeB, Tensor y) {
        BatchedProduct.of(a, b, transposeA, transposeB).forward(this, a, b, y);
    }

    @Override
    public void batchedProductGradient(Tensor a, Tensor b, boolean transposeA, boolean transposeB, Tensor g, Tensor da, Tensor db) {
        BatchedProduct.of(a, b, transposeA, transposeB).backward(this, a, b, g, da, db);
    }

    @Override
    public void attention(AttentionInput in, Tensor y) {
        AttentionCore.of(this, in).forward(Heads.of(in.q(), in.heads()), Heads.of(in.k(), in.heads()), Heads.of(in.v(), in.heads()),
            Heads.of(y, in.heads()));
    }

    @Override
    public void attentionGradient(AttentionInput in, Tensor g, Tensor dq, Tensor dk, Tensor dv, Tensor dKeyBias) {
        int heads = in.heads();
        AttentionCore.of(this, in).backward(Heads.of(in.q(), heads), Heads.of(in.k(), heads), Heads.of(in.v(), heads), Heads.of(g, heads),
            Heads.of(dq, heads), Heads.of(dk, heads), Heads.of(dv, heads), dKeyBias);
    }

    @Override
    public void packedAttention(Tensor qkv, int heads, boolean causal, Tensor y) {
        AttentionCore.packed(this, qkv, heads, causal).forward(Heads.packed(qkv, 0, heads), Heads.packed(qkv, 1, heads),
            Heads.packed(qkv, 2, heads),
            Heads.of(y, heads));
    }

    @Override
    public void packedAttentionGradient(Tensor qkv, int heads, boolean causal, Tensor g, Tensor dqkv) {
        AttentionCore.packed(this, qkv, heads, causal).backward(Heads.packed(qkv, 0, heads), Heads.packed(qkv, 1, heads),
            Heads.packed(qkv, 2, heads),
            Heads.of(g, heads), Heads.packed(dqkv, 0, heads), Heads.packed(dqkv, 1, heads), Heads.packed(dqkv, 2, heads), null);
    }

    @Override
    public void conv2d(ConvShape s, Tensor x, Tensor w, Tensor bias, Tensor y) {
        JavaConv.forward(this, s, x, w, y);
        if (bias != null) {
            zip(ElementOp.ADD, y, bias, y, new long[] {s.batch(), s.out(), (long) s.outHeight() * s.outWidth()},
                new boolean[] {true, false, true});
        }
    }

    @Override
    public void conv2dGradient(ConvShape s, Tensor x, Tensor w, Tensor g, Tensor dx, Tensor dw, Tensor db) {
        if (dw != null) {
            JavaConv.weightGradient(this, s, x, g, dw);
        }
        if (dx != null) {
            JavaConv.inputGradient(this, s, w, g, dx);
        }
        if (db != null) {
            channelSums(g, s.batch(), s.out(), s.outHeight() * s.outWidth(), db);
        }
    }

    @Override
    public void upConv2x2(Tensor x, Tensor w, Tensor bias, Tensor y) {
        UpConv.of(x, w).forward(this, x, w, bias, y);
    }

    @Override
    public void upConv2x2Gradient(Tensor x, Tensor w, Tensor g, Tensor dx, Tensor dw, Tensor db) {
        UpConv.of(x, w).backward(this, x, w, g, dx, dw, db);
    }
}
