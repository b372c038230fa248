package io.hiervl.eval;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;

/**
 * Loads items in order on a thread of its own, one item ahead of the reader: the next photo is decoded while the network works.
 * A failure is thrown to the reader of that item, and the items after it can still be read.
 */
public final class Ahead<T> implements AutoCloseable {
    private final int size;
    private final IntFunction<T> load;
    private final Deque<Future<T>> coming = new ArrayDeque<>();
    private final ExecutorService loader = Executors.newSingleThreadExecutor(task -> {
        Thread t = new Thread(task, "hiervl-decoder");
        t.setDaemon(true);
        return t;
    });
    private int submitted;

    /** @param load makes item i of {@code size} */
    public Ahead(int size, IntFunction<T> load) {
        this.size = size;
        this.load = load;
    }

    /** The next item; the one after it is loaded meanwhile. */
    public T next() {
        submit();
        Future<T> item = coming.remove();
        submit();
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return item.get();
                } catch (InterruptedException e) {
                    // loading one file ends by itself
                    interrupted = true;
                }
            }
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw e.getCause() instanceof RuntimeException known ? known : new IllegalStateException(e.getCause());
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void submit() {
        if (coming.isEmpty() && submitted < size) {
            int i = submitted++;
            coming.add(loader.submit(() -> load.apply(i)));
        }
    }

    @Override
    public void close() {
        loader.shutdown();
    }
}
