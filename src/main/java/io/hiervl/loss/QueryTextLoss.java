package io.hiervl.loss;

import io.hiervl.backend.jvm.QueryTextKernel;
import io.hiervl.config.LossConfig;
import io.hiervl.graph.FusedOps;
import io.hiervl.model.Phi;
import io.hiervl.op.ConfidentRows;
import io.hiervl.op.Loss;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Equation 2 of the paper, L_align of queries and text embeddings; {@code qt} in logs (docs/paper.md 6.5). */
final class QueryTextLoss implements Term<LabelledScene> {
    static final double CONFIDENT = 0.5;
    private static final String NAME = "qt";
    private static final Input<LabelledTargets> WEIGHTS = Input.perImage("qt_weights",
        t -> weights(t.set().rowClass(), (int) t.set().presence().size(1)));

    private final LossConfig.QueryText settings;

    QueryTextLoss(LossConfig loss) {
        this.settings = loss.qt();
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Class<LabelledScene> scene() {
        return LabelledScene.class;
    }

    @Override
    public boolean language() {
        return true;
    }

    @Override
    public double weight(View view, double progress) {
        return settings.weight();
    }

    /** Rows with a class. */
    @Override
    public double count(Targets targets) {
        return settings.literal() ? 0 : ((LabelledTargets) targets).set().counts(0).matched();
    }

    @Override
    public SDVariable build(LabelledScene scene) {
        SDVariable phi = phi(scene);
        return settings.literal() ? buildLiteral(scene.ops(), phi, scene.t(), scene.output().last().classes())
            : build(scene.ops(), phi, scene.t(), scene.in(SetLosses.ROW_CLASS), scene.in(WEIGHTS));
    }

    private static SDVariable phi(PictureScene<?> scene) {
        return Phi.query(scene.root().at("phi_query"), scene.output().last().query());
    }

    /** The same on strong views, which share the weight; without labels, confident rows name their own class. */
    static final class Unlabelled implements Term<UnlabelledScene> {
        private static final Input<ViewTargets> WEIGHTS = Input.perImage("image_weights",
            t -> Nd4j.valueArrayOf(new long[] {t.images().size(0)}, 1.0 / t.images().size(0), t.type()));

        private final LossConfig.QueryText settings;

        Unlabelled(LossConfig loss) {
            this.settings = loss.qt();
        }

        @Override
        public String name() {
            return NAME;
        }

        @Override
        public Class<UnlabelledScene> scene() {
            return UnlabelledScene.class;
        }

        @Override
        public boolean language() {
            return true;
        }

        @Override
        public boolean headline() {
            return false;
        }

        @Override
        public double weight(View view, double progress) {
            return settings.onUnlabelled() && view.strong() ? settings.weight() / 2 : 0;
        }

        @Override
        public double count(Targets targets) {
            return settings.literal() ? 0 : Term.super.count(targets);
        }

        @Override
        public SDVariable build(UnlabelledScene scene) {
            SDVariable phi = phi(scene);
            return settings.literal() ? buildLiteral(scene.ops(), phi, scene.t(), scene.output().last().classes())
                : buildUnlabelled(scene.ops(), phi, scene.t(), scene.output().last().classes(), scene.in(WEIGHTS));
        }
    }

    /** Weights (B,Q) of a whole labelled batch: 1 / number of rows with a class. */
    static INDArray weights(INDArray rowClass, int classes) {
        return SupervisedCrossEntropy.weights(rowClass, classes);
    }

    /**
     * The scalar (1) on labelled images: mean over the rows with a class of the squared distance of unit vectors, text
     * detached.
     *
     * @param x        (B,Q,C), Phi of the last queries
     * @param t        (K,C)
     * @param rowClass (B,Q) from the matching
     * @param weights  (B,Q)
     */
    static SDVariable build(FusedOps ops, SDVariable x, SDVariable t, SDVariable rowClass, SDVariable weights) {
        return new Loss(new QueryTextKernel(true, true)).apply(ops.sd(), ops.path(), x, t, rowClass, weights);
    }

    /**
     * The scalar (1) without labels: rows whose best outcome is a class of probability 0.5 or more, against that class;
     * mean over the rows of an image, then over images.
     *
     * @param classLogits  (B,Q,K+1) or (B,Q,K)
     * @param imageWeights (B), 1 / images of the whole batch
     */
    static SDVariable buildUnlabelled(FusedOps ops, SDVariable x, SDVariable t, SDVariable classLogits, SDVariable imageWeights) {
        long[] s = ops.shape(classLogits);
        SDVariable[] rows = new ConfidentRows((int) ops.shape(t)[0], CONFIDENT).applyAll(ops.sd(), ops.path(), classLogits);
        SDVariable weights = ops.mul(ops.adopt(rows[1], s[0], s[1]), ops.reshape(imageWeights, s[0], 1));
        return build(ops, x, t, rows[0], weights);
    }

    /** The scalar (1) as printed: sum over all rows, each with its own best class, nothing normalised, text attached. */
    static SDVariable buildLiteral(FusedOps ops, SDVariable x, SDVariable t, SDVariable classLogits) {
        SDVariable[] rows = new ConfidentRows((int) ops.shape(t)[0], 0).applyAll(ops.sd(), ops.path(), classLogits);
        return new Loss(new QueryTextKernel(false, false)).apply(ops.sd(), ops.path(), x, t, rows[0], rows[1]);
    }
}
