package io.hiervl.op.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

/**
 * Splits loops over a small fixed set of threads (environment variable OMP_NUM_THREADS, else all cores). How a loop is
 * cut depends on its length alone, never on the number of threads, so sums over parts are reproducible.
 */
public final class Parallel {
    /** Body over the indices from..to-1. */
    @FunctionalInterface
    public interface Range {
        void run(int from, int to);
    }

    /** Body over the indices from..to-1 of one part. */
    @FunctionalInterface
    public interface Part {
        void run(int part, int from, int to);
    }

    private static final int THREADS = threadsFromEnvironment();
    private static final ThreadLocal<Boolean> INSIDE = ThreadLocal.withInitial(() -> false);
    private static final ExecutorService POOL = Executors.newFixedThreadPool(Math.max(1, THREADS - 1), r -> {
        Thread t = new Thread(r, "hiervl-kernel");
        t.setDaemon(true);
        return t;
    });

    private Parallel() {
    }

    /** Number of threads that share a loop. */
    public static int threads() {
        return THREADS;
    }

    private static int threadsFromEnvironment() {
        String value = System.getenv("OMP_NUM_THREADS");
        if (value != null && value.matches("[1-9][0-9]{0,3}")) {
            return Integer.parseInt(value);
        }
        return Runtime.getRuntime().availableProcessors();
    }

    /** Runs the body over 0..n-1 in pieces of at most {@code grain} indices. */
    public static void forRange(long n, long grain, Range body) {
        forParts(n, grain, (part, from, to) -> body.run(from, to));
    }

    /** Runs the body for every index 0..n-1, one at a time. */
    public static void forEach(int n, IntConsumer body) {
        forParts(n, 1, (part, from, to) -> body.accept(from));
    }

    /** Number of parts that {@link #forParts} makes. */
    public static int parts(long n, long grain) {
        return Math.toIntExact((n + Math.max(1, grain) - 1) / Math.max(1, grain));
    }

    /** Like {@link #forRange}, telling the body the number of its part, 0..parts(n, grain)-1. */
    public static void forParts(long n, long grain, Part body) {
        long size = Math.max(1, grain);
        int parts = parts(n, grain);
        if (parts <= 1 || THREADS == 1 || INSIDE.get()) {
            for (int p = 0; p < parts; p++) {
                body.run(p, (int) (p * size), (int) Math.min(n, (p + 1) * size));
            }
            return;
        }
        AtomicInteger next = new AtomicInteger();
        Runnable worker = () -> {
            INSIDE.set(true);
            try {
                for (int p = next.getAndIncrement(); p < parts; p = next.getAndIncrement()) {
                    body.run(p, (int) (p * size), (int) Math.min(n, (p + 1) * size));
                }
            } finally {
                INSIDE.set(false);
            }
        };
        List<Future<?>> helpers = new ArrayList<>();
        for (int i = 0; i < Math.min(THREADS, parts) - 1; i++) {
            helpers.add(POOL.submit(worker));
        }
        worker.run();
        for (Future<?> helper : helpers) {
            await(helper);
        }
    }

    private static void await(Future<?> helper) {
        try {
            helper.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted inside a kernel", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            if (e.getCause() instanceof Error cause) {
                throw cause;
            }
            throw new IllegalStateException(e.getCause());
        }
    }
}
