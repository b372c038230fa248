package io.hiervl;

import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Work that can be given up between two ops of a graph. One piece of work of a process can be stoppable at a time; it may use several
 * threads.
 */
public final class Stoppable {
    private static volatile BooleanSupplier asked = Stoppable::never;

    private Stoppable() {
    }

    private static boolean never() {
        return false;
    }

    /** Thrown out of work that was given up. */
    public static final class Stopped extends RuntimeException {
        private static final long serialVersionUID = 1;

        Stopped() {
            super("stopped on request", null, false, false);
        }
    }

    /**
     * Runs work that may be given up.
     *
     * @param stop true from when on the work shall end
     * @throws Stopped if it was given up; what it had begun is not finished
     */
    public static <T> T run(BooleanSupplier stop, Supplier<T> work) {
        asked = stop;
        try {
            check();
            return work.get();
        } finally {
            asked = Stoppable::never;
        }
    }

    /** Gives up the work in hand if somebody asked for it. */
    public static void check() {
        if (asked.getAsBoolean()) {
            throw new Stopped();
        }
    }
}
