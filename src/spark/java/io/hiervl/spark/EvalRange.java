package io.hiervl.spark;

import io.hiervl.Progress;
import io.hiervl.data.Dataset;
import io.hiervl.eval.EvalResult;
import io.hiervl.eval.EvalSource;
import io.hiervl.eval.Evaluator;
import io.hiervl.eval.ListSource;
import io.hiervl.image.LabelMap;
import io.hiervl.image.Photo;
import io.hiervl.predict.Segmenter;
import org.apache.spark.api.java.function.Function;

/**
 * Measures the images from..to-1 of a list. Results are counts of pixels, which add up to those of the whole list.
 *
 * @param list below the data folder
 */
record EvalRange(ModelSource model, HadoopFiles files, DataFolder data, String list) implements Function<int[], EvalResult> {
    @Override
    public EvalResult call(int[] range) throws Exception {
        return TaskFailure.named(() -> {
            Segmenter segmenter = model.segmenter();
            Dataset dataset = data.open(files);
            EvalSource part = new Part(new ListSource(dataset, dataset.list(data.file(files, list))), range[0], range[1]);
            // The steps from photo to classes are for one thread; the network uses all cores of the executor anyway.
            synchronized (segmenter) {
                return new Evaluator(dataset.spec().classes()).evaluate(part, segmenter.images(), Progress.NONE);
            }
        });
    }

    /** Images from..to-1 of a source. */
    private record Part(EvalSource whole, int from, int to) implements EvalSource {
        @Override
        public int size() {
            return to - from;
        }

        @Override
        public String name(int i) {
            return whole.name(from + i);
        }

        @Override
        public Photo photo(int i) {
            return whole.photo(from + i);
        }

        @Override
        public LabelMap labels(int i) {
            return whole.labels(from + i);
        }

        @Override
        public Example example(int i) {
            return whole.example(from + i);
        }
    }
}
