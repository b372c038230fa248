package io.hiervl.train;

import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.clip.ClipBundle;
import io.hiervl.config.DatasetSpec;
import io.hiervl.config.ModelConfig;
import io.hiervl.config.Recipe;
import io.hiervl.config.TrainConfig;
import io.hiervl.data.Batches;
import io.hiervl.data.Dataset;
import io.hiervl.data.Prefetcher;
import io.hiervl.data.SplitList;
import io.hiervl.graph.GraphRunner;
import io.hiervl.image.ClipNormalize;
import io.hiervl.predict.TrainedModel;
import io.hiervl.train.checkpoint.Checkpoint;
import io.hiervl.train.checkpoint.CheckpointStore;
import io.hiervl.train.checkpoint.Hashes;
import io.hiervl.train.checkpoint.RunLock;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Trains a network into a run folder: {@code resolved.yaml}, {@code metrics.csv}, TensorBoard {@code events/},
 * {@code checkpoints/}. Every batch is a
 * function of seed and step, and a checkpoint holds weights and optimiser state, so a run that was stopped goes on as if
 * it had not been. Not safe for several threads; {@link StopSignal} may be set from anywhere.
 */
public final class Trainer {
    private static final int KEEP = 2;

    private final Recipe recipe;
    private final Dataset dataset;
    private final SplitList labelled;
    private final SplitList unlabelled;
    private final ClipBundle clip;
    private final Path run;

    /**
     * @param labelled   images with masks
     * @param unlabelled images, masks not needed; ignored by the supervised method
     * @param run        run folder, created if missing
     */
    public Trainer(Recipe recipe, Dataset dataset, SplitList labelled, SplitList unlabelled, ClipBundle clip, Path run) {
        this.recipe = recipe;
        this.dataset = dataset;
        this.labelled = labelled;
        this.unlabelled = unlabelled;
        this.clip = clip;
        this.run = run;
        requireSupported(recipe);
        if (labelled.size() == 0) {
            throw HierVlException.data(labelled.file() + " names no labelled image; at least one is needed");
        }
        if (recipe.train().method() != TrainConfig.Method.SUPERVISED && (unlabelled == null || unlabelled.size() == 0)) {
            throw HierVlException.data("method " + recipe.train().method() + " needs unlabelled images, the list is "
                + (unlabelled == null ? "missing" : unlabelled.file() + " and empty"));
        }
    }

    /** Settings that exist but have no effect yet are refused rather than ignored. */
    private static void requireSupported(Recipe recipe) {
        List<String> unsupported = new ArrayList<>();
        if (recipe.model().precision() == ModelConfig.Precision.BF16) {
            unsupported.add("model.precision: bf16");
        }
        if (recipe.model().recompute()) {
            unsupported.add("model.recompute: true");
        }
        if (!unsupported.isEmpty()) {
            throw HierVlException.config("not supported yet: " + String.join(", ", unsupported));
        }
    }

    /**
     * What a run did.
     *
     * @param steps    finished optimiser steps in all
     * @param finished false if it was stopped
     * @param seconds  of this call
     * @param last     terms of the last step
     */
    public record Outcome(long steps, boolean finished, double seconds, Map<String, Double> last) {
    }

    /** Trains without measuring on the way. */
    public Outcome train(boolean resume, StopSignal signal, Progress progress) {
        return train(resume, signal, progress, RunHooks.NONE);
    }

    /**
     * Trains until the last step or until the signal.
     *
     * @param resume  go on from the newest checkpoint of the run folder; without it the folder must not hold one
     * @param hooks   the caller's additions
     */
    public Outcome train(boolean resume, StopSignal signal, Progress progress, RunHooks hooks) {
        long start = System.nanoTime();
        try (RunLock lock = RunLock.take(run)) {
            return locked(resume, signal, progress, hooks, start);
        } finally {
            GraphRunner.releaseMemory();
        }
    }

    private Outcome locked(boolean resume, StopSignal signal, Progress progress, RunHooks hooks, long start) {
        TrainConfig config = recipe.train();
        DatasetSpec spec = dataset.spec();
        CheckpointStore checkpoints = new CheckpointStore(run, KEEP);
        String hash = Hashes.of(recipe.toYaml());
        TrainingModel model = TrainingModel.create(recipe, clip, spec);
        int total = config.stepsFor(unlabelled == null ? labelled.size() : unlabelled.size());
        TrainingStep step = new TrainingStep(model, total);
        boolean semi = config.method() != TrainConfig.Method.SUPERVISED;
        ClipNormalize normalize = new ClipNormalize(clip.preprocessing().mean(), clip.preprocessing().std());
        Batches batches = new Batches(dataset, labelled, semi ? unlabelled : null, config.batchLabelled(), semi ? config.batchUnlabelled() : 0,
            config.crop(), recipe.augment(), normalize, semi, config.seed());
        long first = begin(resume, checkpoints, hash, model, step, batches);
        hooks.started(run, first);
        long done = first;
        Map<String, Double> last = Map.of();
        try (RunLog metrics = new RunLog(run, first);
             Prefetcher<Batches.Step> source = new Prefetcher<>(batches::at, first, total, 2)) {
            Rate rate = new Rate();
            while (done < total && !signal.isSet()) {
                Batches.Step batch = source.next();
                last = step.run(batch);
                done++;
                rate.add(batch.labelled().names().size() + (batch.unlabelled() == null ? 0 : batch.unlabelled().names().size()));
                Map<String, Double> row = new LinkedHashMap<>();
                if (done % config.logEvery() == 0 || done == total) {
                    row.putAll(last);
                    row.put("images_per_second", rate.perSecond());
                    row.put("data_wait", source.shareWaited());
                }
                progress.update(done, total, note(last, rate.perSecond()));
                boolean measured = config.evalEvery() > 0 && done % config.evalEvery() == 0 && done < total;
                if (measured || done % config.checkpointEvery() == 0 && done < total) {
                    save(checkpoints, done, hash, model, step, normalize);
                }
                if (measured) {
                    rate.pause();
                    row.putAll(hooks.measure(run, done));
                    rate.go();
                }
                metrics.add(done, row);
            }
            save(checkpoints, done, hash, model, step, normalize);
        }
        return new Outcome(done, done == total, (System.nanoTime() - start) / 1e9, last);
    }

    /** Writes the configuration and initialises, or loads the newest checkpoint; returns the number of finished steps. */
    private long begin(boolean resume, CheckpointStore checkpoints, String hash, TrainingModel model, TrainingStep step, Batches batches) {
        Checkpoint newest = checkpoints.latest().orElse(null);
        if (newest != null && !resume) {
            throw HierVlException.usage(run + " holds a run with a checkpoint at step " + newest.manifest().step()
                + "; add --resume to go on, or choose another folder");
        }
        if (newest == null) {
            if (resume) {
                throw HierVlException.model(run + " holds no checkpoint to resume from");
            }
            AtomicFile.write(run.resolve("resolved.yaml"), recipe.toYaml());
            step.initialiseGate(batches.labelled(0).images());
            return 0;
        }
        newest.manifest().requireClasses(model.classes());
        newest.manifest().requireConfig(hash, Map.of("recipe", recipe.toYaml()));
        Map<String, INDArray> arrays = newest.arrays(n -> true);
        arrays.forEach((name, array) -> {
            if (name.startsWith("p/")) {
                model.store().assign(name.substring(2), array);
            }
        });
        step.load(arrays);
        return newest.manifest().step();
    }

    private void save(CheckpointStore checkpoints, long done, String hash, TrainingModel model, TrainingStep step, ClipNormalize normalize) {
        Map<String, INDArray> arrays = new LinkedHashMap<>(TrainedModel.arrays(model.store(), step.textToSave()));
        arrays.putAll(step.state());
        Map<String, Object> details = new LinkedHashMap<>(TrainedModel.details(recipe, clip.weights().architecture(), normalize));
        checkpoints.save(done, hash, model.classes(), arrays, details);
    }

    private static String note(Map<String, Double> terms, double rate) {
        StringBuilder text = new StringBuilder(String.format(Locale.ROOT, "%.1f images/s", rate));
        for (String name : List.of("ce", "set_class", "set_mask", "set_dice", "self_s1", "guidance_s1", "mask", "pt", "qt", "mask_ratio")) {
            if (terms.containsKey(name)) {
                text.append(String.format(Locale.ROOT, " %s %.3f", name, terms.get(name)));
            }
        }
        return text.toString();
    }
}
