package io.hiervl.train;

import io.hiervl.graph.ParameterStore;
import io.hiervl.model.UNetStatistics;
import io.hiervl.optim.Ema;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongFunction;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Measures the statistics of batch norm before weights are saved: those of the weights, and those of their average if one is kept. */
final class NormStatistics {
    /** Batches of labelled images that are looked at. */
    private static final int BATCHES = 8;

    private NormStatistics() {
    }

    /**
     * Writes the statistics of the weights into the model's store.
     *
     * @param average of the weights, or null
     * @param images  the labelled images of a step, (B,3,H,W)
     * @param changed called whenever arrays of the store have got other values on the host
     * @return statistics of the average, by name
     */
    static Map<String, INDArray> measure(TrainingModel model, Ema average, LongFunction<INDArray> images, Runnable changed) {
        if (!UNetStatistics.needed(model.network())) {
            return Map.of();
        }
        ParameterStore store = model.store();
        Map<String, INDArray> ofAverage = new LinkedHashMap<>();
        if (average != null && !average.average().isEmpty()) {
            Map<String, INDArray> own = new HashMap<>();
            average.average().forEach((name, a) -> {
                if (UNetStatistics.reads(name)) {
                    INDArray array = store.get(name).array();
                    own.put(name, array.dup('c'));
                    array.assign(a);
                }
            });
            changed.run();
            measure(model, images);
            own.forEach((name, a) -> store.get(name).array().assign(a));
            changed.run();
            store.all().stream().map(ParameterStore.Parameter::name).filter(UNetStatistics::writes)
                .forEach(name -> ofAverage.put(name, store.get(name).array().dup('c')));
        }
        measure(model, images);
        changed.run();
        return ofAverage;
    }

    private static void measure(TrainingModel model, LongFunction<INDArray> images) {
        UNetStatistics statistics = null;
        for (int i = 0; i < BATCHES; i++) {
            INDArray batch = images.apply(i);
            if (statistics == null) {
                statistics = new UNetStatistics(model.network(), model.store(), batch.shape());
            }
            statistics.add(batch);
        }
        statistics.write();
    }
}
