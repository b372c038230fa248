package io.hiervl.train;

import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Runs a batch in parts. All denominators are in weights that belong to the whole batch, so the sums of the parts' terms and
 * gradients are those of the undivided batch.
 */
final class MicroBatches {
    private final int size;

    /** @param size images of a part at most */
    MicroBatches(int size) {
        this.size = size;
    }

    /** Body over images from..to-1. */
    interface Range {
        void run(int from, int to);
    }

    /** Body that adds the gradients of images from..to-1 to the sums and returns their terms, not weighted. */
    interface Part {
        Map<String, Double> run(int from, int to, GradientSum gradients, GradientSum gradT);
    }

    /** Runs the body over all parts of a batch. */
    void forEach(int batch, Range body) {
        for (int from = 0; from < batch; from += size) {
            body.run(from, Math.min(batch, from + size));
        }
    }

    /**
     * Runs the body over all parts of a batch and returns the sums of the terms.
     *
     * @param names of the batch's images
     * @throws io.hiervl.HierVlException of kind DIVERGED naming the term and the part's images if a term is not finite
     */
    Map<String, Double> sum(StepContext context, List<String> names, Part body) {
        Map<String, Double> sums = new LinkedHashMap<>();
        forEach(names.size(), (from, to) -> body.run(from, to, context.gradients(), context.gradT()).forEach((term, value) -> {
            context.requireFinite(term, value, names.subList(from, to));
            sums.merge(term, value, Double::sum);
        }));
        return sums;
    }

    /** Rows from..to-1 of an array (B,...), dense. */
    static INDArray rows(INDArray a, int from, int to) {
        if (from == 0 && to == a.size(0)) {
            return a;
        }
        long[] shape = a.shape().clone();
        shape[0] = to - from;
        return a.get(NDArrayIndex.interval(from, to)).dup('c').reshape('c', shape);
    }

    /** Rows from..to-1 of arrays (B,...). */
    static Map<String, INDArray> rows(Map<String, INDArray> arrays, int from, int to) {
        Map<String, INDArray> part = new LinkedHashMap<>();
        arrays.forEach((name, a) -> part.put(name, rows(a, from, to)));
        return part;
    }

    /** Graphs by what distinguishes them, each built once. */
    static final class Graphs<G> {
        private final Map<String, G> graphs = new HashMap<>();

        /** SameDiff cannot build two graphs at a time. */
        G get(long[] shape, String more, Supplier<G> build) {
            synchronized (MicroBatches.class) {
                return graphs.computeIfAbsent(Arrays.toString(shape) + more, k -> build.get());
            }
        }
    }
}
