package io.hiervl.clip;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hiervl.image.Images;
import io.hiervl.image.Photo;
import io.hiervl.op.SameDiffOps;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ClipPreprocessTest {
    private static final Path DATA = Path.of(System.getProperty("shared.dir", "../shared"), "data", "clip-preprocess");

    @BeforeAll
    static void start() {
        SameDiffOps.start();
    }

    private static ClipPreprocess of(int size) {
        return new ClipPreprocess(new Preprocessing(Preprocessing.CLIP_MEAN, Preprocessing.CLIP_STD, size, EotRule.HIGHEST));
    }

    @Test
    void aPhotoBecomesTheReferenceArray() {
        assumeTrue(Files.isDirectory(DATA), "no preprocessing fixture in " + DATA);
        Npy expected = Npy.read(DATA.resolve("expected_preprocessed_image.npy"));
        float[] got = of(224).apply(List.of(Images.readPhoto(DATA.resolve("franz-kafka.jpg")))).data().asFloat();
        assertEquals(expected.values().length, got.length);
        double worst = 0;
        double sum = 0;
        for (int i = 0; i < got.length; i++) {
            double d = Math.abs(got[i] - expected.values()[i]);
            worst = Math.max(worst, d);
            sum += d;
        }
        assertTrue(worst <= 1 / 255.0 + 1e-6, "largest difference " + worst * 255 + "/255");
        assertTrue(sum / got.length < 0.002, "mean difference " + sum / got.length);
    }

    @Test
    void theMiddleIsCutOut() {
        byte[] rgb = new byte[3 * 8 * 4];
        for (int i = 0; i < rgb.length; i++) {
            rgb[i] = (byte) (i / 3 % 8 * 10);
        }
        Photo wide = new Photo(rgb, 8, 4);
        Photo crop = of(4).crop(wide);
        assertEquals(4, crop.width());
        for (int x = 0; x < 4; x++) {
            assertEquals((x + 2) * 10, crop.at(x, 3, 1));
        }
        assertArrayEquals(new long[] {2, 3, 4, 4}, of(4).apply(List.of(wide, wide)).shape());
    }
}
