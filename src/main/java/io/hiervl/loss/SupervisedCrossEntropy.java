package io.hiervl.loss;

import io.hiervl.backend.jvm.PixelCrossEntropyKernel;
import io.hiervl.config.LossConfig;
import io.hiervl.graph.Ops;
import io.hiervl.op.Loss;
import io.hiervl.tensor.RawArrays;
import io.hiervl.tensor.Resize;
import java.util.Arrays;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Per-pixel cross-entropy on labelled images, mean over valid pixels (SemiVL's loss_x; docs/paper.md 8.2), of the whole network or of its
 * U-Net alone.
 */
final class SupervisedCrossEntropy implements Term<LabelledScene> {
    private final LossConfig.Labelled settings;
    private final double[] ofClass;
    private final Input<LabelledTargets> weights;

    private final boolean unet;

    SupervisedCrossEntropy(LossConfig loss) {
        this(loss, false);
    }

    private SupervisedCrossEntropy(LossConfig loss, boolean unet) {
        this.unet = unet;
        this.settings = loss.labelled();
        this.ofClass =
            settings.classWeightList() == null ? null : settings.classWeightList().stream().mapToDouble(Double::doubleValue).toArray();
        this.weights = Input.perImage(unet ? "unet_ce_weights" : "ce_weights", t -> weights(t.labels(), ofClass(t)));
    }

    /** Of the U-Net alone: where the rows are sure already, the U-Net would learn nothing from the loss of both. */
    static SupervisedCrossEntropy ofUNet(LossConfig loss) {
        return new SupervisedCrossEntropy(loss, true);
    }

    private double[] ofClass(LabelledTargets targets) {
        return ofClass == null ? equal((int) targets.set().presence().size(1)) : ofClass;
    }

    @Override
    public String name() {
        return unet ? "unet_ce" : "ce";
    }

    @Override
    public Class<LabelledScene> scene() {
        return LabelledScene.class;
    }

    @Override
    public double weight(View view, double progress) {
        return settings.weight() * (unet ? settings.unetCe() : settings.pixelCe());
    }

    /** The class weights of valid pixels. */
    @Override
    public double count(Targets targets) {
        LabelledTargets t = (LabelledTargets) targets;
        return count(t.labels(), ofClass(t));
    }

    @Override
    public SDVariable build(LabelledScene scene) {
        SDVariable z = scene.z();
        if (unet) {
            long[] size = scene.ops().shape(z);
            z = scene.ops().resize(scene.output().unetLogits(), (int) size[2], (int) size[3], Resize.BILINEAR);
        }
        return build(scene.ops(), z, scene.in(SetLosses.LABELS), scene.in(weights), settings.ohem());
    }

    /**
     * Weights (B,H,W) of a whole batch: 1 / number of valid pixels on valid pixels, else 0.
     *
     * @param labels (B,H,W); values outside 0..classes-1 are ignored
     */
    static INDArray weights(INDArray labels, int classes) {
        return weights(labels, equal(classes));
    }

    private static double[] equal(int classes) {
        double[] ones = new double[classes];
        Arrays.fill(ones, 1);
        return ones;
    }

    /**
     * Weights (B,H,W) of a whole batch: weight of the pixel's class / sum of these weights over the valid pixels.
     *
     * @param ofClass weight of each class
     */
    static INDArray weights(INDArray labels, double[] ofClass) {
        INDArray dense = RawArrays.dense(labels);
        int classes = ofClass.length;
        double sum = count(labels, ofClass);
        double all = sum == 0 ? 1 : sum;
        return Maps.perImage(labels.dataType(), labels.shape(), b -> {
            double[] w = Maps.image(dense, b);
            for (int i = 0; i < w.length; i++) {
                w[i] = Maps.isClass(w[i], classes) ? ofClass[(int) w[i]] / all : 0;
            }
            return w;
        });
    }

    /** Sum of the class weights of valid pixels. */
    static double count(INDArray labels, double[] ofClass) {
        INDArray dense = RawArrays.dense(labels);
        double[] valid = new double[(int) labels.size(0)];
        for (int b = 0; b < valid.length; b++) {
            for (double v : Maps.image(dense, b)) {
                valid[b] += Maps.isClass(v, ofClass.length) ? ofClass[(int) v] : 0;
            }
        }
        return Maps.sum(valid);
    }

    /** The scalar (1) from scores z (B,K,H,W), labels (B,H,W) and weights (B,H,W). */
    static SDVariable build(Ops ops, SDVariable z, SDVariable labels, SDVariable weights) {
        return build(ops, z, labels, weights, 1);
    }

    private static SDVariable build(Ops ops, SDVariable z, SDVariable labels, SDVariable weights, double ohem) {
        return new Loss(new PixelCrossEntropyKernel(ohem)).apply(ops.sd(), ops.path(), z, labels, weights);
    }
}
