package io.hiervl.export;

import io.hiervl.HierVlException;
import io.hiervl.PublicApi;
import io.hiervl.model.InferenceGraphs;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Random;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Compares a written file with the network that it was made from, on fixed pictures. Safe for several threads.
 *
 * @param maxAbsDiff  largest difference of a log score
 * @param meanAbsDiff mean difference
 * @param scale       largest log score
 * @param relabelled  share of pixels that get another class
 */
@PublicApi
public record ExportCheck(double maxAbsDiff, double meanAbsDiff, double scale, double relabelled) {
    private static final int IMAGES = 2;
    // A mask logit within rounding of 0 may open or close a cell for attention, which moves some scores a little; so single
    // values say nothing, and the mean and the classes decide.
    private static final double MEAN = 1e-3;
    private static final double RELABELLED = 1e-3;

    /** @param live the network with the same text embeddings */
    static ExportCheck run(ExportedModel file, InferenceGraphs live) {
        long[] shape = file.inputShape();
        double max = 0;
        double sum = 0;
        double scale = 0;
        long count = 0;
        long pixels = 0;
        long other = 0;
        Random random = new Random(20250613);
        for (int i = 0; i < IMAGES; i++) {
            INDArray images = picture(shape, i == 0 ? 1 : 8, random);
            INDArray want = live.scores(images);
            INDArray got = file.run(images);
            INDArray difference = got.sub(want);
            max = Math.max(max, difference.amaxNumber().doubleValue());
            sum += difference.norm1Number().doubleValue();
            scale = Math.max(scale, want.amaxNumber().doubleValue());
            count += want.length();
            INDArray same = want.argMax(1).eq(got.argMax(1));
            pixels += same.length();
            other += same.length() - same.castTo(DataType.INT32).sumNumber().longValue();
        }
        return new ExportCheck(max, sum / count, scale, (double) other / pixels);
    }

    /** Fails if the differences are more than rounding explains. */
    void require(Path file) {
        if (!(meanAbsDiff <= MEAN && relabelled <= RELABELLED)) {
            throw HierVlException.model(String.format(Locale.ROOT,
                "%s: not written, because it does not give the network's scores: they differ by %.3g "
                    + "(mean %.3g) of values up to %.3g, %.2g of the pixels get another class",
                file, maxAbsDiff, meanAbsDiff, scale, relabelled));
        }
    }

    /** Normal noise whose values are {@code cell} pixels wide and high. */
    private static INDArray picture(long[] shape, int cell, Random random) {
        int h = (int) shape[2];
        int w = (int) shape[3];
        float[] values = new float[Math.toIntExact(shape[0] * 3) * h * w];
        for (int at = 0; at < values.length; at += h * w) {
            for (int y = 0; y < h; y++) {
                for (int x = 0; x < w; x++) {
                    boolean own = y % cell == 0 && x % cell == 0;
                    values[at + y * w + x] = own ? (float) random.nextGaussian() : values[at + y / cell * cell * w + x / cell * cell];
                }
            }
        }
        return Nd4j.create(values, shape, 'c');
    }
}
