package io.hiervl.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.hiervl.GoldenFixtures;
import io.hiervl.image.LabelMap;
import io.hiervl.testing.CompleteCheck;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Measures against torchmetrics and numpy. */
class GoldenMetricsTest {
    @TestFactory
    Stream<DynamicTest> golden() {
        return GoldenFixtures.cases("metrics").stream().map(c -> DynamicTest.dynamicTest(c.name, () -> {
            assertEquals("segmentation_metrics", c.op, "unknown op");
            metrics(c);
        }));
    }

    private static void metrics(GoldenFixtures.Case c) {
        int k = c.config.get("classes").asInt();
        ConfusionMatrix all = new ConfusionMatrix(k, c.config.get("ignore").asInt());
        int[] predictions = c.ints("prediction");
        int[] targets = c.ints("target");
        int h = (int) c.shape("target")[1];
        int w = (int) c.shape("target")[2];
        for (int i = 0; i < c.shape("target")[0]; i++) {
            ConfusionMatrix one = new ConfusionMatrix(k, c.config.get("ignore").asInt());
            one.add("image " + i, map(predictions, i, h, w), map(targets, i, h, w));
            all.add(one);
        }
        CompleteCheck check = new CompleteCheck(c);
        check.that("confusion", IntStream.range(0, k * k).map(i -> (int) all.count(i / k, i % k)).toArray());
        check.that("intersection", IntStream.range(0, k).map(i -> (int) all.intersection(i)).toArray());
        check.that("union", IntStream.range(0, k).map(i -> (int) all.union(i)).toArray());
        check.that("iou", IntStream.range(0, k).mapToDouble(all::iou).toArray(), true);
        check.that("miou_all_classes", new double[] {all.meanIou()}, true);
        check.that("miou_present_classes", new double[] {all.meanIouOfPresent()}, true);
        check.that("pixel_accuracy", new double[] {all.pixelAccuracy()}, true);
        check.that("mean_accuracy", new double[] {all.meanAccuracy()}, true);
        check.complete();
    }

    private static LabelMap map(int[] values, int i, int h, int w) {
        return LabelMap.of(Arrays.copyOfRange(values, i * h * w, (i + 1) * h * w), w, h);
    }
}
