package io.hiervl.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.image.ClipNormalize;
import io.hiervl.image.LabelMap;
import io.hiervl.image.Photo;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EvaluatorTest {
    private static final List<String> CLASSES = List.of("dark", "bright, red", "never");
    private static final Evaluator EVALUATOR = new Evaluator(CLASSES, 255);

    /** Class 1 where the red channel is bright, class 0 elsewhere. */
    private record Threshold() implements WindowModel {
        @Override
        public int classes() {
            return 3;
        }

        @Override
        public float[] scores(float[] chw, int h, int w) {
            float[] out = new float[3 * h * w];
            for (int i = 0; i < h * w; i++) {
                out[h * w + i] = chw[i];
                out[2 * h * w + i] = -100;
            }
            return out;
        }
    }

    /** The left half is red; one true pixel of the left column is ignored, one of the right column is red in truth only. */
    private record Source(LabelMap truth) implements EvalSource {
        @Override
        public int size() {
            return 1;
        }

        @Override
        public String name(int i) {
            return "photo.jpg";
        }

        @Override
        public Photo photo(int i) {
            byte[] rgb = new byte[3 * 40 * 20];
            for (int p = 0; p < 800; p++) {
                rgb[3 * p] = (byte) (p % 40 < 20 ? 255 : 0);
            }
            return new Photo(rgb, 40, 20);
        }

        @Override
        public LabelMap labels(int i) {
            return truth;
        }
    }

    private static LabelMap truth(int width, int height, int last) {
        int[] values = new int[width * height];
        for (int p = 0; p < values.length; p++) {
            values[p] = p % width < width / 2 ? 1 : 0;
        }
        values[0] = 255;
        values[values.length - 1] = last;
        return LabelMap.of(values, width, height);
    }

    private static ImageSegmenter segmenter(int shortSide) {
        return new ImageSegmenter(new Threshold(), ClipNormalize.openai(), SlidingWindow.half(16), shortSide);
    }

    @Test
    void measuresAreThoseOfTheCounts() {
        EvalResult r = EVALUATOR.evaluate(new Source(truth(40, 20, 1)), segmenter(0), Progress.NONE);
        assertEquals(399.0 / 400, r.matrix().iou(1), 1e-12);
        assertEquals(399.0 / 400, r.matrix().iou(0), 1e-12);
        assertEquals(2 * 399.0 / 400 / 3, r.miou(), 1e-9);
        assertEquals(798.0 / 799, r.matrix().pixelAccuracy(), 1e-12);
        Map<String, Object> json = r.json();
        assertEquals(List.of("miou", "pixel_accuracy", "images", "iou"), List.copyOf(json.keySet()).subList(0, 4));
        assertEquals(0.0, ((Map<?, ?>) json.get("iou")).get("never"));
        assertTrue(r.table().contains("absent") && r.table().contains("99.75"), r.table());
        assertTrue(r.csv().contains("1,\"bright, red\",0.997500,399,400,400\n"), r.csv());
        BufferedImage picture = ConfusionPicture.draw(r);
        assertTrue(picture.getWidth() == picture.getHeight() && picture.getWidth() > 100);
    }

    @Test
    void predictionsAreMadeAtTheSizeOfTheLabelMap() {
        EvalResult r = EVALUATOR.evaluate(new Source(truth(80, 40, 0)), segmenter(32), Progress.NONE);
        assertEquals(3199, r.matrix().total());
        assertTrue(r.matrix().pixelAccuracy() > 0.97);
    }

    @Test
    void inputScaleKeepsTheShapeAndBoundsTheLongSide() {
        assertEquals(64, segmenter(32).scaled(Photo.black(40, 20)).width());
        Photo panorama = segmenter(32).scaled(Photo.black(1600, 20));
        assertEquals("128x2", panorama.width() + "x" + panorama.height());
    }

    @Test
    void wrongInputIsNamed() {
        String value = assertThrows(HierVlException.class,
            () -> EVALUATOR.evaluate(new Source(truth(40, 20, 7)), segmenter(0), Progress.NONE)).getMessage();
        assertTrue(value.contains("photo.jpg: pixel (39, 19)") && value.contains("value 7"), value);
        String size = assertThrows(HierVlException.class,
            () -> EVALUATOR.evaluate(new Source(truth(40, 20, 1)), i -> LabelMap.filled(39, 20, 0), Progress.NONE)).getMessage();
        assertTrue(size.contains("39x20") && size.contains("40x20"), size);
        assertEquals(HierVlException.Kind.MODEL, assertThrows(HierVlException.class,
            () -> new Evaluator(List.of("a"), 255).evaluate(new Source(truth(40, 20, 1)), segmenter(0), Progress.NONE)).kind());
    }

    @Test
    void storedPredictionsOfNoClassCountAsWrong() {
        EvalResult r = EVALUATOR.evaluate(new Source(truth(40, 20, 0)), i -> LabelMap.filled(40, 20, 255), Progress.NONE);
        assertEquals(0, r.matrix().pixelAccuracy());
        assertEquals(399, r.matrix().union(1));
    }

    @Test
    void numbersDoNotDependOnTheLanguage() {
        Locale before = Locale.getDefault();
        try {
            Locale.setDefault(Locale.GERMANY);
            EvalResult r = EVALUATOR.evaluate(new Source(truth(40, 20, 1)), segmenter(0), Progress.NONE);
            assertTrue(r.csv().contains("0.997500") && r.table().contains("99.75"));
        } finally {
            Locale.setDefault(before);
        }
    }
}
