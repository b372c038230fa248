package io.hiervl.predict;

import io.hiervl.HierVlException;
import java.time.Duration;
import java.util.concurrent.CancellationException;

/** One photo in work: can be given up between two windows. */
final class Job {
    private final Duration time;
    private volatile boolean cancelled;
    private long end = Long.MAX_VALUE;

    /** @param time limit, null for none */
    Job(Duration time) {
        this.time = time;
    }

    void start() {
        end = time == null ? Long.MAX_VALUE : System.nanoTime() + time.toNanos();
        check();
    }

    void cancel() {
        cancelled = true;
    }

    /** Fails if the photo is to be given up. */
    void check() {
        if (cancelled) {
            throw new CancellationException("the photo was given up");
        }
        if (end != Long.MAX_VALUE && System.nanoTime() - end > 0) {
            throw HierVlException.data("the photo takes longer than the limit of " + time.toMillis() + " ms");
        }
    }
}
