package io.hiervl.loss;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.hiervl.op.SameDiffOps;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The distribution that the frozen CLIP is measured by and the labels that it guides with are one. */
class GuidanceLabelsTest {
    private static INDArray scores(int... shape) {
        SameDiffOps.start();
        Random random = new Random(8);
        INDArray a = Nd4j.create(DataType.DOUBLE, java.util.Arrays.stream(shape).asLongStream().toArray());
        for (long i = 0; i < a.length(); i++) {
            a.putScalar(i, 5 * random.nextGaussian());
        }
        return a;
    }

    @Test
    void labelsAreTheLargestOfTheDistribution() {
        INDArray scores = scores(2, 4, 3, 5);
        INDArray all = GuidanceLabels.distribution(scores, 12, 17);
        GuidanceLabels labels = GuidanceLabels.of(scores, 12, 17, null, 0);
        assertArrayEquals(new long[] {2, 4, 12, 17}, all.shape());
        assertEquals(0, all.sum(1).sub(1).amaxNumber().doubleValue(), 1e-12);
        assertEquals(0, all.max(1).sub(labels.probabilities()).amaxNumber().doubleValue(), 1e-15);
        assertEquals(all.argMax(1).castTo(DataType.DOUBLE), labels.labels());
    }

    @Test
    void atTheSameSizeItIsTheSoftmaxOfTheScores() {
        INDArray scores = scores(1, 3, 2, 2);
        INDArray all = GuidanceLabels.distribution(scores, 2, 2);
        for (int p = 0; p < 4; p++) {
            double sum = 0;
            for (int c = 0; c < 3; c++) {
                sum += Math.exp(scores.getDouble(0, c, p / 2, p % 2));
            }
            for (int c = 0; c < 3; c++) {
                assertEquals(Math.exp(scores.getDouble(0, c, p / 2, p % 2)) / sum, all.getDouble(0, c, p / 2, p % 2), 1e-14);
            }
        }
    }
}
