package io.hiervl.cli;

import io.hiervl.train.StopSignal;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * While open, Ctrl-C and SIGTERM ask training to stop after the step in work and to save; a second one ends the program at
 * once. Shutdown hooks could not do that: Java ignores signals while they run.
 */
final class Interrupt implements AutoCloseable {
    private final Map<Signal, SignalHandler> before = new LinkedHashMap<>();

    Interrupt(StopSignal stop, Console console) {
        AtomicBoolean asked = new AtomicBoolean();
        for (String name : new String[] {"INT", "TERM"}) {
            Signal signal = new Signal(name);
            before.put(signal, Signal.handle(signal, s -> {
                if (asked.getAndSet(true)) {
                    Runtime.getRuntime().halt(128 + s.getNumber());
                }
                stop.stop();
                console.note("\nstopping after this step and saving; once more to stop at once");
            }));
        }
    }

    @Override
    public void close() {
        before.forEach(Signal::handle);
    }
}
