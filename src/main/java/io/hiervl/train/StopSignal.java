package io.hiervl.train;

import io.hiervl.PublicApi;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Asks a training run to give up the step in work and to save what was finished before it.
 * May be set from another thread, such as a Ctrl-C handler.
 */
@PublicApi
public final class StopSignal {
    private final AtomicBoolean stop = new AtomicBoolean();
    private volatile boolean unsaved;

    public void stop() {
        stop.set(true);
    }

    public boolean isSet() {
        return stop.get();
    }

    /** Whether steps are finished that no checkpoint holds yet: then a process must not end before they are saved. */
    public boolean unsaved() {
        return unsaved;
    }

    void unsaved(boolean now) {
        unsaved = now;
    }
}
