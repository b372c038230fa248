package io.hiervl.cli;

import io.hiervl.train.StopSignal;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * While open, Ctrl-C and SIGTERM ask training to give up the step in work and to save what was finished; a second one ends the
 * program at once. Four seconds after the first one the program ends in any case, unless finished steps are still to be saved.
 * Shutdown hooks could not do that: Java ignores signals while they run.
 */
final class Interrupt implements AutoCloseable {
    private static final long PATIENCE_MILLIS = 4000;
    private static final long LOOK_MILLIS = 100;

    private final Map<Signal, SignalHandler> before = new LinkedHashMap<>();
    private volatile boolean closed;

    Interrupt(StopSignal stop, Console console) {
        AtomicBoolean asked = new AtomicBoolean();
        for (String name : new String[] {"INT", "TERM"}) {
            Signal signal = new Signal(name);
            before.put(signal, Signal.handle(signal, s -> {
                if (asked.getAndSet(true)) {
                    Runtime.getRuntime().halt(128 + s.getNumber());
                }
                stop.stop();
                endSoon(stop, 128 + s.getNumber());
                console.warn("\nstopping and saving what was finished; once more to stop at once");
            }));
        }
    }

    /** What cannot be given up, such as the building of a graph, is cut off where nothing would be lost. */
    private void endSoon(StopSignal stop, int exit) {
        Thread end = new Thread(() -> {
            try {
                Thread.sleep(PATIENCE_MILLIS);
                while (!closed && stop.unsaved()) {
                    Thread.sleep(LOOK_MILLIS);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
            if (!closed) {
                Runtime.getRuntime().halt(exit);
            }
        }, "end");
        end.setDaemon(true);
        end.start();
    }

    @Override
    public void close() {
        closed = true;
        before.forEach(Signal::handle);
    }
}
