package io.hiervl.predict;

import io.hiervl.graph.GraphRunner;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The one thread on which networks work. The native libraries keep memory for every thread that ever called them, so a thread
 * for each model would leak with each model. It ends after some idle seconds, so that it holds no class loader.
 */
final class Worker {
    private static final long IDLE_SECONDS = 10;
    private static final ThreadPoolExecutor EXECUTOR = executor();

    private Worker() {
    }

    private static ThreadPoolExecutor executor() {
        ThreadPoolExecutor one = new ThreadPoolExecutor(1, 1, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
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
        one.allowCoreThreadTimeOut(true);
        return one;
    }

    /** Runs a task and waits for it; if the caller is interrupted, a task that has not begun never does. */
    static <T> T call(Callable<T> task) throws InterruptedException {
        Future<T> future = EXECUTOR.submit(task);
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
    static void finish(Callable<?> task) {
        Future<?> future = EXECUTOR.submit(task);
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

    private static RuntimeException unwrapped(ExecutionException e) {
        if (e.getCause() instanceof Error error) {
            throw error;
        }
        return e.getCause() instanceof RuntimeException known ? known : new IllegalStateException(e.getCause());
    }
}
