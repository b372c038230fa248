package io.hiervl.train;

import io.hiervl.backend.Backend;
import io.hiervl.backend.jvm.Parallel;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Supplier;

/**
 * Runs a batch in parts. All denominators are in weights that belong to the whole batch, so the sums of the parts' terms and
 * gradients are those of the undivided batch. A part is cut again into lanes of at most {@link #LANE} images that run beside
 * each other: small graphs gain more from that than from loops that all threads share. The cut depends on the batch alone, so
 * that results do not depend on the number of threads.
 */
final class MicroBatches {
    private static final int LANE = 4;

    private final int size;
    private final boolean lanes;

    /**
     * @param size    images of a part at most
     * @param backend where the parts run; a GPU is one queue, which a whole part fills better
     */
    MicroBatches(int size, Backend backend) {
        this.size = size;
        this.lanes = backend.onHost();
    }

    private interface Lane {
        void run(int lane, int from, int to);
    }

    /** Body over images from..to-1; several may run at a time. */
    interface Range {
        void run(int from, int to);
    }

    /** Body that adds the gradients of images from..to-1 to the sums and returns their terms, not weighted; several may run at a time. */
    interface Part {
        Map<String, Double> run(int from, int to, GradientSum gradients, GradientSum gradT);
    }

    /** Runs the body over all parts of a batch. */
    void forEach(int batch, Range body) {
        lanes(batch, (lane, from, to) -> body.run(from, to));
    }

    private void lanes(int batch, Lane body) {
        for (int from = 0; from < batch; from += size) {
            int first = from;
            int part = Math.min(batch - from, size);
            int n = lanes ? (part + LANE - 1) / LANE : 1;
            Parallel.lanes(n, i -> body.run(i, first + part * i / n, first + part * (i + 1) / n));
        }
    }

    /**
     * Runs the body over all parts of a batch and returns the sums of the terms.
     *
     * @param names of the batch's images
     * @throws io.hiervl.HierVlException of kind DIVERGED naming the term and the part's images if a term is not finite
     */
    Map<String, Double> sum(StepContext context, List<String> names, Part body) {
        Map<Integer, Map<String, Double>> terms = new ConcurrentSkipListMap<>();
        lanes(names.size(), (lane, from, to) -> {
            Map<String, Double> part = body.run(from, to, context.gradients().lane(lane), context.gradT().lane(lane));
            part.forEach((term, value) -> context.requireFinite(term, value, names.subList(from, to)));
            terms.put(from, part);
        });
        context.gradients().join();
        context.gradT().join();
        Map<String, Double> sums = new LinkedHashMap<>();
        terms.values().forEach(part -> part.forEach((term, value) -> sums.merge(term, value, Double::sum)));
        return sums;
    }

    /** End of the first part that runs by itself. */
    int first(int batch) {
        int part = Math.min(batch, size);
        return part / ((part + LANE - 1) / LANE);
    }

    /** Graphs by what distinguishes them, each built once. */
    static final class Graphs<G> {
        private final Map<String, G> graphs = new HashMap<>();

        private static final Object BUILDING = new Object();

        /** SameDiff cannot build two graphs at a time. */
        G get(long[] shape, String more, Supplier<G> build) {
            synchronized (BUILDING) {
                return graphs.computeIfAbsent(Arrays.toString(shape) + more, k -> build.get());
            }
        }
    }
}
