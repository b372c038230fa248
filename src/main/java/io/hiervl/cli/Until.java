package io.hiervl.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/** Waits for Ctrl-C or SIGTERM; a second one ends the program at once. */
final class Until implements AutoCloseable {
    private final Map<Signal, SignalHandler> before = new LinkedHashMap<>();
    private final CountDownLatch asked = new CountDownLatch(1);

    Until() {
        for (String name : new String[] {"INT", "TERM"}) {
            Signal signal = new Signal(name);
            before.put(signal, Signal.handle(signal, s -> {
                if (asked.getCount() == 0) {
                    Runtime.getRuntime().halt(128 + s.getNumber());
                }
                asked.countDown();
            }));
        }
    }

    /** Waits. */
    void await() throws InterruptedException {
        asked.await();
    }

    @Override
    public void close() {
        before.forEach(Signal::handle);
    }
}
