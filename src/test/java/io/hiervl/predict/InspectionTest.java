package io.hiervl.predict;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.cli.Forms;
import io.hiervl.config.EvalConfig;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.Photo;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What is seen inside a network is what its output is made of. */
class InspectionTest {
    @TempDir
    static Path dir;
    private static Path run;
    private static Inspection seen;

    @BeforeAll
    static void look() {
        run = Forms.train(dir.resolve("run"));
        seen = Inspection.of(run, Images.readPhoto(Forms.PHOTO));
    }

    private static double sum(float[] values, int from, int count) {
        double sum = 0;
        for (int i = from; i < from + count; i++) {
            sum += values[i];
        }
        return sum;
    }

    @Test
    void gatesAreTheSigmoidOfTheirLogits() {
        float[] gates = seen.gates();
        float[] logits = seen.gateLogits();
        assertEquals(seen.classNames().size(), gates.length);
        for (int k = 0; k < gates.length; k++) {
            assertEquals(1 / (1 + Math.exp(-logits[k])), gates[k], 1e-6);
        }
    }

    /** S_c = sum over rows of softmax(class logits)_c sigmoid(mask), with the rows of S: the text rows. */
    @Test
    void lastMasksAndClassesMakeTheScores() {
        int layer = seen.layers();
        Inspection.Maps masks = seen.masks(layer);
        Inspection.Maps scores = seen.scores();
        List<float[]> classes = seen.classLogits(layer);
        assertEquals(seen.rows().size(), masks.count());
        assertEquals(masks.count(), classes.size());
        int text = (int) seen.rows().stream().filter(r -> !r.startsWith("visual")).count();
        int pixels = masks.height() * masks.width();
        boolean all = TrainedModel.load(run).recipe().model().output().visualRowsInS();
        for (int k = 0; k < scores.count(); k++) {
            for (int p : new int[] {0, pixels / 3, pixels - 1}) {
                double s = 0;
                for (int row = 0; row < (all ? masks.count() : text); row++) {
                    float[] logits = classes.get(row);
                    double total = 0;
                    for (float l : logits) {
                        total += Math.exp(l - logits[k]);
                    }
                    s += masks.values()[row * pixels + p] / total;
                }
                assertEquals(s, scores.values()[k * pixels + p], 1e-4 * Math.max(1, s));
            }
        }
    }

    @Test
    void everyLayerHasMasksOfItsOwn() {
        for (int layer = 0; layer < seen.layers(); layer++) {
            assertNotEquals(seen.masks(layer), seen.masks(layer + 1));
        }
        assertThrows(IllegalArgumentException.class, () -> seen.masks(seen.layers() + 1));
    }

    /** The fused op's result is the values under these weights. */
    @Test
    void attentionIsWhatTheOpComputes() {
        String place = "query_decoder.layers.0.cross_attn";
        INDArray result = seen.array(place + "/attention");
        String values = seen.names().stream().filter(n -> n.startsWith(place + ".v_proj/")).findFirst().orElseThrow();
        float[] v = seen.array(values).data().asFloat();
        int dim = (int) result.size(2);
        for (int row : new int[] {0, seen.rows().size() - 1}) {
            Inspection.Maps maps = seen.attention(0, row);
            int cells = maps.height() * maps.width();
            int own = dim / maps.count();
            for (int h = 0; h < maps.count(); h++) {
                assertEquals(1, sum(maps.values(), h * cells, cells), 1e-5);
                double expected = 0;
                for (int i = 0; i < cells; i++) {
                    expected += maps.values()[h * cells + i] * v[i * dim + h * own];
                }
                assertEquals(expected, result.getFloat(0, row, h * own), 1e-4);
            }
        }
    }

    /** The fused op's result is the bilinear samples of the values at these points under these weights. */
    @Test
    void samplingPointsAreWhatTheOpReads() {
        String place = "pixel_decoder.layers.0.self_attn";
        INDArray result = seen.array(place + "/deformable_attention");
        float[] v = seen.array(seen.names().stream().filter(n -> n.startsWith(place + ".value_proj/")).findFirst().orElseThrow()).data()
            .asFloat();
        int dim = (int) result.size(2);
        int[][] shapes = shapes();
        int cell = shapes[0][0] * shapes[0][1] + shapes[1][1] + 2; // level 1, second row, third column
        int x = 2 * seen.canvas()[0] / shapes[1][1] + 1;
        int y = seen.canvas()[1] / shapes[1][0] + 1;
        Inspection.Points points = seen.sampling(0, 1, x, y);
        assertEquals(3, points.levels());
        int samples = points.levels() * points.points();
        for (int h = 0; h < points.heads(); h++) {
            assertEquals(1, sum(points.weight(), h * samples, samples), 1e-5);
            double expected = 0;
            for (int i = h * samples; i < (h + 1) * samples; i++) {
                int level = i % samples / points.points();
                expected += points.weight()[i] * bilinear(v, shapes, level, points.x()[i], points.y()[i], dim, h * dim / points.heads());
            }
            assertEquals(expected, result.getFloat(0, cell, h * dim / points.heads()), 1e-4);
        }
    }

    /** {h,w} of the feature levels, coarsest first. */
    private static int[][] shapes() {
        int[][] shapes = new int[3][];
        for (int level = 0; level < 3; level++) {
            Inspection.Maps maps = seen.alignment(0, level);
            shapes[level] = new int[] {maps.height(), maps.width()};
        }
        return shapes;
    }

    private static double bilinear(float[] v, int[][] shapes, int level, float x, float y, int dim, int channel) {
        int start = 0;
        for (int l = 0; l < level; l++) {
            start += shapes[l][0] * shapes[l][1];
        }
        int h = shapes[level][0];
        int w = shapes[level][1];
        double column = x / seen.canvas()[0] * w - 0.5;
        double row = y / seen.canvas()[1] * h - 0.5;
        double sum = 0;
        for (int dy = 0; dy < 2; dy++) {
            for (int dx = 0; dx < 2; dx++) {
                int i = (int) Math.floor(row) + dy;
                int j = (int) Math.floor(column) + dx;
                if (i >= 0 && i < h && j >= 0 && j < w) {
                    sum += (1 - Math.abs(row - i)) * (1 - Math.abs(column - j)) * v[(start + i * w + j) * dim + channel];
                }
            }
        }
        return sum;
    }

    @Test
    void alignmentSharesOutEveryClassOverThePixels() {
        for (int level = 0; level < 3; level++) {
            Inspection.Maps maps = seen.alignment(0, level);
            assertEquals(seen.classNames().size(), maps.count());
            for (int k = 0; k < maps.count(); k++) {
                assertEquals(1, sum(maps.values(), k * maps.height() * maps.width(), maps.height() * maps.width()), 1e-4);
            }
        }
    }

    /** A network that is looked into predicts what it predicts otherwise. */
    @Test
    void scoresAreThoseOfTheSegmenter() {
        Photo photo = Images.readPhoto(Forms.PHOTO);
        assertEquals(photo, seen.photo());
        Inspection.Maps scores = seen.scores();
        LabelMap labels;
        try (Segmenter s = Segmenter.builder().window(EvalConfig.Window.WHOLE).load(run)) {
            labels = s.segment(photo);
        }
        // in the middle of a cell, where nothing is interpolated across an edge, the best class is the pixel's
        int same = 0;
        int cells = scores.height() * scores.width();
        for (int i = 0; i < cells; i++) {
            int best = 0;
            for (int k = 1; k < scores.count(); k++) {
                best = scores.values()[k * cells + i] > scores.values()[best * cells + i] ? k : best;
            }
            int x = (i % scores.width() * 2 + 1) * seen.canvas()[0] / (2 * scores.width());
            int y = (i / scores.width() * 2 + 1) * seen.canvas()[1] / (2 * scores.height());
            same += x >= photo.width() || y >= photo.height() || labels.at(x, y) == best ? 1 : 0;
        }
        assertTrue(same > 0.9 * cells, same + " of " + cells);
    }

    @Test
    void largePhotosAreMadeSmallerAndOddOnesFilledUp() {
        Photo large = Photo.black(999, 333);
        Inspection wide = Inspection.of(TrainedModel.load(run), large);
        int crop = TrainedModel.load(run).recipe().eval().crop();
        assertEquals(crop, wide.photo().width());
        assertEquals(Math.round(crop / 3.0), wide.photo().height());
        assertTrue(wide.canvas()[1] >= wide.photo().height());
        BufferedImage picture = wide.overlay(wide.masks(0), 0);
        assertEquals(wide.photo().width() + "x" + wide.photo().height(), picture.getWidth() + "x" + picture.getHeight());
    }

    @Test
    void overlaysShowTheMap() {
        Inspection black = Inspection.of(TrainedModel.load(run), Photo.black(64, 64));
        float[] ramp = {0, 1, 2, 4};
        BufferedImage picture = black.overlay(new Inspection.Maps(ramp, 1, 2, 2), 0);
        assertArrayEquals(new int[] {0xff000000, 0xff000099, 0xff009900, 0xff990000},
            new int[] {picture.getRGB(3, 3), picture.getRGB(60, 3), picture.getRGB(3, 60), picture.getRGB(60, 60)});
    }

    @Test
    void whatIsNotThereIsSaidInASentence() throws Exception {
        HierVlException unknown = assertThrows(HierVlException.class, () -> seen.array("query_decoder.layers.99/attention"));
        assertTrue(unknown.getMessage().contains("query_decoder.layers.99"), unknown.getMessage());
        Path file = dir.resolve("model.onnx");
        Files.writeString(file, "");
        HierVlException exported = assertThrows(HierVlException.class, () -> Inspection.of(file, Photo.black(9, 9)));
        assertEquals(HierVlException.Kind.USAGE, exported.kind());
    }

    @Test
    void aUNetAloneHasNoQueries() {
        Path alone = Forms.train(dir.resolve("alone"), "model.unet=8", "model.unet_alone=true", "model.gate_mode=none", "model.n_enc=1",
            "model.n_dec=1", "model.visual_queries=0", "loss.unet_ce=0", "loss.set_class=0", "loss.set_mask=0", "loss.set_dice=0",
            "loss.guidance_start=0", "loss.guidance_end=0", "loss.prompt=0", "loss.mask=0", "loss.pt=0", "loss.qt=0", "loss.gate=0");
        Inspection inside = Inspection.of(alone, Images.readPhoto(Forms.PHOTO));
        for (Runnable call : List.<Runnable>of(inside::gates, inside::rows, inside::layers, () -> inside.masks(0),
            () -> inside.attention(0, 0), () -> inside.sampling(0, 0, 0, 0), () -> inside.alignment(0, 0))) {
            HierVlException e = assertThrows(HierVlException.class, call::run);
            assertTrue(e.getMessage().contains("model.unet_alone"), e.getMessage());
        }
        assertTrue(inside.names().stream().allMatch(n -> !n.startsWith("query_decoder")), inside.names().toString());
        Inspection.Maps scores = inside.scores();
        assertEquals(1, sum(new float[] {scores.map(0)[0], scores.map(1)[0], scores.map(2)[0], scores.map(3)[0], scores.map(4)[0],
            scores.map(5)[0], scores.map(6)[0]}, 0, 7), 1e-4);
    }
}
