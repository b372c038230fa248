package io.hiervl.backend.jvm;

import io.hiervl.backend.HostMath;
import io.hiervl.backend.LossKernel;
import io.hiervl.tensor.Staging;
import io.hiervl.tensor.Tensor;

/**
 * Equation 3: learnt embeddings keep the similarities of the fixed ones. Inputs t (K,C), clip (K,C).
 *
 * @param factor of the whole
 */
public record PromptTopologyKernel(double factor) implements LossKernel {
    @Override
    public String name() {
        return "prompt_topology";
    }

    @Override
    public int losses() {
        return 1;
    }

    @Override
    public int differentiable() {
        return 1;
    }

    @Override
    public double[] forward(HostMath math, Tensor[] in) {
        return new double[] {pass(in, 0, null)};
    }

    @Override
    public void backward(HostMath math, Tensor[] in, double[] cotangent, Tensor[] gradients) {
        pass(in, cotangent[0], gradients[0]);
    }

    private double pass(Tensor[] in, double cotangent, Tensor gradient) {
        int k = (int) in[0].size(0);
        int c = (int) in[0].size(1);
        UnitVectors t = new UnitVectors(Staging.doubles(in[0]), c);
        UnitVectors clip = new UnitVectors(Staging.doubles(in[1]), c);
        double[] d = new double[k * c];
        double sum = 0;
        for (int i = 0; i < k; i++) {
            for (int j = 0; j < k; j++) {
                double difference =
                    UnitVectors.dot(t.unit, i * c, t.unit, j * c, c) - UnitVectors.dot(clip.unit, i * c, clip.unit, j * c, c);
                sum += difference * difference;
                // (i, j) and (j, i) move together
                UnitVectors.add(4 * cotangent * factor * difference, t.unit, j * c, d, i * c, c);
            }
        }
        if (gradient != null) {
            t.back(d);
            Staging.write(d, gradient);
        }
        return factor * sum;
    }
}
