package io.hiervl.train;

import io.hiervl.PublicApi;
import java.util.concurrent.atomic.AtomicBoolean;

/** Asks a training run to stop after the step in work and to save. May be set from another thread, such as a Ctrl-C handler. */
@PublicApi
public final class StopSignal {
    private final AtomicBoolean stop = new AtomicBoolean();

    public void stop() {
        stop.set(true);
    }

    public boolean isSet() {
        return stop.get();
    }
}
