package io.hiervl.op;

import io.hiervl.Content;
import io.hiervl.backend.DeformableShape;
import io.hiervl.backend.Kernels;
import io.hiervl.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Core of multi-scale deformable attention (Deformable DETR; docs/paper.md 4.1). Inputs value (B,N,D), offsets (B,Q,heads*levels*points*2)
 * in pixels of the level, weights (B,Q,heads*levels*points) before the softmax, reference (Q,2) in [0,1]; result (B,Q,D). The reference
 * points get no gradient.
 *
 * @param points per head and level
 * @param levels height and width of each level, in the order of the tokens
 */
@OpName("hiervl_deformable_attention")
public record DeformableAttention(int heads, int points, int[] levels) implements Op {
    @Override
    public long[][] shapes(long[]... in) {
        return new long[][] {{in[1][0], in[1][1], in[0][2]}};
    }

    private DeformableShape shape(Tensor[] in) {
        DeformableShape s = new DeformableShape((int) in[1].size(0), (int) in[1].size(1), (int) in[0].size(2), heads, points, levels);
        long expected = (long) s.heads() * s.samples();
        if (in[0].size(1) != s.tokens() || in[1].size(2) != 2 * expected || in[2].size(2) != expected || in[3].size(0) != s.queries()) {
            throw new IllegalArgumentException("deformable attention over levels " + Arrays.toString(levels) + ": value "
                + Arrays.toString(in[0].shape()) + ", offsets " + Arrays.toString(in[1].shape()) + ", weights "
                + Arrays.toString(in[2].shape())
                + ", reference " + Arrays.toString(in[3].shape()));
        }
        return s;
    }

    @Override
    public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
        kernels.deformableAttention(shape(in), in[0], in[1], in[2], in[3], out[0]);
    }

    @Override
    public List<SDVariable> gradient(Backward g) {
        return g.apply(new Gradient(heads, points, levels), g.input(0), g.input(1), g.input(2), g.input(3), g.cotangent(0));
    }

    /** Gradients of value, offsets and weights. */
    @OpName("hiervl_deformable_attention_bp")
    record Gradient(int heads, int points, int[] levels) implements Op {
        @Override
        public int outputs() {
            return 3;
        }

        @Override
        public long[][] shapes(long[]... in) {
            return new long[][] {in[0], in[1], in[2]};
        }

        @Override
        public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
            DeformableShape shape = new DeformableAttention(heads, points, levels).shape(in);
            kernels.deformableAttentionGradient(shape, in[0], in[1], in[2], in[3], in[4], out[0], out[1], out[2]);
        }
    }

    @Override
    public boolean equals(Object other) {
        return Content.equal(this, other);
    }

    @Override
    public int hashCode() {
        return Content.hash(this);
    }

    @Override
    public String toString() {
        return Content.text(this);
    }
}
