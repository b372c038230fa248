package io.hiervl.loss;

import io.hiervl.Content;
import io.hiervl.backend.choice.Backends;
import io.hiervl.tensor.Nd4jTensors;
import io.hiervl.tensor.Precision;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What the network believes about weak views (docs/paper.md 6.4, 8.3).
 *
 * @param confidence (B,H,W), largest probability
 * @param labels     (B,H,W), its class, the lowest on ties
 */
public record PseudoLabels(INDArray confidence, INDArray labels) {
    /** From scores z (B,K,H,W), whose softmax is the distribution. */
    public static PseudoLabels of(INDArray z) {
        long[] shape = {z.size(0), z.size(2), z.size(3)};
        INDArray confidence = Nd4j.createUninitialized(z.dataType(), shape);
        INDArray labels = Nd4j.createUninitialized(z.dataType(), shape);
        Backends.host().kernels(Nd4jTensors.type(z.dataType()), Precision.FP32).bestClasses(Nd4jTensors.of(z), Nd4jTensors.of(confidence),
            Nd4jTensors.of(labels));
        return new PseudoLabels(confidence, labels);
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
