package io.hiervl.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.backbone.Backbone;
import io.hiervl.backbone.BackboneWeights;
import io.hiervl.backbone.Backbones;
import io.hiervl.backbone.Dinov2Fixture;
import io.hiervl.clip.ClipBundle;
import io.hiervl.clip.ClipEmbedder;
import io.hiervl.clip.DensePath;
import io.hiervl.config.ModelConfig;
import io.hiervl.config.Recipes;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.Graphs;
import io.hiervl.graph.ParameterStore;
import io.hiervl.graph.Scope;
import io.hiervl.image.ClipNormalize;
import io.hiervl.image.Photo;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.BiFunction;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** DINOv2 as trained tower beside the tiny CLIP: who answers for which embedding. */
class ImageTowersTest {
    private static final double TOLERANCE = 2e-5;
    private static ClipBundle clip;
    private static BackboneWeights image;
    private static ImageTowers towers;
    private static ParameterStore store;

    @BeforeAll
    static void open() {
        clip = ClipBundle.open(Path.of("graphs/tiny-clip"));
        image = Backbones.open(Dinov2Fixture.ROOT.resolve("official-registers-dynamo"));
        towers = new ImageTowers(image.backbone(), Backbones.ofClip(clip).backbone());
        ModelConfig config = Recipes.load("tiny", List.of()).model();
        store =
            NetworkParameters.create(config, towers, image, clip.weights(), 3, 6, new int[] {1, 2, 3, 4}, DataType.FLOAT, new Random(1));
    }

    private static INDArray run(INDArray images, BiFunction<Scope, SDVariable, SDVariable> what) {
        FusedOps ops = new FusedOps(Graphs.create(), DataType.FLOAT);
        SDVariable out = what.apply(HierVlNetwork.root(ops, store), ops.placeholder("images", images.shape()));
        try (GraphRunner.Result r = ops.runner(List.of(out.name())).run(Map.of("images", images))) {
            return r.output(out.name()).dup('c');
        }
    }

    /** One colour everywhere, so that size does not matter and colour constants do. */
    private static INDArray plain(ClipNormalize colours, int side) {
        byte[] rgb = new byte[3 * side * side];
        for (int i = 0; i < rgb.length; i += 3) {
            rgb[i] = (byte) 200;
            rgb[i + 1] = 50;
            rgb[i + 2] = 90;
        }
        return colours.apply(new Photo(rgb, side, side));
    }

    private static void equal(INDArray expected, INDArray got) {
        assertArrayEquals(expected.shape(), got.shape());
        double worst = expected.sub(got).amaxNumber().doubleValue();
        assertTrue(worst < TOLERANCE, "differs by " + worst);
    }

    @Test
    void theGateSeesWhatClipSees() {
        ClipNormalize own = towers.clip().colours();
        assertFalse(java.util.Arrays.equals(own.mean(), image.backbone().colours().mean()), "the two want other colours");
        INDArray expected = new ClipEmbedder(clip.weights(), clip.preprocessing().eot()).embedImages(plain(own, 32));
        expected.diviColumnVector(expected.norm2(1));
        INDArray images = plain(image.backbone().colours(), 84);
        equal(expected, run(images, towers::embedding));
        equal(expected, run(images, (root, x) -> towers.apply(root, x, List.of(), DensePath.NONE).embedding()));
    }

    /** The frozen CLIP has a cell for every patch of the trained tower, also where the picture is not square. */
    @Test
    void theReferenceHasTheGridOfTheTrainedTower() {
        INDArray square = plain(image.backbone().colours(), 84);
        INDArray atClip = plain(towers.clip().colours(), 6 * 8);
        Backbone tower = towers.clip();
        equal(run(atClip, (root, x) -> tower.apply(root.at(ImageTowers.FROZEN), x, List.of(), DensePath.VALUE).dense()),
            run(square, (root, x) -> towers.frozenDense(root, x, DensePath.VALUE)));
        INDArray wide = Nd4j.rand(DataType.FLOAT, 2, 3, 56, 84);
        assertArrayEquals(new long[] {2, 4 * 6, 64}, run(wide, (root, x) -> towers.frozenDense(root, x, DensePath.LAST)).shape());
        assertArrayEquals(new long[] {2, 4 * 6, 64}, run(wide, (root, x) -> towers.dense(root, x, DensePath.LAST)).shape());
    }

    @Test
    void predictionsNeedBothTowersAndNoText() {
        assertTrue(towers.predictionNeeds("frozen.vision.conv1.weight") && towers.predictionNeeds("dense_projection.weight"));
        assertFalse(towers.predictionNeeds("text.token_embedding"));
        assertFalse(ImageTowers.of(towers.clip()).predictionNeeds("frozen.vision.conv1.weight"));
        assertEquals(17, store.get("frozen.vision.positional_embedding").array().size(0), "the gate's table stays as it is");
        assertEquals(37, store.get("vision.pos_embed").array().size(0), "the trained table has the grid of the crop");
    }
}
