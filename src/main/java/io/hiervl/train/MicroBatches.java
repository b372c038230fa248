package io.hiervl.train;

import io.hiervl.backend.Backend;
import io.hiervl.backend.jvm.Parallel;
import java.util.Arrays;
import java.util.HashMap;
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

    /**
     * Body that adds the gradients of images from..to-1 to the sums and returns the places of their terms by name; several may run at a
     * time.
     */
    interface Part {
        Map<String, Integer> run(int from, int to, GradientSum gradients, GradientSum gradT);
    }

    /**
     * Terms of images from..to-1, not weighted.
     *
     * @param places in the step's readings, by name of the term
     */
    record Terms(int from, int to, Map<String, Integer> places) {
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

    /** Runs the body over all parts of a batch and returns where the terms of each will be, in the order of the images. */
    List<Terms> run(StepContext context, int batch, Part body) {
        Map<Integer, Terms> terms = new ConcurrentSkipListMap<>();
        lanes(batch, (lane, from, to) -> terms.put(from,
            new Terms(from, to, body.run(from, to, context.gradients().lane(lane), context.gradT().lane(lane)))));
        context.gradients().join();
        context.gradT().join();
        return List.copyOf(terms.values());
    }

    /** End of the first part that runs by itself. */
    int first(int batch) {
        int part = Math.min(batch, size);
        return lanes ? part / ((part + LANE - 1) / LANE) : part;
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
