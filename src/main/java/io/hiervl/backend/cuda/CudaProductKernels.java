package io.hiervl.backend.cuda;

import io.hiervl.backend.AttentionInput;
import io.hiervl.backend.ConvShape;
import io.hiervl.backend.Matmul;
import io.hiervl.backend.Operand;
import io.hiervl.backend.ProductKernels;
import io.hiervl.tensor.Activation;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Precision;
import io.hiervl.tensor.Shapes;
import io.hiervl.tensor.Tensor;

/** Matrix products, and the layers made of them, on the device. */
abstract class CudaProductKernels extends CudaNormKernels implements ProductKernels {
    private final Products products;
    private final Precision precision;

    CudaProductKernels(CudaBackend backend, Precision precision) {
        super(backend);
        this.precision = precision;
        this.products = new Products(backend, this, precision);
    }

    /** Type in which a factor that is made for products is best kept. */
    final ElementType factorType() {
        return precision == Precision.BF16 ? ElementType.BFLOAT16 : ElementType.FLOAT;
    }

    /** Whether 32-bit factors of products are rounded to TF32. */
    final boolean tf32() {
        return precision == Precision.TF32;
    }

    /** An array that several products of an op read, rounded once if they would round it. */
    final Tensor factor(Tensor a) {
        if (a.type() == factorType() || a.type() == ElementType.BFLOAT16) {
            return a;
        }
        Tensor rounded = work(factorType(), a.length()).reshape(a.shape());
        copy(a, rounded);
        return rounded;
    }

    @Override
    public void matmul(Matmul spec, Operand a, Operand b, Operand c) {
        // what a product borrows is free again for the next one
        backend.scope(() -> products.run(spec, a, b, c));
    }

    @Override
    public void linear(Tensor x, Tensor w, Tensor b, Activation activation, Tensor y) {
        int k = (int) w.size(1);
        int n = (int) w.size(0);
        int m = (int) (x.length() / k);
        matmul(Matmul.of(m, k, n).bias(b).activated(activation), Operand.matrix(x, k), Operand.transposed(w, k), Operand.matrix(y, n));
    }

    @Override
    public void linearGradient(Tensor x, Tensor w, Tensor saved, Activation activation, Tensor cotangent, Tensor dx, Tensor dw, Tensor db) {
        int k = (int) w.size(1);
        int n = (int) w.size(0);
        int m = (int) (x.length() / k);
        Tensor g = cotangent;
        Tensor factor = null;
        if (activation == Activation.RELU) {
            g = work(factorType(), (long) m * n);
            activationGradient(activation, saved, cotangent, g, m * n);
        } else if (activation != Activation.NONE) {
            g = work(ElementType.FLOAT, (long) m * n);
            factor = factorType() == ElementType.BFLOAT16 ? work(factorType(), (long) m * n) : g;
            linear(x, w, null, Activation.NONE, g);
            each("linear_bp", (long) m * n, activation.ordinal(), g, saved, cotangent, code(cotangent),
                db == null && factor != g ? null : g,
                factor == g ? null : factor, n, (long) m * n);
        }
        if (factor == null) {
            factor = dx != null && dw != null ? factor(g) : g;
        }
        if (dx != null) {
            matmul(Matmul.of(m, n, k).accumulating(backend.isSum(dx)), Operand.matrix(factor, n), Operand.matrix(w, k),
                Operand.matrix(dx, k));
        }
        if (dw != null) {
            matmul(Matmul.of(n, m, k).accumulating(backend.isSum(dw)), Operand.transposed(factor, n), Operand.matrix(x, k),
                Operand.matrix(dw, k));
        }
        if (db != null) {
            reduce(g, new long[] {m, n}, null, new long[] {1, n}, db);
        }
    }

    /** Sizes of a product of the last two axes; one matrix b may serve all of a. */
    private record Batch(int batch, int m, int k, int n, boolean transposeA, boolean transposeB, boolean shared) {
        static Batch of(Tensor a, Tensor b, boolean transposeA, boolean transposeB) {
            long[] r = Shapes.product(a.shape(), b.shape(), transposeA, transposeB);
            int m = (int) r[r.length - 2];
            int n = (int) r[r.length - 1];
            int k = (int) a.size(transposeA ? a.rank() - 2 : a.rank() - 1);
            int batch = (int) Shapes.product(r, 0, r.length - 2);
            boolean shared = b.rank() == 2;
            // rows of all matrices together make one matrix where b is the same for all
            return shared && !transposeA ? new Batch(1, batch * m, k, n, false, transposeB, true)
                : new Batch(batch, m, k, n, transposeA, transposeB, shared);
        }

        Operand a(Tensor x) {
            Operand o = new Operand(x, 0, (long) m * k, 0, transposeA ? m : k, 1);
            return transposeA ? o.transpose() : o;
        }

        Operand b(Tensor x) {
            Operand o = new Operand(x, 0, shared ? 0 : (long) k * n, 0, transposeB ? k : n, 1);
            return transposeB ? o.transpose() : o;
        }

        Operand c(Tensor x) {
            return new Operand(x, 0, (long) m * n, 0, n, 1);
        }
    }

    @Override
    public void batchedProduct(Tensor a, Tensor b, boolean transposeA, boolean transposeB, Tensor y) {
        Batch s = Batch.of(a, b, transposeA, transposeB);
        matmul(Matmul.batched(s.batch, 1, s.m, s.k, s.n), s.a(a), s.b(b), s.c(y));
    }

    @Override
    public void batchedProductGradient(Tensor a, Tensor b, boolean transposeA, boolean transposeB, Tensor cotangent, Tensor da,
                                       Tensor db) {
        Batch s = Batch.of(a, b, transposeA, transposeB);
        boolean both = da != null && db != null;
        Tensor g = both ? factor(cotangent) : cotangent;
        Operand left = s.a(a).transpose();
        if (da != null) {
            matmul(Matmul.batched(s.batch, 1, s.m, s.n, s.k), s.c(g), s.b(b).transpose(), s.a(da));
        }
        if (db != null && !s.shared) {
            matmul(Matmul.batched(s.batch, 1, s.k, s.m, s.n), left, s.c(g), s.b(db));
        }
        for (int i = 0; db != null && s.shared && i < s.batch; i++) {
            matmul(Matmul.of(s.k, s.m, s.n).accumulating(i > 0), left.at(i * left.batch0()), s.c(g).at((long) i * s.m * s.n), s.b(db));
        }
    }

    private DeviceAttention attention(AttentionInput in) {
        return DeviceAttention.of(this, AttentionSize.of(in), in.q().type(), in.keyBias(), in.mask(), in.causal());
    }

    @Override
    public void attention(AttentionInput in, Tensor y) {
        int heads = in.heads();
        attention(in).forward(heads(in.q(), heads), heads(in.k(), heads), heads(in.v(), heads), heads(y, heads));
    }

    @Override
    public void attentionGradient(AttentionInput in, Tensor g, Tensor dq, Tensor dk, Tensor dv, Tensor dKeyBias) {
        int heads = in.heads();
        attention(in).backward(heads(in.q(), heads), heads(in.k(), heads), heads(in.v(), heads), heads(g, heads), heads(dq, heads),
            heads(dk, heads), heads(dv, heads), dKeyBias);
    }

    /** Heads side by side in (B,T,D); null for null. */
    private static Operand heads(Tensor a, int heads) {
        return a == null ? null : new Operand(a, 0, a.size(1) * a.size(2), a.size(2) / heads, a.size(2), 1);
    }

    /** Heads of q (0), k (1) or v (2) in (B,T,3D). */
    private static Operand packed(Tensor qkv, int which, int heads) {
        long width = qkv.size(2) / 3;
        return new Operand(qkv, which * width, qkv.size(1) * 3 * width, width / heads, 3 * width, 1);
    }

    private DeviceAttention packed(Tensor qkv, int heads, boolean causal) {
        return DeviceAttention.of(this, AttentionSize.packed(qkv, heads), qkv.type(), null, null, causal);
    }

    @Override
    public void packedAttention(Tensor qkv, int heads, boolean causal, Tensor y) {
        packed(qkv, heads, causal).forward(packed(qkv, 0, heads), packed(qkv, 1, heads), packed(qkv, 2, heads), heads(y, heads));
    }

    @Override
    public void packedAttentionGradient(Tensor qkv, int heads, boolean causal, Tensor g, Tensor dqkv) {
        packed(qkv, heads, causal).backward(packed(qkv, 0, heads), packed(qkv, 1, heads), packed(qkv, 2, heads), heads(g, heads),
            packed(dqkv, 0, heads), packed(dqkv, 1, heads), packed(dqkv, 2, heads), null);
    }

    @Override
    public void conv2d(ConvShape s, Tensor x, Tensor w, Tensor bias, Tensor y) {
        new CudaConv(this, s).forward(x, w, bias, y);
    }

    @Override
    public void conv2dGradient(ConvShape s, Tensor x, Tensor w, Tensor g, Tensor dx, Tensor dw, Tensor db) {
        CudaConv conv = new CudaConv(this, s);
        Tensor factor = dx != null && dw != null ? factor(g) : g;
        if (dw != null) {
            conv.weightGradient(x, factor, dw);
        }
        if (dx != null) {
            conv.inputGradient(w, factor, dx);
        }
        if (db != null) {
            channelSums(g, s.batch(), s.out(), (long) s.outHeight() * s.outWidth(), db);
        }
    }

    /** target (channels) = sums of a (batch, channels, plane). */
    private void channelSums(Tensor a, long batch, long channels, long plane, Tensor target) {
        reduce(a, new long[] {batch, channels, plane}, null, new long[] {1, channels, 1}, target);
    }

    /** The four places of a block as rows (B,out 4,plane), and their way to the map (B,out,2h,2w). */
    private record UpConv(long batch, int in, int out, long h, long w) {
        static UpConv of(Tensor x, Tensor w) {
            return new UpConv(x.size(0), (int) x.size(1), (int) w.size(1), x.size(2), x.size(3));
        }

        int plane() {
            return (int) (h * w);
        }

        Operand blocks(Tensor a) {
            return new Operand(a, 0, out * 4L * plane(), 0, plane(), 1);
        }

        Operand image(Tensor a) {
            return new Operand(a, 0, (long) in * plane(), 0, plane(), 1);
        }
    }

    @Override
    public void upConv2x2(Tensor x, Tensor w, Tensor bias, Tensor y) {
        UpConv s = UpConv.of(x, w);
        Tensor blocks = work(ElementType.FLOAT, y.length());
        matmul(Matmul.batched((int) s.batch, 1, s.out * 4, s.in, s.plane()), Operand.transposed(w, s.out * 4L), s.image(x),
            s.blocks(blocks));
        long plane = s.plane();
        Structure axes =
            Structure.axes(new long[] {s.batch, s.out, s.h, 2, s.w, 2}, new long[] {4 * plane * s.out, 4 * plane, s.w, 2 * plane, 1, plane},
                new long[] {0, 1, 0, 0, 0, 0});
        each("gather_strided", y.length(), blocks, 0, bias, y, code(y), axes, y.length());
    }

    @Override
    public void upConv2x2Gradient(Tensor x, Tensor w, Tensor g, Tensor dx, Tensor dw, Tensor db) {
        UpConv s = UpConv.of(x, w);
        Tensor blocks = work(factorType(), g.length());
        strided(g, blocks, new long[] {s.batch * s.out, 2, 2, s.h, s.w}, new long[] {4L * s.plane(), 2 * s.w, 1, 4 * s.w, 2});
        Operand gs = s.blocks(blocks);
        if (dx != null) {
            matmul(Matmul.batched((int) s.batch, 1, s.in, s.out * 4, s.plane()), Operand.matrix(w, s.out * 4L), gs, s.image(dx));
        }
        for (int b = 0; b < s.batch && dw != null; b++) {
            matmul(Matmul.of(s.in, s.plane(), s.out * 4).accumulating(b > 0), s.image(x).at(b * s.image(x).batch0()),
                gs.at(b * gs.batch0()).transpose(),
                Operand.matrix(dw, s.out * 4L));
        }
        if (db != null) {
            channelSums(g, s.batch, s.out, 4L * s.plane(), db);
        }
    }
}
