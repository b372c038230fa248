package io.hiervl.train;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;

/** Parts of a batch as threads of one process. */
final class Together {
    private Together() {
    }

    /** What each part makes; all of them run beside each other. */
    static <T> List<T> run(int parts, Function<AllReduce, T> body) throws Exception {
        LocalGroup group = new LocalGroup(parts);
        ExecutorService threads = Executors.newFixedThreadPool(parts);
        try {
            List<Future<T>> running = new ArrayList<>();
            for (int p = 0; p < parts; p++) {
                AllReduce part = group.part(p);
                running.add(threads.submit(() -> body.apply(part)));
            }
            List<T> made = new ArrayList<>();
            for (Future<T> r : running) {
                made.add(r.get());
            }
            return made;
        } finally {
            group.abort();
            threads.shutdownNow();
        }
    }
}
