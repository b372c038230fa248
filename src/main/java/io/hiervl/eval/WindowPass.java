package io.hiervl.eval;

import io.hiervl.MemoryLimits;
import io.hiervl.Progress;
import io.hiervl.backend.jvm.Parallel;
import io.hiervl.tensor.Shapes;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Sends the windows of one or more images through a model: in batches of one size, several batches beside each other. Batches
 * are cut by the number of windows alone and their scores are added in the order of the windows. So results depend neither
 * on the number of threads nor on which of them is faster.
 */
final class WindowPass {
    /** A run of windows is cut into at least so many batches, so that there is work for all lanes and little is padded. */
    private static final int PIECES = 8;

    private final WindowModel model;
    private final List<Place> places = new ArrayList<>();
    private final List<Batch> batches = new ArrayList<>();

    /** One window of one image; h and w are its size for the model. */
    private record Place(WindowTask task, SlidingWindow.Window window, int h, int w, boolean last) {
    }

    /** Places from..to-1 as a batch of {@code size}. */
    private record Batch(int from, int to, int size) {
    }

    WindowPass(WindowModel model, List<WindowTask> tasks) {
        this.model = model;
        for (WindowTask task : tasks) {
            List<SlidingWindow.Window> windows = task.windows();
            for (int i = 0; i < windows.size(); i++) {
                SlidingWindow.Window win = windows.get(i);
                MemoryLimits.requireHeap("a window of " + win.width() + "x" + win.height() + " pixels",
                    (3.0 + model.classes()) * win.width() * win.height(), "eval.crop (--crop)");
                places.add(new Place(task, win, roundUp(win.height()), roundUp(win.width()), i == windows.size() - 1));
            }
        }
        for (int from = 0; from < places.size();) {
            int to = from + 1;
            while (to < places.size() && places.get(to).h == places.get(from).h && places.get(to).w == places.get(from).w) {
                to++;
            }
            cut(from, to);
            from = to;
        }
    }

    /** The last batch is padded: one graph for a size serves all. */
    private void cut(int from, int to) {
        int most = model.batch(places.get(from).h, places.get(from).w);
        int size = Math.min(most, Math.max(1, Integer.highestOneBit((to - from) / PIECES)));
        for (int i = from; i < to; i += size) {
            batches.add(new Batch(i, Math.min(to, i + size), size));
        }
    }

    private int roundUp(int size) {
        return Shapes.roundUp(size, model.sizeMultiple());
    }

    /** @param progress is told of windows */
    void run(Progress progress) {
        InOrder order = new InOrder();
        int lanes = batches.stream().mapToInt(b -> model.lanes(places.get(b.from).h, places.get(b.from).w)).min().orElse(1);
        if (lanes == 1) {
            batches.forEach(b -> add(b, scores(b), progress));
            return;
        }
        AtomicInteger next = new AtomicInteger();
        Parallel.lanes(Math.min(lanes, batches.size()), lane -> {
            for (int i = next.getAndIncrement(); i < batches.size() && !order.failed(); i = next.getAndIncrement()) {
                Batch batch = batches.get(i);
                try {
                    float[] scores = scores(batch);
                    order.run(i, () -> add(batch, scores, progress));
                } catch (RuntimeException | Error e) {
                    order.fail(e);
                }
            }
        });
        order.rethrow();
    }

    private float[] scores(Batch batch) {
        Place first = places.get(batch.from);
        int plane = first.h * first.w;
        float[] in = new float[batch.size * 3 * plane];
        for (int i = batch.from; i < batch.to; i++) {
            places.get(i).task.pixels().cut(places.get(i).window, in, (i - batch.from) * 3 * plane, first.h, first.w);
        }
        float[] scores = batch.size == 1 ? model.scores(in, first.h, first.w) : model.scores(in, batch.size, first.h, first.w);
        if (scores.length != (long) batch.size * model.classes() * plane) {
            throw new IllegalStateException("model gave " + scores.length + " scores for " + batch.size + " windows of " + model.classes()
                + " classes and " + first.h + "x" + first.w + " pixels");
        }
        return scores;
    }

    private void add(Batch batch, float[] scores, Progress progress) {
        for (int i = batch.from; i < batch.to; i++) {
            Place p = places.get(i);
            p.task.band().add(p.window, scores, (i - batch.from) * model.classes() * p.h * p.w, p.h, p.w);
            if (p.last) {
                p.task.band().finish();
            }
        }
        progress.update(batch.to, places.size(), "");
    }
}
