package io.hiervl.op;

import io.hiervl.op.kernel.Interpolation;
import io.hiervl.op.kernel.Resizer;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Mask2Former's attention mask: mask logits (B,Q,h,w) resized bilinearly, 1 where the value is at least 0, a row without
 * any 1 set to all 1; result (B,Q,height*width). Not differentiated.
 */
public final class AttentionMask extends JavaOp {
    public AttentionMask() {
    }

    /** Mask at height x width for the logits. */
    public AttentionMask(SameDiff sd, SDVariable logits, int height, int width) {
        super(sd, logits);
        addIArgument(height, width);
    }

    /** The mask as a variable of the logits' type. */
    public static SDVariable of(SameDiff sd, SDVariable logits, int height, int width) {
        return new AttentionMask(sd, logits, height, width).outputVariable();
    }

    @Override
    public String opName() {
        return "hiervl_attention_mask";
    }

    @Override
    public int getNumOutputs() {
        return 1;
    }

    @Override
    public long[][] outputShapes(INDArray[] in) {
        return new long[][] {{in[0].size(0), in[0].size(1), (long) intArg(0) * intArg(1)}};
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        Resizer.of((int) in[0].size(2), (int) in[0].size(3), intArg(0), intArg(1), Interpolation.BILINEAR)
            .attentionMask(in[0], out[0]);
    }

    /** Zero: the mask is constant almost everywhere. */
    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(new StopGradient.Zeros(sameDiff, arg(0)).outputVariable());
    }
}
