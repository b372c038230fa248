package io.hiervl.backend.jvm;

import io.hiervl.backend.HostMath;
import io.hiervl.backend.Kernels;
import io.hiervl.backend.LossKernel;
import io.hiervl.backend.Matching;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Staging;
import io.hiervl.tensor.Tensor;

/**
 * The whole set in plain Java for FLOAT and DOUBLE, on any platform: the reference. Sums are made in double. Kernels of a native library
 * extend it and override what they do better.
 */
public class JavaKernels extends JavaSpatialKernels implements Kernels, HostMath {
    @Override
    public String name() {
        return "java";
    }

    @Override
    public boolean hasFastExp(ElementType type) {
        return false;
    }

    @Override
    public void exp(Tensor x, Tensor y, long length) {
        Pointwise.map(x, y, (v, n) -> {
            for (int i = 0; i < n; i++) {
                v[i] = Math.exp(v[i]);
            }
        });
    }

    @Override
    public void fixedMatching(Matching matching, Tensor labels, Tensor rowClass, Tensor slots, Tensor presence) {
        TargetRows.match(matching, labels, rowClass, slots, presence);
    }

    @Override
    public void confidentRows(Tensor logits, int classes, double threshold, Tensor chosen, Tensor weights) {
        TargetRows.confident(logits, classes, threshold, chosen, weights);
    }

    @Override
    public void loss(LossKernel kernel, Tensor[] in, Tensor[] losses) {
        double[] values = kernel.forward(this, in);
        for (int i = 0; i < values.length; i++) {
            if (losses[i] != null) {
                Staging.write(new double[] {values[i]}, losses[i]);
            }
        }
    }

    @Override
    public void lossGradient(LossKernel kernel, Tensor[] in, Tensor[] cotangents, Tensor[] gradients) {
        double[] factors = new double[cotangents.length];
        for (int i = 0; i < factors.length; i++) {
            factors[i] = Staging.first(cotangents[i]);
        }
        kernel.backward(this, in, factors, gradients);
    }
}
