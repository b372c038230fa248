package io.hiervl.export;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.backbone.Backbones;
import io.hiervl.clip.ClipArchitecture;
import io.hiervl.clip.ClipWeights;
import io.hiervl.clip.RandomClip;
import io.hiervl.config.Recipe;
import io.hiervl.config.Recipes;
import io.hiervl.graph.ParameterStore;
import io.hiervl.image.ClipNormalize;
import io.hiervl.model.HierVlNetwork;
import io.hiervl.model.ImageTowers;
import io.hiervl.model.NetworkParameters;
import io.hiervl.op.SameDiffOps;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Rows of classes whose gate is all but shut come back through the layer norms of a decoder that adds nothing yet: a gate of 1e-8 must
 * have the same digits in every format.
 */
class ZeroStartExportTest {
    private static final List<String> CLASSES = List.of("sky", "sea", "sand");
    private static final ClipArchitecture CLIP = ClipArchitecture.of(16, 4, 2, 8, 32, 16, 1, 2, 16, 120, 16);
    private static final ImageTowers TOWERS = ImageTowers.of(Backbones.ofClip(CLIP,
        new ClipNormalize(new float[] {0.5f, 0.4f, 0.3f}, new float[] {0.2f, 0.3f, 0.25f})));

    @TempDir
    Path dir;

    @ParameterizedTest
    @EnumSource(ExportFormat.class)
    void anUntrainedNetworkIsExported(ExportFormat format) {
        SameDiffOps.start();
        Recipe recipe = Recipes.load("tiny", List.of("model.dim=16", "model.n_enc=1", "model.n_dec=1", "model.enc_ffn=16",
            "model.dec_ffn=16", "model.cm_dim=4", "model.visual_queries=0", "model.norm_groups=4", "model.heads=2", "eval.crop=32",
            "eval.stride=32"));
        ClipWeights weights = RandomClip.weights(CLIP, new Random(1));
        Nd4j.getRandom().setSeed(3);
        INDArray t = Nd4j.rand(DataType.FLOAT, CLASSES.size(), 16).subi(0.5);
        t.diviColumnVector(t.norm2(1));
        ExportMeta meta = ExportMeta.of(CLASSES, List.of(new int[] {0, 0, 0}, new int[] {9, 9, 9}, new int[] {7, 7, 7}),
            new double[] {0.5, 0.4, 0.3}, new double[] {0.2, 0.3, 0.25}, 32, 32, 8, Map.of("stride", "32"));
        for (int seed = 2; seed < 7; seed++) {
            ParameterStore store = NetworkParameters.create(recipe.model(), weights, CLASSES.size(), 4, new int[] {1, 2, 3, 4},
                DataType.FLOAT, new Random(seed));
            ExportSource source = new ExportSource(new HierVlNetwork(recipe.model(), TOWERS, CLASSES.size()), store, t, meta);
            ExportCheck check = ModelExport.write(dir.resolve(seed + ".model"), source, format);
            assertTrue(check.meanAbsDiff() < 1e-4, seed + ": " + check);
        }
    }
}
