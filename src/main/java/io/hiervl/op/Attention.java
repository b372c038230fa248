package io.hiervl.op;

import io.hiervl.backend.AttentionInput;
import io.hiervl.backend.Kernels;
import io.hiervl.tensor.Precision;
import io.hiervl.tensor.Shapes;
import io.hiervl.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Multi-head attention without projections: q (B,Tq,D), k and v (B,Tk,D), optionally a differentiable key bias (B,Tk) and a 0/1 mask
 * (B,Tq,Tk); the result is (B,Tq,D). Scale 1/sqrt(D/heads).
 */
@OpName("hiervl_attention")
public record Attention(int heads, boolean keyBias, boolean mask, boolean causal, Precision precision) implements Op {
    @Override
    public long[][] shapes(long[]... in) {
        long[] q = in[0];
        long[] k = in[1];
        if (q.length != 3 || k.length != 3 || q[0] != k[0] || q[2] != k[2] || !Arrays.equals(k, in[2])) {
            throw new IllegalArgumentException("attention of " + Arrays.toString(q) + " to keys " + Arrays.toString(k) + " and values "
                + Arrays.toString(in[2]));
        }
        return new long[][] {q.clone()};
    }

    private AttentionInput input(Tensor[] in) {
        return new AttentionInput(in[0], in[1], in[2], heads, keyBias ? in[3] : null, mask ? in[keyBias ? 4 : 3] : null, causal);
    }

    @Override
    public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
        kernels.attention(input(in), out[0]);
    }

    @Override
    public boolean readsRounded(int input) {
        return input < 3 && precision == Precision.BF16;
    }

    @Override
    public boolean writesRounded(int output) {
        return precision == Precision.BF16;
    }

    /** One product of queries and keys. */
    private static double product(long[][] in) {
        return 2.0 * Shapes.product(in[0]) * in[1][1];
    }

    @Override
    public double flops(long[][] in, boolean[] wanted) {
        return 2 * product(in);
    }

    @Override
    public List<SDVariable> gradient(Backward g) {
        List<SDVariable> in = new ArrayList<>(Arrays.asList(g.inputs()));
        in.add(g.cotangent(0));
        List<SDVariable> gradients =
            new ArrayList<>(g.apply(new Gradient(heads, keyBias, mask, causal, precision), in.toArray(new SDVariable[0])));
        if (mask) {
            gradients.add(g.zeros(g.input(keyBias ? 4 : 3)));
        }
        return gradients;
    }

    /** Gradients of q, k, v and the key bias if there is one. Inputs as of the op, and the cotangent. */
    @OpName("hiervl_attention_bp")
    record Gradient(int heads, boolean keyBias, boolean mask, boolean causal, Precision precision) implements Op {
        @Override
        public int outputs() {
            return keyBias ? 4 : 3;
        }

        @Override
        public long[][] shapes(long[]... in) {
            return Arrays.copyOf(in, outputs());
        }

        @Override
        public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
            kernels.attentionGradient(new Attention(heads, keyBias, mask, causal, precision).input(in), in[in.length - 1], out[0], out[1],
                out[2],
                keyBias ? out[3] : null);
        }

        @Override
        public boolean readsRounded(int input) {
            int cotangent = 3 + (keyBias ? 1 : 0) + (mask ? 1 : 0);
            return (input < 3 || input == cotangent) && precision == Precision.BF16;
        }

        @Override
        public boolean writesRounded(int output) {
            return output < 3 && precision == Precision.BF16;
        }

        /** The scores again and four gradients. */
        @Override
        public double flops(long[][] in, boolean[] wanted) {
            return 5 * product(in);
        }
    }
}
