package io.hiervl.serve.http;

import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** Interrupts the thread that made it when the time of a request is over; after {@link #close} it never does. */
final class Deadline implements AutoCloseable {
    private final Thread thread = Thread.currentThread();
    private final long end;
    private final ScheduledFuture<?> alarm;
    private boolean closed;
    private boolean passed;

    Deadline(ScheduledExecutorService clock, Duration time) {
        this.end = System.nanoTime() + time.toNanos();
        this.alarm = clock.schedule(this::ring, time.toNanos(), TimeUnit.NANOSECONDS);
    }

    private synchronized void ring() {
        if (!closed) {
            passed = true;
            thread.interrupt();
        }
    }

    long nanosLeft() {
        return Math.max(0, end - System.nanoTime());
    }

    synchronized boolean passed() {
        return passed;
    }

    /** The thread goes on with other requests, without the interruption. */
    @Override
    public synchronized void close() {
        closed = true;
        alarm.cancel(false);
        if (passed) {
            Thread.interrupted();
        }
    }
}
