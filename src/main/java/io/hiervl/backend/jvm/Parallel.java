package io.hiervl.backend.jvm;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import java.util.function.Supplier;

/**
 * Splits loops over a small fixed set of threads (environment variable OMP_NUM_THREADS, else all cores). How a loop is
 * cut depends on its length alone, never on the number of threads, so sums over parts are reproducible.
 */
public final class Parallel {
    /** Body over the indices from..to-1. */
    @FunctionalInterface
    interface Range {
        void run(int from, int to);
    }

    /** Body over the indices from..to-1 of one part. */
    @FunctionalInterface
    interface Part {
        void run(int part, int from, int to);
    }

    /** One of several independent pieces of work. */
    @FunctionalInterface
    public interface Lane {
        void run(int lane);
    }

    private static final int THREADS = threadsFromEnvironment();
    /** Threads that a loop of the current thread may use, itself included. */
    private static final ThreadLocal<Integer> TEAM = ThreadLocal.withInitial(() -> THREADS);
    private static final long IDLE_SECONDS = 10;
    private static final ExecutorService POOL = pool(Math.max(1, THREADS - 1));

    private Parallel() {
    }

    /** Threads that end when nothing was asked of them for a while: a thread holds its class loader, which a redeployed service drops. */
    private static ExecutorService pool(int threads) {
        ThreadPoolExecutor pool =
            new ThreadPoolExecutor(threads, threads, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), r -> {
                Thread t = new Thread(r, "hiervl-kernel");
                t.setDaemon(true);
                // Not the loader of whoever came first.
                t.setContextClassLoader(Parallel.class.getClassLoader());
                return t;
            });
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    /** Number of threads that share a loop. */
    public static int threads() {
        return THREADS;
    }

    /** Number of threads that a loop of this thread may use: fewer inside a lane, 1 inside a loop. */
    public static int team() {
        return TEAM.get();
    }

    /**
     * Runs lanes 0..n-1 beside each other, each with its share of the threads for loops and kernels. Small graphs gain more
     * from two lanes with a thread each than from loops that two threads share.
     */
    public static void lanes(int n, Lane body) {
        int beside = Math.min(n, TEAM.get());
        if (beside > 0) {
            share(n, beside, TEAM.get() / beside, body::run);
        }
    }

    /** Runs a task whose loops and kernels share at most so many threads, the calling one included; 0 for all that it has anyway. */
    public static <T> T within(int most, Supplier<T> task) {
        int before = TEAM.get();
        TEAM.set(most == 0 ? before : Math.min(most, before));
        try {
            return task.get();
        } finally {
            TEAM.set(before);
        }
    }

    private static int threadsFromEnvironment() {
        String value = System.getenv("OMP_NUM_THREADS");
        if (value != null && value.matches("[1-9][0-9]{0,3}")) {
            return Integer.parseInt(value);
        }
        return Runtime.getRuntime().availableProcessors();
    }

    /** Runs the body over 0..n-1 in pieces of at most {@code grain} indices. */
    static void forRange(long n, long grain, Range body) {
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
    static void forParts(long n, long grain, Part body) {
        long size = Math.max(1, grain);
        int parts = parts(n, grain);
        int team = TEAM.get();
        if (parts <= 1 || team == 1) {
            for (int p = 0; p < parts; p++) {
                body.run(p, (int) (p * size), (int) Math.min(n, (p + 1) * size));
            }
            return;
        }
        share(parts, Math.min(team, parts), 1, p -> body.run(p, (int) (p * size), (int) Math.min(n, (p + 1) * size)));
    }

    /** Runs the tasks 0..n-1 on this thread and {@code threads - 1} others; each may itself use {@code team} threads. */
    private static void share(int n, int threads, int team, IntConsumer task) {
        Loop loop = new Loop(n, team, task);
        for (int i = 1; i < threads; i++) {
            POOL.execute(loop::help);
        }
        loop.lead();
    }

    /** Tasks that several threads take one after the other. Helpers that come when all is done do nothing. */
    private static final class Loop {
        private final int n;
        private final int team;
        private final IntConsumer task;
        private final AtomicInteger next = new AtomicInteger();
        private boolean closed;
        private int helping;
        private Throwable failure;

        Loop(int n, int team, IntConsumer task) {
            this.n = n;
            this.team = team;
            this.task = task;
        }

        private void work() {
            int before = TEAM.get();
            TEAM.set(team);
            try {
                for (int i = next.getAndIncrement(); i < n; i = next.getAndIncrement()) {
                    task.accept(i);
                }
            } finally {
                TEAM.set(before);
            }
        }

        void help() {
            synchronized (this) {
                if (closed) {
                    return;
                }
                helping++;
            }
            Throwable thrown = null;
            try {
                work();
            } catch (RuntimeException | Error e) {
                thrown = e;
                next.set(n);
            }
            synchronized (this) {
                failure = failure == null ? thrown : failure;
                helping--;
                notifyAll();
            }
        }

        void lead() {
            try {
                work();
            } finally {
                next.set(n);
                await();
            }
            if (failure instanceof RuntimeException e) {
                throw e;
            }
            if (failure instanceof Error e) {
                throw e;
            }
        }

        private synchronized void await() {
            closed = true;
            boolean interrupted = false;
            while (helping > 0) {
                try {
                    wait();
                } catch (InterruptedException e) {
                    // the arrays are in use until the helpers are done
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
