package io.hiervl.train;

import io.hiervl.backend.DeviceSum;
import io.hiervl.data.Batches;
import io.hiervl.data.Share;
import io.hiervl.graph.ParameterStore;
import io.hiervl.model.UNetStatistics;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.LongFunction;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Data parallel training on several devices of this machine. Each has the whole network and a part of every batch, in a thread of its own.
 * Gradients are added up by the devices themselves where they can, else through the host. All devices make the same update. Who
 * looks from outside sees the first one.
 */
final class StepGroup implements StepRunner {
    private final List<TrainingModel> models;
    private final List<TrainingStep> steps = new ArrayList<>();
    private final List<ExecutorService> threads = new ArrayList<>();
    private final LocalGroup group;

    /**
     * @param models one for each device, with stores of their own and the same weights
     * @param total  steps of the whole run
     */
    StepGroup(List<TrainingModel> models, int total) {
        this.models = models;
        this.group = new LocalGroup(models.size());
        List<DeviceSum> sums = models.get(0).where().sums(models.stream().map(TrainingModel::where).toList());
        for (int p = 0; p < models.size(); p++) {
            int part = p;
            threads.add(Executors.newSingleThreadExecutor(r -> {
                Thread thread = new Thread(r, "device-" + part);
                thread.setDaemon(true);
                return thread;
            }));
            steps.add(first(p, () -> new TrainingStep(models.get(part), total, group.part(part), sums.isEmpty() ? null : sums.get(part))));
        }
    }

    /** Runs something in the thread of a device. */
    private <T> T first(int part, Callable<T> task) {
        return result(threads.get(part).submit(task));
    }

    private static <T> T result(Future<T> running) {
        try {
            return running.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while devices compute", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException known) {
                throw known;
            }
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    /** A task of one device. */
    private interface Task<T> {
        T of(int part);
    }

    /** Runs something on all devices beside each other; if one fails the others end too, and its failure is thrown. */
    private <T> List<T> all(Task<T> task) {
        List<Future<T>> running = new ArrayList<>();
        for (int p = 0; p < steps.size(); p++) {
            int part = p;
            running.add(threads.get(p).submit(() -> {
                try {
                    return task.of(part);
                } catch (RuntimeException | Error e) {
                    group.abort();
                    throw e;
                }
            }));
        }
        List<T> results = new ArrayList<>();
        RuntimeException failure = null;
        for (Future<T> each : running) {
            try {
                results.add(result(each));
            } catch (RuntimeException e) {
                failure = failure == null || failure instanceof LocalGroup.OtherFailed ? e : failure;
            }
        }
        if (failure != null) {
            throw failure;
        }
        return results;
    }

    @Override
    public Map<String, Double> run(Batches.Step batch) {
        return all(part -> steps.get(part).run(batch.part(new Share(part, steps.size())))).get(0);
    }

    @Override
    public void initialiseGate(INDArray images) {
        all(part -> {
            steps.get(part).initialiseGate(images);
            return part;
        });
    }

    @Override
    public Map<String, INDArray> measureNorms(LongFunction<INDArray> images) {
        Map<String, INDArray> state = first(0, () -> steps.get(0).measureNorms(images));
        for (int p = 1; p < steps.size() && UNetStatistics.needed(models.get(0).network()); p++) {
            ParameterStore store = models.get(p).store();
            steps.get(p).toHost();
            models.get(0).store().all().stream().filter(m -> UNetStatistics.writes(m.name()))
                .forEach(m -> store.assign(m.name(), m.array()));
            steps.get(p).weightsChanged();
        }
        return state;
    }

    @Override
    public void weightsChanged() {
        copyWeights();
        steps.forEach(TrainingStep::weightsChanged);
    }

    private void copyWeights() {
        for (TrainingModel other : models.subList(1, models.size())) {
            for (ParameterStore.Parameter p : models.get(0).store().all()) {
                other.store().assign(p.name(), p.array());
            }
        }
    }

    @Override
    public Map<String, INDArray> state() {
        return first(0, () -> steps.get(0).state());
    }

    @Override
    public void load(Map<String, INDArray> state) {
        copyWeights();
        all(part -> {
            steps.get(part).load(state);
            return part;
        });
    }

    @Override
    public INDArray textToSave() {
        return first(0, () -> steps.get(0).textToSave());
    }

    @Override
    public String report() {
        return steps.get(0).report();
    }

    @Override
    public void close() {
        for (int p = 0; p < steps.size(); p++) {
            TrainingStep step = steps.get(p);
            first(p, () -> {
                step.close();
                return step;
            });
        }
        threads.forEach(ExecutorService::shutdownNow);
    }
}
