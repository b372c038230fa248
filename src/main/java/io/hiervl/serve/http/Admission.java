package io.hiervl.serve.http;

import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A bounded queue in front of the work. A request takes a place before its body is read, so the places bound the memory of bodies; it
 * takes a turn when its body is complete, so a slow sender keeps nobody from working.
 */
final class Admission {
    private static final double SMOOTHING = 0.2;

    private final int threads;
    private final int all;
    private final Semaphore places;
    private final Semaphore turns;
    /** Running mean of a request's work. */
    private final AtomicLong nanos = new AtomicLong(TimeUnit.MILLISECONDS.toNanos(100));

    Admission(int threads, int queue) {
        this.threads = threads;
        this.all = threads + queue;
        this.places = new Semaphore(all);
        this.turns = new Semaphore(threads, true);
    }

    /** Takes a place; 429 if there is none. */
    void takePlace() {
        if (!places.tryAcquire()) {
            long seconds = Math.max(1, Math.round(Math.ceil((double) nanos.get() * all / threads / 1e9)));
            throw new Refusal(429, "the queue of " + all + " requests is full; try again in " + seconds + " s",
                Map.of("Retry-After", Long.toString(seconds)));
        }
    }

    void leavePlace() {
        places.release();
    }

    /** Waits for a turn until the deadline; 503 if it passes. */
    void takeTurn(Deadline deadline) throws InterruptedException {
        if (!turns.tryAcquire(deadline.nanosLeft(), TimeUnit.NANOSECONDS)) {
            throw new InterruptedException();
        }
    }

    void leaveTurn(long worked) {
        nanos.updateAndGet(mean -> Math.round(mean + SMOOTHING * (worked - mean)));
        turns.release();
    }

    /** Requests that have a place, whether they work or wait. */
    int present() {
        return all - places.availablePermits();
    }

    /** Requests that work. */
    int working() {
        return threads - turns.availablePermits();
    }
}
