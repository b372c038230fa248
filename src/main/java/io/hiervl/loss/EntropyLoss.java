package io.hiervl.loss;

import io.hiervl.backend.jvm.PixelEntropyKernel;
import io.hiervl.config.LossConfig;
import io.hiervl.config.ModelConfig;
import io.hiervl.graph.Ops;
import io.hiervl.op.Loss;
import io.hiervl.tensor.Nd4jTensors;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Entropy of the class distribution on strong views, mean over valid pixels (docs/paper.md 8.4). */
final class EntropyLoss implements Term<UnlabelledScene> {
    private static final Input<ViewTargets> WEIGHTS = Input.tensor("entropy_weights",
        t -> t.believed().validWeights());

    private final LossConfig.Entropy settings;
    private final double modelTemperature;

    EntropyLoss(LossConfig loss, ModelConfig model) {
        this.settings = loss.entropy();
        this.modelTemperature = model.output().temperature();
    }

    @Override
    public String name() {
        return "entropy";
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

    /** The two strong views share the weight. */
    @Override
    public double weight(View view, double progress) {
        return view.strong() ? settings.at(progress) / 2 : 0;
    }

    /** Valid pixels. */
    @Override
    public double count(Targets targets) {
        return ((ViewTargets) targets).believed().valid().sumNumber().doubleValue();
    }

    @Override
    public SDVariable build(UnlabelledScene scene) {
        return build(scene.ops(), scene.z(), scene.in(WEIGHTS), modelTemperature, settings.temperature());
    }

    /** Weights (B,H,W): valid / number of valid pixels of the batch. */
    static INDArray weights(INDArray valid) {
        return Nd4jTensors.array(new Believed(valid, valid, valid, valid).validWeights());
    }

    /**
     * The scalar (1).
     *
     * @param z                  (B,K,H,W), log(S + 1e-6) / modelTemperature
     * @param weights            (B,H,W)
     * @param modelTemperature   temperature inside z
     * @param entropyTemperature temperature of the distribution whose entropy is taken; 1 gives P = S / sum S
     */
    static SDVariable build(Ops ops, SDVariable z, SDVariable weights, double modelTemperature, double entropyTemperature) {
        return new Loss(new PixelEntropyKernel(modelTemperature / entropyTemperature)).apply(ops.sd(), ops.path(), z, weights);
    }
}
