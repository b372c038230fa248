package io.hiervl.clip;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hiervl.config.DatasetSpec;
import io.hiervl.config.DatasetSpecs;
import io.hiervl.config.LossConfig;
import io.hiervl.config.LossConfig.Reduction;
import io.hiervl.config.LossConfig.TopoRescale;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.Graphs;
import io.hiervl.graph.ParameterStore;
import io.hiervl.loss.GuidanceLabels;
import io.hiervl.loss.PromptAnchorLoss;
import io.hiervl.loss.PromptTopologyLoss;
import io.hiervl.model.HSQG;
import io.hiervl.op.SameDiffOps;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Prototypes, concept maximum and equations 3 and 4 on the text embeddings of OpenAI's ViT-B/16 that SemiVL uses. */
class ClipTextEmbeddingsTest {
    private static final Path DATA = Path.of(System.getProperty("shared.dir", "../shared"), "data", "clip-text");
    /** Half a unit in the last place of float16 components of unit rows. */
    private static final double HALF = 1e-3;

    @BeforeAll
    static void start() {
        assumeTrue(Files.isDirectory(DATA), "no text embeddings in " + DATA);
        SameDiffOps.start();
    }

    private static double[][] rows(String name) {
        Npy npy = Npy.read(DATA.resolve(name + ".npy"));
        int width = npy.shape()[1];
        double[][] rows = new double[npy.shape()[0]][];
        Arrays.setAll(rows, i -> Arrays.copyOfRange(npy.values(), i * width, (i + 1) * width));
        return rows;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private static double[][] unit(double[][] rows) {
        return Arrays.stream(rows).map(r -> {
            double n = Math.sqrt(dot(r, r));
            return Arrays.stream(r).map(x -> x / n).toArray();
        }).toArray(double[][]::new);
    }

    /** How many consecutive concepts belong to each class: those whose mean points where the class's average does. */
    private static int[] groups(double[][] concepts, double[][] averages) {
        int[] sizes = new int[averages.length];
        int from = 0;
        for (int k = 0; k < averages.length; k++) {
            double best = -1;
            double[] sum = new double[averages[k].length];
            for (int n = 1; from + n <= concepts.length; n++) {
                for (int i = 0; i < sum.length; i++) {
                    sum[i] += concepts[from + n - 1][i];
                }
                double cosine = dot(sum, averages[k]) / Math.sqrt(dot(sum, sum) * dot(averages[k], averages[k]));
                if (cosine > best) {
                    best = cosine;
                    sizes[k] = n;
                }
            }
            assertTrue(best > 0.999, "class " + k + ": " + best);
            from += sizes[k];
        }
        assertEquals(concepts.length, from);
        return sizes;
    }

    @ParameterizedTest
    @CsvSource({"cityscapes_single,19", "voc12_wbg_single,21", "coco_single,81", "ade_single,150"})
    void prototypesAreUnitVectorsOfDifferentClasses(String name, int classes) {
        double[][] t = rows(name);
        assertEquals(classes, t.length);
        double[][] u = unit(t);
        FusedOps ops = new FusedOps(Graphs.create(), DataType.DOUBLE);
        SDVariable sim = HSQG.similarity(ops, ops.l2Normalize(ops.constant("t", Nd4j.create(t)), VisionTower.NORMALISE_EPS),
            ops.l2Normalize(ops.constant("v", Nd4j.create(t)), VisionTower.NORMALISE_EPS));
        try (GraphRunner.Result r = ops.runner(List.of(sim.name())).run(Map.of())) {
            INDArray cosines = r.output(sim.name());
            for (int i = 0; i < classes; i++) {
                assertEquals(1, Math.sqrt(dot(t[i], t[i])), HALF);
                for (int j = 0; j < classes; j++) {
                    assertEquals(dot(u[i], u[j]), cosines.getDouble(i, j), 1e-12);
                    assertTrue(i == j || cosines.getDouble(i, j) < 0.99, "classes " + i + " and " + j);
                }
            }
            ParameterStore store = new ParameterStore();
            store.add("hsqg.gate_w", Nd4j.zeros(1), ParameterStore.Group.NEW, false);
            store.add("hsqg.gate_b", Nd4j.zeros(1), ParameterStore.Group.NEW, false);
            HSQG.initGate(store, "hsqg", cosines, 50);
            double w = store.get("hsqg.gate_w").array().getDouble(0);
            assertTrue(w > 10 && w <= 50, "slope " + w + " on the cosines of a large CLIP");
        }
    }

    @Test
    void theBuiltInConceptsOfVocAreSemiVls() {
        DatasetSpec voc = DatasetSpecs.builtIn("voc");
        int[] sizes = groups(rows("voc12_wbg_concept4_single"), rows("voc12_wbg_conceptavg4_single"));
        assertArrayEquals(sizes, IntStream.range(0, voc.classes().size()).map(k -> voc.conceptsOf(k).size()).toArray());
    }

    @ParameterizedTest
    @CsvSource({"voc12_wbg_concept4_single,voc12_wbg_conceptavg4_single", "cityscapes_concept3_single,cityscapes_conceptavg3_single"})
    void theBestConceptDecides(String conceptsFile, String averagesFile) {
        double[][] concepts = rows(conceptsFile);
        int[] sizes = groups(concepts, rows(averagesFile));
        int[] classOf = new int[concepts.length];
        int at = 0;
        for (int k = 0; k < sizes.length; k++) {
            Arrays.fill(classOf, at, at += sizes[k], k);
        }
        // Pixels that look like one concept each, with a little of another.
        int n = concepts.length;
        double[][] pixels = new double[n][];
        for (int i = 0; i < n; i++) {
            double[] other = concepts[(i + 7) % n];
            pixels[i] = new double[other.length];
            for (int c = 0; c < other.length; c++) {
                pixels[i][c] = 3 * concepts[i][c] + 0.5 * other[c];
            }
        }
        FusedOps ops = new FusedOps(Graphs.create(), DataType.DOUBLE);
        SDVariable cosines = GuidanceLabels.cosines(ops, ops.constant("dense", Nd4j.create(pixels).reshape(1, n, pixels[0].length)),
            ops.constant("concepts", Nd4j.create(concepts)), 100);
        INDArray scores;
        try (GraphRunner.Result r = ops.runner(List.of(cosines.name())).run(Map.of())) {
            scores = GuidanceLabels.classScores(r.output(cosines.name()), classOf, sizes.length, 1, n);
        }
        double[][] x = unit(pixels);
        double[][] t = unit(concepts);
        for (int i = 0; i < n; i++) {
            double[] expected = new double[sizes.length];
            Arrays.fill(expected, Double.NEGATIVE_INFINITY);
            for (int j = 0; j < n; j++) {
                expected[classOf[j]] = Math.max(expected[classOf[j]], 100 * dot(x[i], t[j]));
            }
            int best = 0;
            for (int k = 0; k < sizes.length; k++) {
                assertEquals(expected[k], scores.getDouble(0, k, 0, i), 1e-9);
                best = scores.getDouble(0, k, 0, i) > scores.getDouble(0, best, 0, i) ? k : best;
            }
            assertEquals(classOf[i], best, "concept " + i);
        }
        INDArray labels = GuidanceLabels.of(scores, 1, n, null, 0).labels();
        for (int i = 0; i < n; i++) {
            assertEquals(classOf[i], labels.getInt(0, 0, i));
        }
    }

    /** Equations 3 and 4 as written down, against the ops in both precisions, for prompts around the prototypes. */
    @ParameterizedTest
    @CsvSource({"cityscapes_single,19", "voc12_wbg_single,21", "coco_single,81", "ade_single,150"})
    void equations3And4(String name, int classes) {
        double[][] clip = unit(rows(name));
        assertEquals(classes, clip.length);
        Random random = new Random(classes);
        double[][] t = unit(
            Arrays.stream(clip).map(r -> Arrays.stream(r).map(v -> v + 0.02 * random.nextGaussian()).toArray()).toArray(double[][]::new));
        double topology = 0;
        double anchor = 0;
        double repulsion = 0;
        double eps = 1e-8;
        for (int i = 0; i < classes; i++) {
            anchor += distance(t[i], clip[i], eps);
            for (int j = 0; j < classes; j++) {
                topology += Math.pow(dot(t[i], t[j]) - dot(clip[i], clip[j]), 2);
                repulsion += i == j ? 0 : Math.log(1 + distance(t[i], t[j], eps));
            }
        }
        double ratio = 21.0 / classes;
        for (TopoRescale rescale : TopoRescale.values()) {
            double factor = rescale == TopoRescale.NONE || rescale == TopoRescale.CAPPED && ratio > 1 ? 1 : ratio;
            for (Reduction reduction : Reduction.values()) {
                double lambda = reduction == Reduction.MEAN ? 0.1 / (classes - 1) : 0.1;
                double[] expected = {factor * factor * topology, factor * (anchor - lambda * repulsion)};
                for (DataType type : List.of(DataType.DOUBLE, DataType.FLOAT)) {
                    double[] found = losses(t, clip, type, rescale, reduction, eps);
                    for (int i = 0; i < 2; i++) {
                        assertEquals(expected[i], found[i], (type == DataType.DOUBLE ? 1e-10 : 2e-5) * (1 + Math.abs(expected[i])),
                            "equation " + (3 + i) + " " + type + " " + rescale + " " + reduction);
                    }
                }
            }
        }
        double[] start = losses(clip, clip, DataType.DOUBLE, TopoRescale.CAPPED, Reduction.MEAN, eps);
        assertEquals(0, start[0], 1e-20, "equation 3 is 0 for the prototypes themselves");
        assertTrue(start[1] < 2e-4 * classes, "and equation 4 has nothing but the repulsion: " + start[1]);
    }

    private static double distance(double[] a, double[] b, double eps) {
        double sum = eps;
        for (int i = 0; i < a.length; i++) {
            sum += (a[i] - b[i]) * (a[i] - b[i]);
        }
        return Math.sqrt(sum);
    }

    /** Both losses; their gradients must be finite, at distance 0 too. */
    private static double[] losses(double[][] t, double[][] clip, DataType type, TopoRescale rescale, Reduction reduction, double eps) {
        FusedOps ops = new FusedOps(Graphs.create(), type);
        SDVariable x = ops.sd().var("t", Nd4j.create(t).castTo(type));
        SDVariable c = ops.constant("clip", Nd4j.create(clip).castTo(type));
        SDVariable topology = ops.adopt(PromptTopologyLoss.build(ops, x, c, rescale), 1);
        SDVariable anchor =
            ops.adopt(PromptAnchorLoss.build(ops, x, c, new LossConfig.Prompt(1, 0.1, 1, reduction, rescale, false, eps)), 1);
        SDVariable sum = ops.add(topology, anchor);
        try (GraphRunner.Result r =
            ops.runner(List.of(topology.name(), anchor.name()), sum.name(), List.of("t")).run(Map.of())) {
            double norm = r.gradient("t").norm2Number().doubleValue();
            assertTrue(Double.isFinite(norm) && norm < 1e4, "gradient " + norm);
            return new double[] {r.scalar(topology.name()), r.scalar(anchor.name())};
        }
    }
}
