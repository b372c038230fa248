package io.hiervl.cli;

import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * A command's sign of life: a line after the first second and a half of a piece of work, and a line after every nine seconds in which
 * nothing else was written. Safe for several threads.
 */
final class Pulse implements AutoCloseable {
    private static final long FIRST_NANOS = TimeUnit.MILLISECONDS.toNanos(1500);
    private static final long NANOS = TimeUnit.SECONDS.toNanos(9);
    private static final long LOOK_MILLIS = 200;

    private final Consumer<String> lines;
    private Supplier<String> doing = () -> "starting";
    private long since = System.nanoTime();
    private long spoken = since;
    private boolean silent = true;
    private Thread thread;

    /** @param lines takes what is said */
    Pulse(Consumer<String> lines) {
        this.lines = lines;
    }

    /** Starts to speak, with the name of the command. */
    synchronized void start(String command) {
        doing = () -> command;
        thread = new Thread(this::watch, "pulse");
        thread.setDaemon(true);
        thread.start();
    }

    /** What the program does from now on. */
    synchronized void doing(String work) {
        doing(() -> work);
    }

    /** The same, with a text that is made when it is needed. */
    synchronized void doing(Supplier<String> work) {
        doing = work;
        since = System.nanoTime();
    }

    /** New work, which is said soon if nothing else is written. */
    synchronized void begin(String work) {
        doing(work);
        spoken = since;
        silent = true;
    }

    /** Nothing is done until there is new work: the program waits for others, and says so itself. */
    synchronized void rest() {
        doing = null;
    }

    /** Something was written. */
    synchronized void spoken() {
        spoken = System.nanoTime();
        silent = false;
    }

    private void watch() {
        try {
            while (true) {
                Thread.sleep(LOOK_MILLIS);
                String line = due(System.nanoTime());
                if (line != null) {
                    lines.accept(line);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // closed
        }
    }

    /** The line to write at this time, null if it is not yet due. */
    synchronized String due(long now) {
        if (doing == null || now - spoken < (silent ? FIRST_NANOS : NANOS)) {
            return null;
        }
        return String.format(Locale.ROOT, "%s ... at work for %s", doing.get(), ProgressLine.time((now - since) / 1e9));
    }

    @Override
    public synchronized void close() {
        if (thread != null) {
            thread.interrupt();
            thread = null;
        }
    }
}
