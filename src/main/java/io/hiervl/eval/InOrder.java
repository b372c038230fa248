package io.hiervl.eval;

/** Pieces of work that several threads finish in any order and hand in by their numbers 0, 1, 2... */
final class InOrder {
    private int turn;
    private Throwable failure;

    /** Waits for the pieces before this one, then runs the task; returns without running it if another piece failed. */
    synchronized void run(int number, Runnable task) {
        boolean interrupted = false;
        while (turn < number && failure == null) {
            try {
                wait();
            } catch (InterruptedException e) {
                // the pieces before hold memory of this one's image
                interrupted = true;
            }
        }
        try {
            if (failure == null) {
                task.run();
                turn++;
                notifyAll();
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Gives up all pieces that wait. */
    synchronized void fail(Throwable thrown) {
        failure = failure == null ? thrown : failure;
        notifyAll();
    }

    synchronized boolean failed() {
        return failure != null;
    }

    /** Throws what the first failing piece threw. */
    synchronized void rethrow() {
        if (failure instanceof Error e) {
            throw e;
        }
        if (failure instanceof RuntimeException e) {
            throw e;
        }
    }
}
