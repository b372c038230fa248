package io.hiervl.spark;

import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.backbone.BackboneWeights;
import io.hiervl.backbone.Backbones;
import io.hiervl.checkpoint.Checkpoint;
import io.hiervl.clip.ClipBundle;
import io.hiervl.config.Recipe;
import io.hiervl.config.Recipes;
import io.hiervl.data.Dataset;
import io.hiervl.train.RunHooks;
import io.hiervl.train.StopSignal;
import io.hiervl.train.Trainer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.spark.BarrierTaskContext;

/**
 * One part of a training run, a barrier task: it trains on its images of every batch for as long as the run lasts. Every part
 * keeps weights and optimiser and makes the same update; the first one publishes checkpoints.
 */
final class TrainPart {
    private static final AtomicBoolean BUSY = new AtomicBoolean();
    private static final String PROGRESS = "progress.txt";
    private static final long PROGRESS_NANOS = 5_000_000_000L;
    /** A part that has found a mistake leaves its connections open for so long, so that Spark hears of the mistake first. */
    private static final long LINGER_MS = 3000;

    private final TrainPlan plan;
    private final BarrierTaskContext task;
    private final int part;
    private Path local;

    private TrainPart(TrainPlan plan) {
        this.plan = plan;
        this.task = BarrierTaskContext.get();
        this.part = task.partitionId();
    }

    /** Trains to the end; returns what {@link Trainer.Outcome} says. */
    static double[] run(TrainPlan plan) throws Exception {
        return TaskFailure.named(() -> {
            if (!BUSY.compareAndSet(false, true)) {
                throw HierVlException
                    .usage("two parts of a batch run in one executor; give spark.executor.cores and spark.task.cpus the same "
                        + "value, so that an executor has one task");
            }
            try {
                return new TrainPart(plan).train();
            } finally {
                BUSY.set(false);
            }
        });
    }

    private double[] train() throws Exception {
        NativeStart.home(plan.home());
        NativeStart.on(plan.device());
        local = Scratch.folder("train");
        long run = parse(task.allGather(AtomicFile.randomName())[0]);
        try (NetworkSums sums = NetworkSums.ofExecutor(part, run, task::isInterrupted)) {
            String newest = part == 0 ? plan.run().newest().orElse("") : "";
            String[] all = task.allGather(sums.address() + " " + newest);
            sums.connect(Arrays.stream(all).map(a -> a.split(" ", -1)[0]).toList());
            try {
                return train(sums, all[0].split(" ", -1)[1]);
            } catch (HierVlException e) {
                Thread.sleep(LINGER_MS);
                throw e;
            }
        } finally {
            Scratch.remove(local);
        }
    }

    private static long parse(String hex) {
        return Long.parseUnsignedLong(hex, 16);
    }

    private double[] train(NetworkSums sums, String newest) {
        Path folder = local.resolve("run");
        if (!newest.isEmpty()) {
            plan.run().fetch(newest, folder);
        }
        HadoopFiles files = plan.run().files();
        Dataset dataset = plan.data().open(files);
        BackboneWeights tower = plan.backbone() == null ? null : Backbones.open(plan.backbone().here(files));
        Trainer trainer = new Trainer(recipe(), dataset, dataset.list(plan.data().file(files, plan.labelled())),
            plan.unlabelled() == null ? null : dataset.list(plan.data().file(files, plan.unlabelled())),
            ClipBundle.open(plan.clip().here(files)), tower, folder).together(sums);
        Trainer.Outcome outcome = trainer.train(!newest.isEmpty(), new StopSignal(), part == 0 ? progress() : Progress.NONE,
            part == 0 ? new Publisher(plan.run(), folder) : RunHooks.NONE);
        return new double[] {outcome.steps(), outcome.seconds(), outcome.last().getOrDefault("total", Double.NaN)};
    }

    /** Nothing is measured on the way, and parts other than the first save at the end alone. */
    private Recipe recipe() {
        List<String> own = new ArrayList<>(List.of("train.eval_every=0", "train.patience=0"));
        if (part > 0) {
            own.add("train.checkpoint_every=" + Integer.MAX_VALUE);
        }
        Path file = local.resolve(plan.name() + ".yaml");
        AtomicFile.write(file, plan.recipe());
        return Recipes.load(file.toString(), own);
    }

    /** Tells the driver, which has no other way to hear of a task that goes on for hours. */
    private Progress progress() {
        return new Progress() {
            private long last = System.nanoTime() - PROGRESS_NANOS;

            @Override
            public void update(long done, long total, String note) {
                long now = System.nanoTime();
                if (now - last >= PROGRESS_NANOS || done == total) {
                    last = now;
                    String line = String.format(Locale.ROOT, "%d\t%d\t%s", done, total, note);
                    plan.run().files().write(plan.run().run() + "/" + PROGRESS, line.getBytes(StandardCharsets.UTF_8));
                }
            }
        };
    }

    /** Removes what {@link #progress()} wrote. */
    static void forget(RunFiles run) {
        run.files().delete(run.run() + "/" + PROGRESS);
    }

    /** What {@link #progress()} wrote: done, total and a note; null if there is nothing. */
    static String[] progress(RunFiles run) {
        String path = run.run() + "/" + PROGRESS;
        String[] parts = run.files().exists(path) ? new String(run.files().read(path), StandardCharsets.UTF_8).split("\t") : new String[0];
        return parts.length == 3 ? parts : null;
    }

    /** Publishes what the first part saves. */
    private record Publisher(RunFiles run, Path folder) implements RunHooks {
        @Override
        public void saved(Checkpoint newest, long done) {
            run.publish(newest, folder);
        }
    }
}
