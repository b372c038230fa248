package io.hiervl.backend.cuda;

import io.hiervl.backend.Kernels;
import io.hiervl.backend.LossKernel;
import io.hiervl.backend.Matching;
import io.hiervl.backend.jvm.PixelCrossEntropyKernel;
import io.hiervl.backend.jvm.PixelEntropyKernel;
import io.hiervl.backend.jvm.SetLossKernel;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Precision;
import io.hiervl.tensor.Tensor;

/** The kernels of the device. What it has not is in no row of {@link SupportedOps}, and never asked for. */
final class CudaKernels extends CudaSpatialKernels implements Kernels {
    private final CudaOptimiser optimiser;
    private final CudaTargets targets;

    CudaKernels(CudaBackend backend, Precision precision) {
        super(backend, precision);
        optimiser = new CudaOptimiser(backend);
        targets = new CudaTargets(backend);
    }

    @Override
    public String name() {
        return "cuda";
    }

    @Override
    public void fixedMatching(Matching matching, Tensor labels, Tensor rowClass, Tensor slots, Tensor presence) {
        throw SupportedOps.onHost("hiervl_fixed_matching");
    }

    @Override
    public void confidentRows(Tensor logits, int classes, double threshold, Tensor chosen, Tensor weights) {
        int rows = (int) logits.size(1);
        blocks("confident_rows", logits.size(0), logits, classes, threshold, chosen, weights, rows, (int) logits.size(2));
    }

    @Override
    public void loss(LossKernel kernel, Tensor[] in, Tensor[] losses) {
        if (kernel instanceof SetLossKernel set) {
            new CudaSetLoss(this, set, in).forward(losses);
        } else if (CudaRowLosses.has(kernel)) {
            new CudaRowLosses(this).forward(kernel, in, losses[0]);
        } else if (kernel instanceof PixelCrossEntropyKernel) {
            pixelLoss(in[0], in[1], in[2], 1, losses[0]);
        } else if (kernel instanceof PixelEntropyKernel entropy) {
            pixelLoss(in[0], null, in[1], entropy.factor(), losses[0]);
        } else {
            throw SupportedOps.onHost(kernel.name());
        }
    }

    @Override
    public void lossGradient(LossKernel kernel, Tensor[] in, Tensor[] cotangents, Tensor[] gradients) {
        if (kernel instanceof SetLossKernel set) {
            new CudaSetLoss(this, set, in).backward(cotangents, gradients);
        } else if (CudaRowLosses.has(kernel)) {
            new CudaRowLosses(this).backward(kernel, in, cotangents[0], gradients);
        } else if (gradients[0] != null && kernel instanceof PixelCrossEntropyKernel) {
            pixelGradient(in[0], in[1], in[2], 1, cotangents[0], gradients[0]);
        } else if (gradients[0] != null && kernel instanceof PixelEntropyKernel entropy) {
            pixelGradient(in[0], null, in[1], entropy.factor(), cotangents[0], gradients[0]);
        } else if (!(kernel instanceof PixelCrossEntropyKernel || kernel instanceof PixelEntropyKernel)) {
            throw SupportedOps.onHost(kernel.name());
        }
    }

    private void pixelLoss(Tensor z, Tensor labels, Tensor weights, double factor, Tensor loss) {
        if (loss == null) {
            return;
        }
        long n = weights.length();
        int parts = (int) Math.max(1, Math.min((n + 255) / 256, 16L * device.multiprocessors()));
        Tensor sums = work(ElementType.FLOAT, 2L * parts);
        device.launch("pixel_loss", parts, 1, 1, 256, 1, z, labels, weights, (float) factor, sums, (int) z.size(1), z.size(2) * z.size(3),
            n);
        device.launch("add_up", 1, 1, 1, 256, 1, sums, parts, 1, loss);
    }

    private void pixelGradient(Tensor z, Tensor labels, Tensor weights, double factor, Tensor cotangent, Tensor dz) {
        long n = weights.length();
        each("pixel_loss_bp", n, z, labels, weights, (float) factor, cotangent, dz, (int) z.size(1), z.size(2) * z.size(3), n);
    }

    @Override
    public void clipFactor(Tensor[] gradients, Tensor terms, double max, Tensor state) {
        backend.scope(() -> optimiser.clipFactor(gradients, terms, max, state));
    }

    @Override
    public void adamW(Adam[] updates, Tensor[] parameters, Tensor[] gradients, Tensor[] first, Tensor[] second, Tensor state) {
        optimiser.adamW(updates, parameters, gradients, first, second, state);
    }

    @Override
    public void average(Tensor[] parameters, double ratio, Tensor[] averages, Tensor state) {
        optimiser.average(parameters, ratio, averages, state);
    }

    @Override
    public void bestClasses(Tensor z, Tensor confidence, Tensor labels) {
        backend.scope(() -> targets.bestClasses(z, confidence, labels));
    }

    @Override
    public void groupMaxima(Tensor values, Tensor group, Tensor maxima) {
        backend.scope(() -> targets.groupMaxima(values, group, maxima));
    }

    @Override
    public void sureLabels(Tensor scores, Tensor valid, double threshold, Tensor labels, Tensor probabilities) {
        backend.scope(() -> targets.sureLabels(scores, valid, threshold, labels, probabilities));
    }

    @Override
    public void sureWeights(Tensor confidence, Tensor valid, double threshold, double each, Tensor weights) {
        backend.scope(() -> targets.sureWeights(confidence, valid, threshold, each, weights));
    }

    @Override
    public void meanWeights(Tensor confidence, Tensor valid, Tensor weights) {
        backend.scope(() -> targets.meanWeights(confidence, valid, weights));
    }

    @Override
    public void cutMix(Tensor batch, Tensor other, int[][] boxes, int[] partners, Tensor mixed) {
        backend.scope(() -> targets.cutMix(batch, other, boxes, partners, mixed));
    }

    @Override
    public void blank(Tensor images, Tensor map, Tensor y) {
        backend.scope(() -> targets.blank(images, map, y));
    }

    @Override
    public void sureCounts(Tensor confidence, Tensor valid, double threshold, Tensor counts) {
        backend.scope(() -> targets.sureCounts(confidence, valid, threshold, counts));
    }

    @Override
    public void agreement(Tensor labels, Tensor truth, Tensor known, Tensor count) {
        backend.scope(() -> targets.agreement(labels, truth, known, count));
    }
}
