package io.hiervl.serve.http;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.Callback;

/**
 * Reads what a caller still sends after its refusal is written.
 *
 * <p>The system resets a connection that is closed while bytes lie unread, and the caller loses the answer: a refusal before the
 * end of the body would look like a dead service. No thread waits here; time and bytes are limited.
 */
final class Leftovers implements Callback {
    private final Request request;
    private final Callback done;
    private final ScheduledFuture<?> alarm;
    private final AtomicBoolean finished = new AtomicBoolean();
    private long bytesLeft;

    /**
     * The callback to write the refusal with.
     *
     * @param done  completed when the rest was read; failed, which closes the connection, when it is too long or too slow
     * @param most  time for answer and rest
     * @param bytes most bytes of the rest
     */
    Leftovers(Request request, Callback done, ScheduledExecutorService clock, Duration most, long bytes) {
        this.request = request;
        this.done = done;
        this.bytesLeft = bytes;
        this.alarm = clock.schedule(() -> failed(new IOException("the rest of a refused body is too slow")), most.toMillis(),
            TimeUnit.MILLISECONDS);
    }

    /** The answer is written. */
    @Override
    public void succeeded() {
        try {
            readOn();
        } catch (RuntimeException e) { // thrown in Jetty's thread, it would leave the connection open for ever
            failed(e);
        }
    }

    private void readOn() {
        while (!finished.get()) {
            Content.Chunk chunk = request.read();
            if (chunk == null) {
                request.demand(this::succeeded);
                return;
            }
            if (Content.Chunk.isFailure(chunk)) {
                failed(chunk.getFailure());
                return;
            }
            bytesLeft -= chunk.remaining();
            chunk.release();
            if (chunk.isLast()) {
                finish(null);
            } else if (bytesLeft < 0) {
                failed(new IOException("the rest of a refused body is too long"));
            }
        }
    }

    @Override
    public void failed(Throwable cause) {
        finish(cause);
    }

    private void finish(Throwable cause) {
        if (finished.compareAndSet(false, true)) {
            alarm.cancel(false);
            if (cause == null) {
                done.succeeded();
            } else {
                done.failed(cause);
            }
        }
    }
}
