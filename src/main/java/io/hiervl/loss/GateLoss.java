package io.hiervl.loss;

import io.hiervl.backend.jvm.GateBceKernel;
import io.hiervl.config.LossConfig;
import io.hiervl.graph.Ops;
import io.hiervl.op.Loss;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Presence BCE of the gate on labelled images, present and absent classes balanced (docs/paper.md 3.3). */
final class GateLoss implements Term<LabelledScene> {
    private static final Input<LabelledTargets> WEIGHTS = Input.perImage("gate_weights", t -> weights(t.set().presence()));

    private final LossConfig.Gate settings;

    GateLoss(LossConfig loss) {
        this.settings = loss.gate();
    }

    @Override
    public String name() {
        return "gate";
    }

    @Override
    public Class<LabelledScene> scene() {
        return LabelledScene.class;
    }

    @Override
    public boolean headline() {
        return false;
    }

    @Override
    public double weight(View view, double progress) {
        return settings.weight();
    }

    /** Images with a label. */
    @Override
    public double count(Targets targets) {
        return Maps.sum(labelled(((LabelledTargets) targets).set().presence()));
    }

    @Override
    public SDVariable build(LabelledScene scene) {
        return build(scene.ops(), scene.output().gate().logit(), scene.in(LabelledTargets.PRESENCE), scene.in(WEIGHTS));
    }

    /** Weights (B): 1 / number of images with a label, 0 for images without any valid pixel. */
    static INDArray weights(INDArray presence) {
        double[] w = labelled(presence);
        double count = Math.max(1, Maps.sum(w));
        for (int b = 0; b < w.length; b++) {
            w[b] /= count;
        }
        return Maps.array(presence.dataType(), w, w.length);
    }

    /** 1 for images with a label. */
    private static double[] labelled(INDArray presence) {
        double[] p = Maps.read(presence);
        int batch = (int) presence.size(0);
        int classes = p.length / batch;
        double[] w = new double[batch];
        for (int i = 0; i < p.length; i++) {
            w[i / classes] = p[i] > 0.5 ? 1 : w[i / classes];
        }
        return w;
    }

    /** The scalar (1) from the gate's logit (B,K), presence (B,K) and weights (B). */
    static SDVariable build(Ops ops, SDVariable logit, SDVariable presence, SDVariable weights) {
        return new Loss(new GateBceKernel()).apply(ops.sd(), ops.path(), logit, presence, weights);
    }
}
