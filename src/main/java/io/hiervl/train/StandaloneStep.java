package io.hiervl.train;

import io.hiervl.clip.ClipBundle;
import io.hiervl.config.DatasetSpec;
import io.hiervl.config.Recipe;
import io.hiervl.data.Batches;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Training steps on given arrays, without files and run folder: for measurements. */
public final class StandaloneStep {
    private final TrainingStep step;

    /** A new network on this CLIP. {@code train.steps} must be set. */
    public StandaloneStep(Recipe recipe, ClipBundle clip, DatasetSpec spec) {
        this.step = new TrainingStep(TrainingModel.create(recipe, clip, spec), recipe.train().length().steps());
    }

    /** Sets the gate's slope and offset from these images (B,3,H,W), as the first step of a training run does. */
    public void initialiseGate(INDArray images) {
        step.initialiseGate(images);
    }

    /** What the last step moved between host and device, and what the host computed of it; empty on a host. */
    public String report() {
        return step.report();
    }

    /** Runs the step that the batch names; returns its loss terms. */
    public Map<String, Double> run(Batches.Step batch) {
        return step.run(batch);
    }
}
