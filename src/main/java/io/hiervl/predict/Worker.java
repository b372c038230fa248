package io.hiervl.predict;

import io.hiervl.graph.GraphRunner;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The threads on which networks work. ND4J's libraries keep memory for every thread that ever called them, so a thread for each model would
 * leak with each model: networks on ND4J share one thread. Threads end after some idle seconds, so that they hold no class loader.
 */
final class Worker {
    private static final long IDLE_SECONDS = 10;
    private static final Worker SHARED = new Worker(1);

    private final ThreadPoolExecutor executor;

    private Worker(int threads) {
        executor = executor(threads);
    }

    /** The one thread of all networks on ND4J. */
    static Worker shared() {
        return SHARED;
    }

    /** Threads for one network that keeps no memory for them. */
    static Worker own(int threads) {
        return new Worker(threads);
    }

    private static ThreadPoolExecutor executor(int threads) {
        ThreadPoolExecutor pool =
            new ThreadPoolExecutor(threads, threads, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
                Thread t = new Thread(() -> {
                    try {
                        task.run();
                    } finally {
                        GraphRunner.releaseMemory(); // the pool of a thread that is gone would wait for a collection of Java's heap
                    }
                }, "hiervl-segmenter");
                t.setDaemon(true);
                t.setContextClassLoader(Worker.class.getClassLoader());
                return t;
            });
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    /**
     * Runs a task and waits for it; if the caller is interrupted, a task that has not begun never does.
     *
     * @throws java.util.concurrent.RejectedExecutionException after {@link #end}
     */
    <T> T call(Callable<T> task) throws InterruptedException {
        Future<T> future = executor.submit(task);
        try {
            return future.get();
        } catch (ExecutionException e) {
            throw unwrapped(e);
        } catch (InterruptedException e) {
            future.cancel(false);
            throw e;
        }
    }

    /** Runs a task and waits for it whatever happens; an interruption is kept for later. */
    void finish(Callable<?> task) {
        Future<?> future = executor.submit(task);
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    future.get();
                    return;
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } catch (ExecutionException e) {
            throw unwrapped(e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Takes no more tasks and waits for all that it has, whatever happens; an interruption is kept for later. */
    void end() {
        executor.shutdown();
        boolean interrupted = false;
        for (boolean ended = false; !ended;) {
            try {
                ended = executor.awaitTermination(IDLE_SECONDS, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static RuntimeException unwrapped(ExecutionException e) {
        if (e.getCause() instanceof Error error) {
            throw error;
        }
        return e.getCause() instanceof RuntimeException known ? known : new IllegalStateException(e.getCause());
    }
}
