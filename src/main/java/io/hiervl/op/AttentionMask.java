package io.hiervl.op;

import io.hiervl.backend.Kernels;
import io.hiervl.tensor.Tensor;
import java.util.List;
import java.util.Set;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Mask2Former's attention mask: mask logits (B,Q,h,w) resized bilinearly, 1 where the value is at least 0, a row without any 1 set to all
 * 1; result (B,Q,height*width). Not differentiated.
 */
@OpName("hiervl_attention_mask")
public record AttentionMask(int height, int width) implements Op {
    @Override
    public long[][] shapes(long[]... in) {
        return new long[][] {{in[0][0], in[0][1], (long) height * width}};
    }

    @Override
    public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
        kernels.attentionMask(in[0], height, width, out[0]);
    }

    @Override
    public Set<Trait> traits() {
        return Set.of(Trait.CUT);
    }

    /** Zero: the mask is constant almost everywhere. */
    @Override
    public List<SDVariable> gradient(Backward g) {
        return List.of(g.zeros(g.input(0)));
    }
}
