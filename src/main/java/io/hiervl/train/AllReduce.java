package io.hiervl.train;

import io.hiervl.PublicApi;

/**
 * Sums over the parts of a batch that lie on several machines. Every part computes the terms and gradients of its own images,
 * and all of them make the same update. All parts call the same methods in the same order with arrays of the same length;
 * every part then holds the same sums, to the last bit. Called by the thread that trains.
 */
@PublicApi
public interface AllReduce {
    /** One machine that has the whole batch. */
    AllReduce ALONE = new AllReduce() {
        @Override
        public int part() {
            return 0;
        }

        @Override
        public int parts() {
            return 1;
        }

        @Override
        public void sum(double[] values) {
            // the sum over one part
        }

        @Override
        public void sum(float[] values) {
            // the sum over one part
        }
    };

    /** Number of this part, from 0. */
    int part();

    /** How many parts there are. */
    int parts();

    /** Replaces values by their sums over all parts. */
    void sum(double[] values);

    /** Replaces values by their sums over all parts. */
    void sum(float[] values);
}
