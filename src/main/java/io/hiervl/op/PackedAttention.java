package io.hiervl.op;

import io.hiervl.backend.Kernels;
import io.hiervl.tensor.Precision;
import io.hiervl.tensor.Shapes;
import io.hiervl.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;

/** Multi-head attention of tokens to themselves: q, k and v side by side (B,T,3D), the result is (B,T,D). */
@OpName("hiervl_packed_attention")
public record PackedAttention(int heads, boolean causal, Precision precision) implements Op {
    @Override
    public long[][] shapes(long[]... in) {
        long[] s = in[0];
        if (s.length != 3 || s[2] % (3L * heads) != 0) {
            throw new IllegalArgumentException("packed attention of " + Arrays.toString(s) + " with " + heads + " heads");
        }
        return new long[][] {{s[0], s[1], s[2] / 3}};
    }

    @Override
    public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
        kernels.packedAttention(in[0], heads, causal, out[0]);
    }

    @Override
    public boolean readsRounded(int input) {
        return precision == Precision.BF16;
    }

    @Override
    public boolean writesRounded(int output) {
        return precision == Precision.BF16;
    }

    /** One product of queries and keys. */
    private static double product(long[][] in) {
        return 2.0 * Shapes.product(in[0]) / 3 * in[0][1];
    }

    @Override
    public double flops(long[][] in, boolean[] wanted) {
        return 2 * product(in);
    }

    @Override
    public List<SDVariable> gradient(Backward g) {
        return g.apply(new Gradient(heads, causal, precision), g.input(0), g.cotangent(0));
    }

    /** Gradient of q, k and v. */
    @OpName("hiervl_packed_attention_bp")
    public record Gradient(int heads, boolean causal, Precision precision) implements Op {
        @Override
        public long[][] shapes(long[]... in) {
            return new long[][] {in[0]};
        }

        @Override
        public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
            kernels.packedAttentionGradient(in[0], heads, causal, in[1], out[0]);
        }

        @Override
        public boolean readsRounded(int input) {
            return precision == Precision.BF16;
        }

        @Override
        public boolean writesRounded(int output) {
            return precision == Precision.BF16;
        }

        /** The scores again and four gradients. */
        @Override
        public double flops(long[][] in, boolean[] wanted) {
            return 5 * product(in);
        }
    }
}
