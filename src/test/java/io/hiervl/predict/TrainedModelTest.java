package io.hiervl.predict;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.backbone.Backbones;
import io.hiervl.checkpoint.Checkpoint;
import io.hiervl.checkpoint.CheckpointStore;
import io.hiervl.clip.ClipArchitecture;
import io.hiervl.clip.ClipWeights;
import io.hiervl.clip.RandomClip;
import io.hiervl.config.Recipe;
import io.hiervl.config.Recipes;
import io.hiervl.graph.ParameterStore;
import io.hiervl.image.ClipNormalize;
import io.hiervl.image.LabelMap;
import io.hiervl.image.Palette;
import io.hiervl.image.Photo;
import io.hiervl.model.HierVlNetwork;
import io.hiervl.model.ImageTowers;
import io.hiervl.model.NetworkParameters;
import io.hiervl.op.SameDiffOps;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A whole network of random weights, saved and used again without its CLIP. */
class TrainedModelTest {
    private static final List<String> CLASSES = List.of("sky", "sea", "sand");
    private static final ClipArchitecture CLIP = ClipArchitecture.of(32, 4, 2, 8, 64, 32, 1, 2, 16, 64, 32);
    private static final ImageTowers TOWERS = ImageTowers.of(Backbones.ofClip(CLIP, ClipNormalize.openai()));
    private static final Recipe RECIPE = Recipes.load("tiny", List.of("model.n_enc=1", "model.n_dec=1", "model.dim=64"));

    private static ParameterStore store;
    private static INDArray t;

    @TempDir
    Path run;

    @BeforeAll
    static void network() {
        SameDiffOps.start();
        ClipWeights weights = RandomClip.weights(CLIP, new Random(1));
        store = NetworkParameters.create(RECIPE.model(), weights, CLASSES.size(), 8, new int[] {1, 2, 3, 4}, DataType.FLOAT, new Random(2));
        t = Nd4j.rand(DataType.FLOAT, 3, 32).subi(0.5);
        t.diviColumnVector(t.norm2(1));
    }

    private Checkpoint save(Map<String, Object> details, Map<String, INDArray> more) {
        Map<String, INDArray> arrays = new LinkedHashMap<>(TrainedModel.arrays(TOWERS, store, t));
        arrays.putAll(more);
        return new CheckpointStore(run, 2).save(5, "hash", CLASSES, arrays, details);
    }

    private static Map<String, Object> details() {
        return TrainedModel.details(RECIPE, TOWERS, List.of(List.of(1, 2, 3), List.of(250, 0, 7)));
    }

    private static float[] image(int h, int w) {
        float[] chw = new float[3 * h * w];
        Random random = new Random(4);
        for (int i = 0; i < chw.length; i++) {
            chw[i] = (float) random.nextGaussian();
        }
        return chw;
    }

    @Test
    void theLoadedModelGivesTheSameScores() {
        save(details(), Map.of());
        GraphInference before = new GraphInference(new HierVlNetwork(RECIPE.model(), TOWERS, 3), store, t, CLASSES, 64);
        GraphInference after = TrainedModel.load(run).inference();
        float[] expected = before.scores(image(64, 48), 64, 48);
        assertArrayEquals(expected, after.scores(image(64, 48), 64, 48));
        for (int i = 0; i < 64 * 48; i++) {
            assertEquals(1, expected[i] + expected[64 * 48 + i] + expected[2 * 64 * 48 + i], 1e-5, "probabilities");
        }
        assertEquals(RECIPE, TrainedModel.load(run).recipe());
        assertEquals(TOWERS.image().describe(), TrainedModel.load(run).towers().image().describe());
    }

    @Test
    void averagesAreUsedWhereTheyExist() {
        String name = "p/" + store.all().iterator().next().name();
        INDArray average = TrainedModel.arrays(TOWERS, store, t).get(name).mul(2);
        save(details(), Map.of("e/" + name.substring(2), average));
        assertEquals(average, TrainedModel.load(run).store().get(name.substring(2)).array());
    }

    @Test
    void theSegmenterWorksFromManyThreads() {
        save(details(), Map.of());
        byte[] rgb = new byte[3 * 90 * 70];
        new Random(5).nextBytes(rgb);
        Photo photo = new Photo(rgb, 90, 70);
        try (Segmenter s = Segmenter.load(run)) {
            LabelMap first = s.segment(photo);
            assertEquals("90x70", first.width() + "x" + first.height());
            IntStream.range(0, 6).parallel().forEach(i -> assertArrayEquals(first.values(), s.segment(photo).values()));
            assertEquals(CLASSES, s.classNames());
        }
    }

    @Test
    void coloursTravelWithTheModelAndOlderModelsHaveNone() {
        save(details(), Map.of());
        try (Segmenter s = Segmenter.load(run)) {
            assertEquals(List.of(List.of(1, 2, 3), List.of(250, 0, 7), List.of(0, 128, 0)), s.palette().colours(3));
        }
        Map<String, Object> older = details();
        older.remove("palette");
        save(older, Map.of());
        assertEquals(Palette.voc().colours(256), TrainedModel.load(run).palette().colours(256));
        older.put("palette", List.of(List.of(1, 2)));
        save(older, Map.of());
        String wrong = assertThrows(HierVlException.class, () -> TrainedModel.load(run)).getMessage();
        assertTrue(wrong.contains("[1, 2]") && wrong.contains("[r, g, b]"), wrong);
    }

    @Test
    void incompleteModelsAreNamed() {
        Map<String, Object> broken = details();
        broken.remove("clip");
        save(broken, Map.of());
        String missing = assertThrows(HierVlException.class, () -> TrainedModel.load(run)).getMessage();
        assertTrue(missing.contains("details.clip"), missing);
        List<Map<String, Object>> towers = List.of(Map.of("family", "resnet"), Map.of("family", "dinov2", "width", 32));
        for (Map<String, Object> tower : towers) {
            Map<String, Object> odd = details();
            odd.put("backbone", tower);
            save(odd, Map.of());
            HierVlException e = assertThrows(HierVlException.class, () -> TrainedModel.load(run));
            assertEquals(HierVlException.Kind.MODEL, e.kind());
            assertTrue(e.getMessage().contains(tower.size() == 1 ? "'resnet'" : "0 layers"), e.getMessage());
        }
        save(details(), Map.of(TrainedModel.T, Nd4j.ones(DataType.FLOAT, 2, 32)));
        String rows = assertThrows(HierVlException.class, () -> TrainedModel.load(run)).getMessage();
        assertTrue(rows.contains("[2, 32]") && rows.contains("3 classes"), rows);
    }
}
