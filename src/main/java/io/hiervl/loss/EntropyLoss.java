package io.hiervl.loss;

import io.hiervl.backend.jvm.PixelEntropyKernel;
import io.hiervl.graph.Ops;
import io.hiervl.op.Loss;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Entropy of the class distribution on strong views, mean over valid pixels (docs/paper.md 8.4). */
public final class EntropyLoss {
    private EntropyLoss() {
    }

    /** Weights (B,H,W): valid / number of valid pixels of the batch. */
    public static INDArray weights(INDArray valid) {
        return valid.div(Math.max(1, valid.sumNumber().doubleValue()));
    }

    /**
     * The scalar (1).
     *
     * @param z                  (B,K,H,W), log(S + 1e-6) / modelTemperature
     * @param weights            (B,H,W)
     * @param modelTemperature   temperature inside z
     * @param entropyTemperature temperature of the distribution whose entropy is taken; 1 gives P = S / sum S
     */
    public static SDVariable build(Ops ops, SDVariable z, SDVariable weights, double modelTemperature, double entropyTemperature) {
        return new Loss(new PixelEntropyKernel(modelTemperature / entropyTemperature)).apply(ops.sd(), z, weights);
    }
}
