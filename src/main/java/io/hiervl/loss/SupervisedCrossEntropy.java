package io.hiervl.loss;

import io.hiervl.backend.jvm.PixelCrossEntropyKernel;
import io.hiervl.config.LossConfig;
import io.hiervl.graph.Ops;
import io.hiervl.op.Loss;
import io.hiervl.tensor.RawArrays;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Per-pixel cross-entropy on labelled images, mean over valid pixels (SemiVL's loss_x; docs/paper.md 8.2). */
public final class SupervisedCrossEntropy implements Term<LabelledScene> {
    private static final Input<LabelledTargets> WEIGHTS = Input.perImage("ce_weights",
        t -> weights(t.labels(), (int) t.set().presence().size(1)));

    private final LossConfig.Labelled settings;

    SupervisedCrossEntropy(LossConfig loss) {
        this.settings = loss.labelled();
    }

    @Override
    public String name() {
        return "ce";
    }

    @Override
    public Class<LabelledScene> scene() {
        return LabelledScene.class;
    }

    @Override
    public double weight(View view, double progress) {
        return settings.weight() * settings.pixelCe();
    }

    @Override
    public SDVariable build(LabelledScene scene) {
        return build(scene.ops(), scene.z(), scene.in(SetLosses.LABELS), scene.in(WEIGHTS));
    }

    /**
     * Weights (B,H,W) of a whole batch: 1 / number of valid pixels on valid pixels, else 0.
     *
     * @param labels (B,H,W); values outside 0..classes-1 are ignored
     */
    public static INDArray weights(INDArray labels, int classes) {
        INDArray dense = RawArrays.dense(labels);
        double[] valid = new double[(int) labels.size(0)];
        for (int b = 0; b < valid.length; b++) {
            for (double v : Maps.image(dense, b)) {
                valid[b] += Maps.isClass(v, classes) ? 1 : 0;
            }
        }
        double all = Maps.sum(valid);
        return Maps.perImage(labels.dataType(), labels.shape(), b -> {
            double[] w = Maps.image(dense, b);
            for (int i = 0; i < w.length; i++) {
                w[i] = Maps.isClass(w[i], classes) ? 1 / all : 0;
            }
            return w;
        });
    }

    /** The scalar (1) from scores z (B,K,H,W), labels (B,H,W) and weights (B,H,W). */
    public static SDVariable build(Ops ops, SDVariable z, SDVariable labels, SDVariable weights) {
        return new Loss(new PixelCrossEntropyKernel()).apply(ops.sd(), z, labels, weights);
    }
}
