package io.hiervl.data;

import io.hiervl.config.AugmentationConfig;
import io.hiervl.image.ClipNormalize;
import java.util.concurrent.ForkJoinPool;
import java.util.stream.IntStream;
import org.datavec.api.writable.NDArrayWritable;

/**
 * How fast photos become crops, without any training: reading, decoding, geometry, colour changes, normalisation.
 *
 * @param dataset data folder
 * @param crop    side of the crops in pixels
 * @param config  augmentation
 */
public record DataSpeed(Dataset dataset, int crop, AugmentationConfig config) {
    /**
     * Crops a second.
     *
     * @param crops   how many were made
     * @param seconds wall-clock time
     */
    public record Rate(int crops, double seconds) {
        public double perSecond() {
            return crops / seconds;
        }
    }

    /** Labelled crops: photo and mask read, one view. */
    public Rate labelled(SplitList list, int crops, int threads) {
        return measure(
            new SegmentationRecordReader(dataset, dataset.requireMasks(list), new LabelledViews(crop, crop, config, ClipNormalize.openai()),
                SegmentationRecordReader.Masks.REQUIRED, 0),
            crops, threads);
    }

    /** Unlabelled crops: photo read, a weak and two strong views. */
    public Rate unlabelled(SplitList list, int crops, int threads) {
        return measure(new SegmentationRecordReader(dataset, list, new UnlabelledViews(crop, crop, config, ClipNormalize.openai()),
            SegmentationRecordReader.Masks.NONE, 0), crops, threads);
    }

    /** A quarter of the crops first, unmeasured, to warm up the JVM and the disk's cache. */
    private static Rate measure(SegmentationRecordReader reader, int crops, int threads) {
        ForkJoinPool pool = new ForkJoinPool(threads);
        try {
            make(pool, reader, 0, Math.max(1, crops / 4));
            long start = System.nanoTime();
            make(pool, reader, crops, 2 * crops);
            return new Rate(crops, (System.nanoTime() - start) / 1e9);
        } finally {
            pool.shutdown();
        }
    }

    private static void make(ForkJoinPool pool, SegmentationRecordReader reader, int from, int to) {
        pool.submit(() -> IntStream.range(from, to).parallel()
            .forEach(i -> reader.record(i % reader.size(), i).forEach(w -> ((NDArrayWritable) w).get().close()))).join();
    }
}
