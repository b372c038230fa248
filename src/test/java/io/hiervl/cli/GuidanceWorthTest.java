package io.hiervl.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.eval.ConfusionMatrix;
import io.hiervl.eval.SureLabels;
import io.hiervl.image.LabelMap;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a threshold of the guidance hides. */
class GuidanceWorthTest {
    private static final List<String> CLASSES = List.of("ground", "car", "pole", "sign");

    /** 100 pixels of each class; the model is right on {@code right[k]} of them, all in one tenth of probability. */
    private static SureLabels labels(int[] right, int[] tenth) {
        ConfusionMatrix matrix = new ConfusionMatrix(4);
        long[][] bins = new long[4][10];
        for (int k = 0; k < 4; k++) {
            byte[] truth = new byte[100];
            byte[] found = new byte[100];
            java.util.Arrays.fill(truth, (byte) k);
            java.util.Arrays.fill(found, (byte) ((k + 1) % 4));
            java.util.Arrays.fill(found, 0, right[k], (byte) k);
            matrix.add("photo", new LabelMap(found, 100, 1), new LabelMap(truth, 100, 1));
            bins[k][tenth[k]] = right[k];
        }
        return new SureLabels(matrix, bins);
    }

    @Test
    void classesThatAreFoundAndNeverSureAreHidden() {
        SureLabels some = labels(new int[] {90, 60, 50, 2}, new int[] {9, 9, 6, 1});
        assertEquals(List.of(0, 1, 2), some.found(), "2 % of the signs are no find");
        assertEquals(List.of(2), some.hidden(0.9));
        assertEquals(List.of(2), some.hidden(0.7), "0.6 to 0.7 lies below 0.7");
        assertEquals(List.of(), some.hidden(0.6));
        assertEquals(0.6, some.showing(0.9));
        assertNull(GuidanceWorth.hidden(some, 0.9, CLASSES), "a third of the classes");
    }

    @Test
    void manyHiddenClassesAreSaidWithTheThresholdThatShowsThem() {
        SureLabels most = labels(new int[] {90, 60, 50, 40}, new int[] {9, 5, 4, 3});
        String said = GuidanceWorth.hidden(most, 0.9, CLASSES);
        assertTrue(said.startsWith("loss.guidance_threshold 0.9 hides 3 of the 4 classes that the frozen CLIP finds, such as car:"), said);
        assertTrue(said.endsWith("--set loss.guidance_threshold=0.3 shows them"), said);
        SureLabels never = labels(new int[] {90, 60, 50, 40}, new int[] {0, 0, 0, 0});
        assertEquals(0.1, never.showing(0.9), "the least threshold there is");
    }
}
