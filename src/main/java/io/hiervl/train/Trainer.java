package io.hiervl.train;

import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import io.hiervl.OffHeap;
import io.hiervl.Progress;
import io.hiervl.PublicApi;
import io.hiervl.Stoppable;
import io.hiervl.backbone.BackboneWeights;
import io.hiervl.backend.Backend;
import io.hiervl.backend.choice.Backends;
import io.hiervl.checkpoint.Checkpoint;
import io.hiervl.checkpoint.CheckpointStore;
import io.hiervl.checkpoint.Hashes;
import io.hiervl.checkpoint.RunLock;
import io.hiervl.clip.ClipBundle;
import io.hiervl.config.DatasetSpec;
import io.hiervl.config.LossConfig;
import io.hiervl.config.Recipe;
import io.hiervl.config.Recipes;
import io.hiervl.config.TrainConfig;
import io.hiervl.data.Batches;
import io.hiervl.data.ClassCounts;
import io.hiervl.data.Dataset;
import io.hiervl.data.Prefetcher;
import io.hiervl.data.Share;
import io.hiervl.data.SplitList;
import io.hiervl.graph.GraphRunner;
import io.hiervl.image.ClipNormalize;
import io.hiervl.model.ComputeSettings;
import io.hiervl.model.ImageTowers;
import io.hiervl.model.MemoryPlan;
import io.hiervl.predict.TrainedModel;
import io.hiervl.runlog.RunLog;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongConsumer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Trains a network into a run folder: {@code resolved.yaml}, {@code metrics.csv}, TensorBoard {@code events/},
 * {@code checkpoints/}. Every batch is a
 * function of seed and step, and a checkpoint holds weights and optimiser state, so a run that was stopped goes on as if
 * it had not been. Not safe for several threads; {@link StopSignal} may be set from anywhere.
 */
@PublicApi
public final class Trainer {
    private static final int KEEP = 2;
    /** Beginning of the columns that {@link RunHooks#measure} fills. */
    private static final String MEASURED = "val_";
    private static final String GATE = "hsqg.gate_w";

    private final Recipe recipe;
    private final Dataset dataset;
    private final SplitList labelled;
    private final SplitList unlabelled;
    private final ClipBundle clip;
    private final BackboneWeights backbone;
    private final Path run;
    private final Backend backend;
    private StartWeights start;
    private AllReduce others = AllReduce.ALONE;

    /** A trainer of a network on CLIP's own image tower. */
    public Trainer(Recipe recipe, Dataset dataset, SplitList labelled, SplitList unlabelled, ClipBundle clip, Path run) {
        this(recipe, dataset, labelled, unlabelled, clip, null, run);
    }

    /**
     * A trainer on the device of this process.
     *
     * @param labelled   images with masks
     * @param unlabelled images, masks not needed; ignored by the supervised method
     * @param backbone   image tower beside the CLIP, null for CLIP's own
     * @param run        run folder, created if missing
     */
    public Trainer(Recipe recipe, Dataset dataset, SplitList labelled, SplitList unlabelled, ClipBundle clip, BackboneWeights backbone,
                   Path run) {
        this(recipe, dataset, labelled, unlabelled, clip, backbone, run, Backends.compute());
    }

    /**
     * @param labelled   images with masks
     * @param unlabelled images, masks not needed; ignored by the supervised method
     * @param backbone   image tower beside the CLIP, null for CLIP's own
     * @param run        run folder, created if missing
     * @param backend    where the graphs run
     */
    Trainer(Recipe recipe, Dataset dataset, SplitList labelled, SplitList unlabelled, ClipBundle clip, BackboneWeights backbone, Path run,
            Backend backend) {
        this.backend = backend;
        Recipe filled = Recipes.forData(recipe, dataset.spec());
        this.recipe = filled.loss().labelled().classWeights() != LossConfig.ClassWeights.BALANCED ? filled
            : Recipes.withClassWeights(filled, ClassCounts.of(dataset, dataset.requireMasks(labelled), Progress.NONE).balanced());
        this.dataset = dataset;
        this.labelled = labelled;
        this.unlabelled = unlabelled;
        this.clip = clip;
        this.backbone = backbone;
        this.run = run;
        ComputeSettings.requireAvailable(recipe.model().compute().precision(), backend);
        if (labelled.size() == 0) {
            throw HierVlException.data(labelled.file() + " names no labelled image; at least one is needed");
        }
        if (recipe.train().method() != TrainConfig.Method.SUPERVISED && (unlabelled == null || unlabelled.size() == 0)) {
            throw HierVlException.data("method " + recipe.train().method() + " needs unlabelled images, the list is "
                + (unlabelled == null ? "missing" : unlabelled.file() + " and empty"));
        }
    }

    /** Lets a new run start from the weights of a trained model, as far as they fit; a run that goes on has its own. */
    public Trainer startingFrom(StartWeights weights) {
        start = weights;
        return this;
    }

    /**
     * Trains on one part of every batch, while trainers with the same settings on other machines have the other parts. The
     * batches of the recipe are the undivided ones. Each trainer has a run folder of its own.
     *
     * @throws HierVlException of kind DATA if a batch cannot be cut into equal parts
     */
    public Trainer together(AllReduce with) {
        Devices.requireParts(recipe, with.parts(), "machines");
        others = with;
        return this;
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
            // an experiment of many runs grew by half a gigabyte a run
            OffHeap.collect();
        }
    }

    private Outcome locked(boolean resume, StopSignal signal, Progress progress, RunHooks hooks, long start) {
        TrainConfig config = recipe.train();
        DatasetSpec spec = dataset.spec();
        CheckpointStore checkpoints = new CheckpointStore(run, KEEP);
        Checkpoint newest = checkpoints.latest().orElse(null);
        int total = steps(recipe);
        Lengthening longer = requireStart(resume, newest, total);
        ImageTowers towers = TrainingModel.towers(clip, backbone);
        MemoryPlan.ofTraining(recipe, towers, spec.classes().size()).require("training with these settings",
            "train.crop, train.batch_labelled, train.batch_unlabelled, loss.sample_points, loss.oversample or the sizes of model");
        TrainingModel model = TrainingModel.create(recipe, clip, backbone, spec, backend);
        KeptArrays features = KeptArrays.ofRun(recipe, run);
        StepRunner step = new Devices(recipe, backend).steps(model, total, others, features,
            d -> TrainingModel.create(recipe, clip, backbone, spec, d));
        boolean semi = config.method() != TrainConfig.Method.SUPERVISED;
        ClipNormalize normalize = model.network().towers().image().colours();
        Batches batches = new Batches(dataset, labelled, semi ? unlabelled : null, config.batch().batchLabelled(),
            semi ? config.batch().batchUnlabelled() : 0,
            config.batch().crop(), model.canvas(), recipe.augment(), normalize, semi, config.seed()).repeating(config.batch().cycle())
            .unlabelledFrom(config.firstUnlabelled(total));
        if (config.batch().sampling() == TrainConfig.Sampling.RARE) {
            batches.labelledChances(ClassCounts.of(dataset, labelled, Progress.NONE).rareChances());
        }
        long first;
        try {
            first = Stoppable.run(signal::isSet, () -> begin(newest, model, step, batches, hooks));
        } catch (Stoppable.Stopped e) {
            return new Outcome(newest == null ? 0 : newest.manifest().step(), false, (System.nanoTime() - start) / 1e9, Map.of());
        }
        if (longer != null) {
            hooks.note(longer.begin(run, checkpoints, newest, recipe));
        }
        batches.of(new Share(others.part(), others.parts())); // the gate looked at the undivided batch
        LongConsumer save = at -> save(checkpoints, at, model, step, batches, hooks);
        hooks.started(run, first);
        Patience patience = new Patience(run, config.every());
        if (first > 0 && first < total && patience.over(first)) {
            hooks.warn("the run ended early at step " + first + ", because mIoU had not grown for train.patience = "
                + config.every().patience() + " measurements; with --set train.patience=0 it goes on");
        }
        PseudoLabelWatch watch = new PseudoLabelWatch(config.firstUnlabelled(total), total, hooks::warn);
        Double miou = null;
        long done = first;
        long saved = newest == null ? -1 : first;
        Map<String, Double> last = Map.of();
        try (step; RunLog metrics = new RunLog(run, first);
             Prefetcher<Batches.Step> source = new Prefetcher<>(batches::at, first, total, 2)) {
            if (first > 0 && first < total && config.every().evalEvery() > 0 && first % config.every().evalEvery() == 0
                && !metrics.has(first, MEASURED)) {
                metrics.add(first, hooks.measure(newest, first)); // a kill came in between
            }
            Rate rate = new Rate();
            while (done < total && !signal.isSet() && !patience.over(done)) {
                Batches.Step batch = next(source, saved, done, save);
                try {
                    last = Stoppable.run(signal::isSet, () -> step.run(batch));
                } catch (Stoppable.Stopped e) {
                    break;
                } catch (HierVlException e) {
                    throw backend.onHost() ? e : new Rescue(run, saved, done, save).device(e);
                }
                done++;
                if (done == first + 2 && !step.report().isEmpty()) {
                    hooks.note(step.report()); // the first step copies all weights
                }
                signal.unsaved(true);
                watch.add(done, last);
                rate.add(config.images(done - 1, done, total));
                Map<String, Double> row = new LinkedHashMap<>();
                if (done % config.every().logEvery() == 0 || done == total) {
                    row.putAll(last);
                    row.put("images_per_second", rate.perSecond());
                    row.put("data_wait", source.shareWaited());
                }
                progress.update(done, total,
                    hooks.verbose() ? ProgressNote.full(model.terms().headlines(), last, rate.perSecond())
                        : ProgressNote.brief(last, miou, semi && done < config.firstUnlabelled(total) ? config.firstUnlabelled(total) : 0));
                // Before the checkpoint, so that a kill behind it loses no row; rows of steps that are not saved are dropped.
                metrics.add(done, row);
                boolean measured = config.every().evalEvery() > 0 && done % config.every().evalEvery() == 0 || done == total;
                Checkpoint kept = null;
                if (measured || done % config.every().checkpointEvery() == 0) {
                    kept = save(checkpoints, done, model, step, batches, hooks);
                    saved = done;
                    signal.unsaved(false);
                }
                if (measured) {
                    rate.pause();
                    Checkpoint newer = kept;
                    long at = done;
                    try {
                        Map<String, Double> figures = Stoppable.run(signal::isSet, () -> hooks.measure(newer, at));
                        patience.measured(newer, figures);
                        miou = figures.getOrDefault(RunHooks.MIOU, miou);
                        metrics.add(done, figures);
                    } catch (Stoppable.Stopped e) {
                        progress.update(done, total, "not measured");
                    }
                    rate.go();
                }
            }
            if (done != saved) {
                save.accept(done);
            }
            signal.unsaved(false);
        }
        boolean finished = done == total || patience.over(done);
        if (features != null) {
            hooks.note(features.describe());
            features.close(finished);
        }
        return new Outcome(done, finished, (System.nanoTime() - start) / 1e9, last);
    }

    private Batches.Step next(Prefetcher<Batches.Step> source, long saved, long done, LongConsumer save) {
        try {
            return source.next();
        } catch (RuntimeException e) {
            throw new Rescue(run, saved, done, save).data(e);
        }
    }

    private int steps(Recipe settings) {
        return settings.train().stepsFor(unlabelled == null ? labelled.size() : unlabelled.size());
    }

    /**
     * Fails unless the run folder is in the state that the caller expects and its checkpoint was made with these settings.
     * Settings that did not exist when it was made count as given with their default, so that a run goes on with a newer
     * version of the program.
     *
     * @return the change of the run's length, null if there is none
     */
    private Lengthening requireStart(boolean resume, Checkpoint newest, int total) {
        if (newest == null) {
            if (resume) {
                throw HierVlException.model(run + " holds no checkpoint to resume from; leave out --resume to start a new run there");
            }
            return null;
        }
        if (!resume) {
            throw HierVlException.usage(run + " holds a run with a checkpoint at step " + newest.manifest().step()
                + "; add --resume to go on, or choose another folder");
        }
        newest.manifest().requireClasses(dataset.spec().classes());
        Recipe before = TrainedModel.recipe(newest);
        Recipe now = recipe.recordedAs(before);
        if (!before.equals(now)) {
            throw HierVlException.config("cannot resume " + run + " with other settings (then -> now): " + now.differenceFrom(before)
                + "; only train.steps, train.epochs, train.checkpoint_every, train.eval_every, train.patience and train.log_every may "
                + "change. A new run with other settings can start from these weights: train --init-from " + run);
        }
        return Lengthening.of(run, newest.manifest().step(), steps(before), total);
    }

    /** Fails if the run folder's image tower is another one. CLIP's own may come from another export of the same weights. */
    private void requireTower(Checkpoint newest, TrainingModel model) {
        ImageTowers saved = TrainedModel.towers(newest);
        ImageTowers given = model.network().towers();
        String before = tower(saved);
        String now = tower(given);
        if (!(saved.aligned() && given.aligned()) && !before.equals(now)) {
            throw HierVlException.model("cannot resume " + run + " with another image tower: the run has " + before + ", given is " + now
                + "; --backbone chooses it");
        }
    }

    private static String tower(ImageTowers towers) {
        return towers.image().family() + " " + new TreeMap<>(towers.image().describe());
    }

    /** Writes the configuration and initialises, or loads the checkpoint; returns the number of finished steps. */
    private long begin(Checkpoint newest, TrainingModel model, StepRunner step, Batches batches, RunHooks hooks) {
        if (newest == null) {
            AtomicFile.write(run.resolve("resolved.yaml"), recipe.toYaml());
            boolean gate = true;
            if (start != null) {
                WeightTransfer transfer = WeightTransfer.into(model, start);
                step.weightsChanged();
                gate = !transfer.has(GATE);
                transfer.lines().forEach(hooks::note);
                AtomicFile.write(run.resolve("init-from.txt"), transfer.text());
            }
            if (gate) {
                step.initialiseGate(batches.labelled(0).images());
            }
            return 0;
        }
        requireTower(newest, model);
        Map<String, INDArray> arrays = newest.arrays(n -> true);
        arrays.forEach((name, array) -> {
            if (name.startsWith("p/")) {
                model.store().assign(name.substring(2), array);
            }
        });
        step.load(arrays);
        return newest.manifest().step();
    }

    private Checkpoint save(CheckpointStore checkpoints, long done, TrainingModel model, StepRunner step, Batches batches,
                            RunHooks hooks) {
        Map<String, INDArray> norms = step.measureNorms(i -> batches.labelled(i).images());
        ImageTowers towers = model.network().towers();
        INDArray text = step.textToSave();
        Map<String, INDArray> arrays = new LinkedHashMap<>(TrainedModel.arrays(towers, model.store(), text));
        arrays.putAll(step.state());
        arrays.putAll(norms);
        Map<String, Object> details = TrainedModel.details(recipe, towers, dataset.spec().pictureColours());
        Checkpoint saved = checkpoints.save(done, Hashes.of(recipe.toYaml()), model.classes(), arrays, details);
        hooks.saved(saved, done);
        return saved;
    }
}
