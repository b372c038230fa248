package io.hiervl.eval;

import io.hiervl.HierVlException;
import io.hiervl.OffHeap;
import io.hiervl.Progress;
import io.hiervl.PublicApi;
import io.hiervl.image.LabelMap;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.function.IntFunction;

/**
 * Measures predictions over a list of images, at the size of the label maps. Safe for several threads.
 *
 * @param classes class names in index order
 * @param ignore  true value that does not count
 */
@PublicApi
public record Evaluator(List<String> classes, int ignore) {
    /** For label maps of a data set, which carry {@link LabelMap#IGNORE} whatever value its files use. */
    public Evaluator(List<String> classes) {
        this(classes, LabelMap.IGNORE);
    }

    /** Segments every photo and compares. */
    public EvalResult evaluate(EvalSource source, ImageSegmenter segmenter, Progress progress) {
        if (segmenter.model().classes() != classes.size()) {
            throw HierVlException.model("the model knows " + segmenter.model().classes() + " classes, the data have " + classes.size());
        }
        try (Ahead<EvalSource.Example> examples = new Ahead<>(source.size(), source::example)) {
            return compare(source, new Together(source.size(), segmenter, examples)::next, progress);
        }
    }

    /** Predictions in order; small photos are segmented together. */
    private static final class Together {
        private final int size;
        private final ImageSegmenter segmenter;
        private final Ahead<EvalSource.Example> examples;
        private final Deque<Pair> ready = new ArrayDeque<>();
        private int read;

        Together(int size, ImageSegmenter segmenter, Ahead<EvalSource.Example> examples) {
            this.size = size;
            this.segmenter = segmenter;
            this.examples = examples;
        }

        Pair next(int i) {
            if (ready.isEmpty()) {
                List<ImageSegmenter.Request> requests = new ArrayList<>();
                List<LabelMap> truth = new ArrayList<>();
                while (read < size && (requests.isEmpty() || segmenter.joins(requests))) {
                    EvalSource.Example e = examples.next();
                    read++;
                    requests.add(new ImageSegmenter.Request(e.photo(), e.labels().width(), e.labels().height()));
                    truth.add(e.labels());
                }
                List<Segmentation> found = segmenter.segment(requests, Progress.NONE);
                for (int j = 0; j < found.size(); j++) {
                    ready.add(new Pair(found.get(j).labels(), truth.get(j)));
                }
            }
            return ready.remove();
        }
    }

    /** Compares stored predictions, index maps of any program, with the label maps. */
    public EvalResult evaluate(EvalSource source, IntFunction<LabelMap> predictions, Progress progress) {
        return compare(source, i -> new Pair(predictions.apply(i), source.labels(i)), progress);
    }

    private record Pair(LabelMap predicted, LabelMap truth) {
    }

    private EvalResult compare(EvalSource source, IntFunction<Pair> pairs, Progress progress) {
        if (source.size() == 0) {
            throw HierVlException.data("there is no image to evaluate: the list is empty");
        }
        long start = System.nanoTime();
        ConfusionMatrix matrix = new ConfusionMatrix(classes.size(), ignore);
        BoundaryScore boundary = new BoundaryScore(classes.size(), ignore);
        for (int i = 0; i < source.size(); i++) {
            Pair pair = pairs.apply(i);
            matrix.add(source.name(i), pair.predicted, pair.truth);
            boundary.add(pair.predicted, pair.truth);
            OffHeap.tidy();
            progress.update(i + 1, source.size(), String.format(Locale.ROOT, "mIoU %.4f", matrix.meanIou()));
        }
        return new EvalResult(classes, matrix, boundary, source.size(), (System.nanoTime() - start) / 1e9);
    }
}
