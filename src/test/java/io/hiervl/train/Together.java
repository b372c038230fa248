package io.hiervl.train;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;

/** Parts of a batch as threads of one process. */
final class Together {
    private final int parts;
    private final CyclicBarrier barrier;
    private final double[][] all;

    private Together(int parts) {
        this.parts = parts;
        this.barrier = new CyclicBarrier(parts);
        this.all = new double[parts][];
    }

    /** What each part makes; all of them run beside each other. */
    static <T> List<T> run(int parts, Function<AllReduce, T> body) throws Exception {
        Together together = new Together(parts);
        ExecutorService threads = Executors.newFixedThreadPool(parts);
        try {
            List<Future<T>> running = new ArrayList<>();
            for (int p = 0; p < parts; p++) {
                AllReduce part = together.part(p);
                running.add(threads.submit(() -> body.apply(part)));
            }
            List<T> made = new ArrayList<>();
            for (Future<T> r : running) {
                made.add(r.get());
            }
            return made;
        } finally {
            threads.shutdownNow();
        }
    }

    private AllReduce part(int number) {
        return new AllReduce() {
            @Override
            public int part() {
                return number;
            }

            @Override
            public int parts() {
                return parts;
            }

            @Override
            public void sum(double[] values) {
                all[number] = values.clone();
                await();
                for (int i = 0; i < values.length; i++) {
                    values[i] = 0;
                    for (double[] each : all) {
                        values[i] += each[i];
                    }
                }
                await();
            }

            @Override
            public void sum(float[] values) {
                double[] wide = new double[values.length];
                for (int i = 0; i < wide.length; i++) {
                    wide[i] = values[i];
                }
                sum(wide);
                for (int i = 0; i < wide.length; i++) {
                    values[i] = (float) wide[i];
                }
            }
        };
    }

    private void await() {
        try {
            barrier.await();
        } catch (Exception e) {
            throw new IllegalStateException("another part failed", e);
        }
    }
}
