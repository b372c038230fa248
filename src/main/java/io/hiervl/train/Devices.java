package io.hiervl.train;

import io.hiervl.HierVlException;
import io.hiervl.backend.Backend;
import io.hiervl.backend.choice.Backends;
import io.hiervl.config.Recipe;
import io.hiervl.config.TrainConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Where the steps of a run are computed.
 *
 * @param backend of the model; all devices that were chosen if it is the first of them
 */
record Devices(Recipe recipe, Backend backend) {
    /**
     * Steps on one device, or on all that were chosen.
     *
     * @param kept outputs of a frozen tower, null: it runs in every graph
     * @param copy makes the same model on another device
     */
    StepRunner steps(TrainingModel model, int total, AllReduce others, KeptArrays kept, Function<Backend, TrainingModel> copy) {
        List<Backend> devices = backend == Backends.compute() ? Backends.all() : List.of(backend);
        if (kept != null && !(devices.size() == 1 && model.where().onHost())) {
            throw HierVlException.config("train.tower_cache is " + recipe.train().batch().towerCache() + "; it works on a CPU only, set it "
                + "to 0 for " + backend.name());
        }
        if (devices.size() == 1) {
            return new TrainingStep(model, total, others, kept);
        }
        if (others.parts() > 1) {
            throw HierVlException.usage("several devices (--device) and several machines cannot be used together");
        }
        requireParts(recipe, devices.size(), "devices");
        List<TrainingModel> models = new ArrayList<>(List.of(model));
        devices.subList(1, devices.size()).forEach(d -> models.add(copy.apply(d)));
        return new StepGroup(models, total);
    }

    /** Fails unless a batch can be cut into so many equal parts. */
    static void requireParts(Recipe recipe, int parts, String what) {
        TrainConfig.Batch batch = recipe.train().batch();
        boolean semi = recipe.train().method() != TrainConfig.Method.SUPERVISED;
        if (batch.batchLabelled() % parts != 0 || semi && batch.batchUnlabelled() % parts != 0) {
            throw HierVlException.config("train.batch_labelled is " + batch.batchLabelled() + " and train.batch_unlabelled "
                + batch.batchUnlabelled() + "; both must be multiples of the number of " + what + ", " + parts);
        }
    }
}
