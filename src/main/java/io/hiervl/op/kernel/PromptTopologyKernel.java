package io.hiervl.op.kernel;

import org.nd4j.linalg.api.ndarray.INDArray;

/** Inputs t (K,C), clip (K,C); reals: factor. */
public final class PromptTopologyKernel implements LossKernel {
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
    public double[] forward(INDArray[] in, Settings settings) {
        return new double[] {pass(in, settings, 0, null)};
    }

    @Override
    public void backward(INDArray[] in, Settings settings, double[] cotangent, INDArray[] gradients) {
        pass(in, settings, cotangent[0], gradients[0]);
    }

    private static double pass(INDArray[] in, Settings settings, double cotangent, INDArray gradient) {
        int k = (int) in[0].size(0);
        int c = (int) in[0].size(1);
        double factor = settings.reals()[0];
        UnitVectors t = new UnitVectors(Staging.doubles(in[0]), c);
        UnitVectors clip = new UnitVectors(Staging.doubles(in[1]), c);
        double[] d = new double[k * c];
        double sum = 0;
        for (int i = 0; i < k; i++) {
            for (int j = 0; j < k; j++) {
                double difference = UnitVectors.dot(t.unit, i * c, t.unit, j * c, c) - UnitVectors.dot(clip.unit, i * c, clip.unit, j * c, c);
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
