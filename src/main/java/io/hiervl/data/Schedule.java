package io.hiervl.data;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Which samples a batch takes: every pass over the list is a new seeded order, and the batch of a step follows from
 * seed and step alone, so that a resumed run goes on exactly where it stopped.
 */
final class Schedule {
    private final int size;
    private final int batch;
    private final int perPass;
    private final long seed;
    private long cachedPass = -1;
    private int[] cachedOrder;
    private double[] upTo;

    /**
     * @param dropLast leave out the rest of a pass that fills no batch; a list shorter than a batch is repeated
     */
    Schedule(int size, int batch, boolean dropLast, long seed) {
        if (size < 1 || batch < 1) {
            throw new IllegalArgumentException("batches of " + batch + " from " + size + " samples");
        }
        this.size = size;
        this.batch = batch;
        this.perPass = dropLast && size >= batch ? size / batch * batch : size;
        this.seed = seed;
    }

    /** Draws samples with these chances instead, with replacement. */
    Schedule chances(double[] chances) {
        upTo = chances.clone();
        Arrays.parallelPrefix(upTo, Double::sum);
        return this;
    }

    /** Samples of a batch. */
    int batch() {
        return batch;
    }

    int[] at(long step) {
        int[] out = new int[batch];
        if (upTo != null) {
            for (int i = 0; i < batch; i++) {
                int found = Arrays.binarySearch(upTo, Shuffle.random(seed, draw(step, i)).nextDouble() * upTo[size - 1]);
                out[i] = Math.min(size - 1, found < 0 ? -found - 1 : found);
            }
            return out;
        }
        for (int i = 0; i < batch; i++) {
            long position = step * batch + i;
            out[i] = order(position / perPass)[(int) (position % perPass)];
        }
        return out;
    }

    /** Number of this draw in the whole run, the seed of its random choices. */
    long draw(long step, int i) {
        return step * batch + i;
    }

    private synchronized int[] order(long pass) {
        if (pass != cachedPass) {
            SplittableRandom random = Shuffle.random(seed, pass);
            cachedOrder = Shuffle.permutation(size, random);
            cachedPass = pass;
        }
        return cachedOrder;
    }
}
