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

    @Override
    public void clipFactor(Tensor[] gradients, Tensor terms, double max, Tensor state) {
        JavaOptimiser.clipFactor(gradients, terms, max, state);
    }

    @Override
    public void adamW(Adam[] updates, Tensor[] parameters, Tensor[] gradients, Tensor[] first, Tensor[] second, Tensor state) {
        JavaOptimiser.adamW(updates, parameters, gradients, first, second, state);
    }

    @Override
    public void average(Tensor[] parameters, double ratio, Tensor[] averages, Tensor state) {
        JavaOptimiser.average(parameters, ratio, averages, state);
    }

    @Override
    public void bestClasses(Tensor z, Tensor confidence, Tensor labels) {
        JavaTargets.bestClasses(z, confidence, labels);
    }

    @Override
    public void groupMaxima(Tensor values, Tensor group, Tensor maxima) {
        JavaTargets.groupMaxima(values, group, maxima);
    }

    @Override
    public void sureLabels(Tensor scores, Tensor valid, double threshold, Tensor labels, Tensor probabilities) {
        JavaTargets.sureLabels(scores, valid, threshold, labels, probabilities);
    }

    @Override
    public void sureWeights(Tensor confidence, Tensor valid, double threshold, double each, Tensor weights) {
        JavaTargets.sureWeights(confidence, valid, threshold, each, weights);
    }

    @Override
    public void meanWeights(Tensor confidence, Tensor valid, Tensor weights) {
        JavaTargets.meanWeights(confidence, valid, weights);
    }

    @Override
    public void cutMix(Tensor batch, Tensor other, int[][] boxes, int[] partners, Tensor mixed) {
        JavaTargets.cutMix(batch, other, boxes, partners, mixed);
    }

    @Override
    public void blank(Tensor images, Tensor map, Tensor y) {
        JavaTargets.blank(images, map, y);
    }

    @Override
    public void sureCounts(Tensor confidence, Tensor valid, double threshold, Tensor counts) {
        JavaTargets.sureCounts(confidence, valid, threshold, counts);
    }

    @Override
    public void agreement(Tensor labels, Tensor truth, Tensor known, Tensor count) {
        JavaTargets.agreement(labels, truth, known, count);
    }
}
