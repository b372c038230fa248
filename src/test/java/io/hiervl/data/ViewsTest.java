package io.hiervl.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.config.AugmentationConfig;
import io.hiervl.config.AugmentationConfig.Blur;
import io.hiervl.config.AugmentationConfig.Colour;
import io.hiervl.config.AugmentationConfig.Cutmix;
import io.hiervl.config.AugmentationConfig.Geometry;
import io.hiervl.config.AugmentationConfig.ScaleMode;
import io.hiervl.image.ClipNormalize;
import io.hiervl.image.LabelMap;
import io.hiervl.image.Photo;
import io.hiervl.op.SameDiffOps;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Geometry keeps photo and labels in step; draws follow hiervl section 9.2. */
class ViewsTest {
    private static final AugmentationConfig UNIMATCH = AugmentationConfig.unimatch();

    @BeforeAll
    static void backend() {
        // before any array, or later tests of this process cannot choose the executioner
        SameDiffOps.start();
    }

    /** The label of a pixel is its grey value / 40, so that a shift between the two shows. */
    private static Pair stripes(int w, int h) {
        byte[] rgb = new byte[3 * w * h];
        int[] labels = new int[w * h];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = i % w * 4 / w + (i / w > h / 2 ? 1 : 0);
            Arrays.fill(rgb, 3 * i, 3 * i + 3, (byte) (40 * labels[i]));
        }
        return new Pair(new Photo(rgb, w, h), LabelMap.of(labels, w, h));
    }

    @Test
    void labelsStayInStepAndNoValueIsInvented() {
        Pair in = stripes(90, 70);
        Geometric geometry = new Geometric(48, UNIMATCH);
        long wrong = 0;
        long inside = 0;
        for (int i = 0; i < 200; i++) {
            Pair out = geometry.apply(in, new SplittableRandom(i));
            for (int p = 0; p < 48 * 48; p++) {
                int label = out.labels().values()[p] & 255;
                int valid = out.valid().values()[p] & 255;
                assertTrue(label <= 4 || label == 255);
                assertEquals(label == 255 ? LabelMap.PADDING : 0, valid);
                if (label == 255) {
                    assertEquals(0, out.photo().rgb()[3 * p]);
                } else {
                    inside++;
                    wrong += Math.abs((out.photo().rgb()[3 * p] & 255) - 40 * label) > 20 ? 1 : 0;
                }
            }
        }
        assertTrue(inside > 100_000);
        assertTrue(wrong < 0.02 * inside, wrong + " of " + inside + " pixels differ from their label");
    }

    @Test
    void tinyAndExtremeImagesGiveFullCrops() {
        for (int[] s : new int[][] {{1, 1}, {1, 300}, {400, 1}, {63, 65}}) {
            Pair in = new Pair(Photo.black(s[0], s[1]), LabelMap.filled(s[0], s[1], 2));
            for (int i = 0; i < 20; i++) {
                Pair out = new Geometric(64, UNIMATCH).apply(in, new SplittableRandom(i));
                assertEquals(64, out.labels().width());
                assertTrue(out.labels().histogram()[2] > 0);
            }
        }
    }

    @Test
    void strengthsOfZeroLeaveTheColoursAlone() {
        byte[] rgb = new byte[3 * 32 * 32];
        new Random(0).nextBytes(rgb);
        Photo photo = new Photo(rgb, 32, 32);
        AugmentationConfig off =
            new AugmentationConfig(new Geometry(ScaleMode.LONG_SIDE, 1, 1, 2048, 512, 0), new Colour(1, 0, 0, 0, 0, 0, 0),
                new Blur(0, 0.1, 2), new Cutmix(0.5, 0.02, 0.4, 0.3));
        assertArrayEquals(rgb, new StrongView(32, off).apply(new Pair(photo, null), new SplittableRandom(0)).photo().rgb());
        StrongView strong = new StrongView(32, UNIMATCH);
        int same = 0;
        int grey = 0;
        for (int i = 0; i < 2000; i++) {
            Photo p = strong.apply(new Pair(photo, null), new SplittableRandom(i)).photo();
            same += Arrays.equals(rgb, p.rgb()) ? 1 : 0;
            grey += p.at(3, 3, 0) == p.at(3, 3, 1) && p.at(3, 3, 1) == p.at(3, 3, 2) && p.at(9, 5, 0) == p.at(9, 5, 2) ? 1 : 0;
        }
        assertEquals(0.2 * 0.8 * 0.5, same / 2000.0, 0.03);
        assertEquals(0.2, grey / 2000.0, 0.03);
    }

    @Test
    void blurRadiusFollowsTheCrop() {
        SplittableRandom random = new SplittableRandom(5);
        double small = 0;
        double large = 0;
        for (int i = 0; i < 10_000; i++) {
            small = Math.max(small, new StrongView(64, UNIMATCH).radius(random));
            large = Math.max(large, new StrongView(801, UNIMATCH).radius(random));
            assertTrue(new StrongView(64, UNIMATCH).radius(random) >= 0.1, "a radius below 0.1 never occurs at 512 either");
        }
        assertEquals(2.0 * 64 / 512, small, 0.01);
        assertEquals(2, large, 0.01, "radii do not grow with crops above 512");
    }

    @Test
    void cutMixTakesTheBoxFromTheFlippedBatch() {
        for (int n : new int[] {1, 2, 3, 4}) {
            INDArray batch = Nd4j.create(n, 2, 4, 5);
            INDArray labels = Nd4j.create(n, 4, 5);
            for (int i = 0; i < n; i++) {
                batch.slice(i).assign(i + 1);
                labels.slice(i).assign(i + 1);
            }
            List<CutMix.Box> boxes = new java.util.ArrayList<>(java.util.Collections.nCopies(n, null));
            boxes.set(0, new CutMix.Box(1, 3, 2, 5));
            INDArray other = n == 1 ? batch.add(10) : batch;
            INDArray mixed = CutMix.mix(batch, other, boxes);
            INDArray mixedLabels = CutMix.mix(labels, n == 1 ? labels.add(10) : labels, boxes);
            int partner = n == 1 ? 11 : n;
            assertEquals(partner, mixed.getInt(0, 1, 1, 2));
            assertEquals(partner, mixedLabels.getInt(0, 2, 4));
            assertEquals(1, mixed.getInt(0, 0, 0, 2));
            assertEquals(1, mixed.getInt(0, 0, 1, 1));
            assertEquals(1, mixedLabels.getInt(0, 3, 4));
            assertEquals(1, batch.getInt(0, 1, 1, 2), "the input must not change");
            for (int i = 0; i < n; i++) {
                assertTrue(n == 1 || CutMix.partner(i, n) != i);
            }
        }
    }

    /** A crop of 30 on a canvas of 32: what is added is black in every view, also where colours change, and counts nowhere. */
    @Test
    void aCropIsPaddedToItsCanvas() {
        ClipNormalize normalize = ClipNormalize.openai();
        INDArray black = normalize.apply(new Photo(new byte[3], 1, 1));
        for (int seed = 0; seed < 20; seed++) {
            List<INDArray> views = new UnlabelledViews(30, 32, UNIMATCH, normalize).make(stripes(40, 40), new SplittableRandom(seed));
            List<INDArray> plain = new UnlabelledViews(30, 30, UNIMATCH, normalize).make(stripes(40, 40), new SplittableRandom(seed));
            for (int v = 0; v < 3; v++) {
                assertArrayEquals(new long[] {1, 3, 32, 32}, views.get(v).shape());
                assertEquals(plain.get(v), views.get(v)
                    .get(NDArrayIndex.all(), NDArrayIndex.all(), NDArrayIndex.interval(0, 30), NDArrayIndex.interval(0, 30)).dup('c'));
                for (int c = 0; c < 3; c++) {
                    assertEquals(black.getFloat(0, c, 0, 0), views.get(v).getFloat(0, c, 31, 5));
                    assertEquals(black.getFloat(0, c, 0, 0), views.get(v).getFloat(0, c, 5, 30));
                }
            }
            assertEquals(0, views.get(3).getInt(0, 30, 0));
            assertEquals(0, views.get(3).getInt(0, 29, 31));
            assertEquals(plain.get(3),
                views.get(3).get(NDArrayIndex.all(), NDArrayIndex.interval(0, 30), NDArrayIndex.interval(0, 30)).dup('c'));
            assertEquals(LabelMap.IGNORE, views.get(4).getInt(0, 31, 31));
            List<INDArray> labelled = new LabelledViews(30, 32, UNIMATCH, normalize).make(stripes(40, 40), new SplittableRandom(seed));
            assertEquals(LabelMap.IGNORE, labelled.get(1).getInt(0, 0, 30));
            assertArrayEquals(new long[] {1, 32, 32}, labelled.get(1).shape());
        }
    }

    @Test
    void strongViewsOfOneImageDiffer() {
        List<INDArray> views = new UnlabelledViews(32, 32, UNIMATCH, ClipNormalize.openai()).make(stripes(40, 40), new SplittableRandom(4));
        assertEquals(5, views.size());
        assertNotEquals(views.get(1), views.get(2));
    }
}
