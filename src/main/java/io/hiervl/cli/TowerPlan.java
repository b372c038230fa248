package io.hiervl.cli;

import io.hiervl.backbone.Backbone;
import java.util.List;
import java.util.Locale;

/**
 * How a large image tower is trained with on a CPU: it stays frozen, and what it makes of the photos is kept on disk. Batches come again
 * after a cycle of steps, so that it is found there.
 *
 * @param gib     on disk at most
 * @param perStep bytes that a step of the first cycle adds
 */
record TowerPlan(double gib, long perStep) {
    private static final double MOST_GIB = 8;
    private static final double LEAST_GIB = 0.1;
    private static final long GIB = 1L << 30;
    private static final int TAPS = 4;
    private static final int BYTES = 2;
    /** Weak view, which the feature-perturbed one shares, and two strong ones. */
    private static final int VIEWS = 3;
    /** Share of the time for steps in which the tower may run. */
    private static final double FIRST_CYCLE = 0.4;

    /**
     * A plan, null if there is no room on the disk.
     *
     * @param free       bytes on the disk of the run folder
     * @param labelled   photos a step
     * @param unlabelled photos a step
     */
    static TowerPlan of(long free, Backbone tower, int crop, int labelled, int unlabelled) {
        double gib = Math.min(MOST_GIB, Math.floor(free / 2.0 / GIB * 10) / 10);
        long patches = (long) (crop / tower.patch()) * (crop / tower.patch());
        long view = TAPS * patches * tower.width() * BYTES;
        return gib < LEAST_GIB ? null : new TowerPlan(gib, view * (labelled + (long) VIEWS * unlabelled));
    }

    /** Steps whose outputs fit the disk. */
    int fitting() {
        return (int) Math.max(1, gib * GIB / perStep);
    }

    /** Settings that do not depend on times; the masked view changes at every step and trains nothing but the tower. */
    List<String> settings() {
        return List.of("model.trainable=none", "train.tower_cache=" + String.format(Locale.ROOT, "%.1f", gib), "loss.mask=0", "loss.pt=0");
    }

    String reason() {
        return String.format(Locale.ROOT,
            "the image tower stays frozen: a CPU would spend its time on it; what it makes of the photos is kept "
                + "on disk, at most %.1f GiB",
            gib);
    }

    /** Steps of the first cycle of a run whose length is given. */
    int cycle(int steps) {
        return (int) Math.max(1, Math.min(fitting(), FIRST_CYCLE * steps));
    }

    /**
     * Steps of the first cycle and of the run.
     *
     * @param first   seconds of a step in which the tower runs
     * @param again   seconds of a step that finds its outputs on disk
     * @param seconds for all steps
     */
    int[] steps(double first, double again, double seconds) {
        int cycle = (int) Math.max(1, Math.min(fitting(), FIRST_CYCLE * seconds / first));
        return new int[] {cycle, (int) Math.max(cycle, cycle + (seconds - cycle * first) / again)};
    }
}
