package io.hiervl.eval;

import io.hiervl.GoldenFixtures.Case;
import io.hiervl.GoldenSuite;
import io.hiervl.image.LabelMap;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Measures against torchmetrics and numpy. */
class GoldenMetricsTest {
    @TestFactory
    List<DynamicTest> golden() {
        return new GoldenSuite("metrics").on("segmentation_metrics", GoldenSuite.PLAIN, (c, setting) -> metrics(c)).tests();
    }

    private static void metrics(Case c) {
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
        c.check("confusion", IntStream.range(0, k * k).map(i -> (int) all.count(i / k, i % k)).toArray());
        c.check("intersection", IntStream.range(0, k).map(i -> (int) all.intersection(i)).toArray());
        c.check("union", IntStream.range(0, k).map(i -> (int) all.union(i)).toArray());
        c.check("iou", IntStream.range(0, k).mapToDouble(all::iou).toArray(), true);
        c.check("miou_all_classes", new double[] {all.meanIou()}, true);
        c.check("miou_present_classes", new double[] {all.meanIouOfPresent()}, true);
        c.check("pixel_accuracy", new double[] {all.pixelAccuracy()}, true);
        c.check("mean_accuracy", new double[] {all.meanAccuracy()}, true);
    }

    private static LabelMap map(int[] values, int i, int h, int w) {
        return LabelMap.of(Arrays.copyOfRange(values, i * h * w, (i + 1) * h * w), w, h);
    }
}
