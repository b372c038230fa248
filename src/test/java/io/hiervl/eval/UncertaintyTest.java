package io.hiervl.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.hiervl.config.EvalConfig;
import io.hiervl.image.ClipNormalize;
import io.hiervl.image.Photo;
import org.junit.jupiter.api.Test;

class UncertaintyTest {
    /** Class 1 with probability {@code sure} where red is bright; {@code left}: and in the left half of a window only. */
    private record Model(float sure, boolean left) implements WindowModel {
        @Override
        public int classes() {
            return 2;
        }

        @Override
        public int sizeMultiple() {
            return 1;
        }

        @Override
        public float[] scores(float[] chw, int h, int w) {
            float[] out = new float[2 * h * w];
            for (int i = 0; i < h * w; i++) {
                float p = chw[i] > 0 && (!left || i % w < w / 2) ? sure : 1 - sure;
                out[h * w + i] = p;
                out[i] = 1 - p;
            }
            return out;
        }
    }

    private static Uncertainty of(Model model) {
        byte[] rgb = new byte[3 * 32 * 32];
        for (int y = 0; y < 16; y++) {
            for (int x = 0; x < 16; x++) {
                rgb[3 * (y * 32 + x)] = (byte) 255;
            }
        }
        return Uncertainty.of(new ImageSegmenter(model, ClipNormalize.openai(), new EvalConfig(EvalConfig.Window.CLAMPED, 32, 32, 0)),
            new Photo(rgb, 32, 32));
    }

    @Test
    void entropyIsThatOfTheDistribution() {
        assertEquals(1, of(new Model(0.5f, false)).entropy(), 1e-6);
        assertEquals(0, of(new Model(1, false)).entropy(), 1e-6);
        assertEquals((-0.9 * Math.log(0.9) - 0.1 * Math.log(0.1)) / Math.log(2), of(new Model(0.9f, false)).entropy(), 1e-6);
    }

    @Test
    void theMirrorImageIsAskedToo() {
        assertEquals(0, of(new Model(0.9f, false)).disagreement());
        assertEquals(0.25, of(new Model(0.9f, true)).disagreement(), 1e-9, "seen at the left, not at the right");
    }

    @Test
    void theLayoutHoldsTheMeansOfTheQuarters() {
        float[] layout = of(new Model(0.9f, false)).layout();
        assertEquals(8, layout.length);
        assertEquals(0.9, layout[1], 1e-5);
        assertEquals(0.1, layout[3], 1e-5);
        assertEquals(0.9, layout[6], 1e-5);
        assertEquals(256, of(new Model(0.9f, false)).labels().histogram()[1]);
    }
}
