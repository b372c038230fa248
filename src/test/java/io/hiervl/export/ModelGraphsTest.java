package io.hiervl.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.backbone.Backbones;
import io.hiervl.clip.ClipArchitecture;
import io.hiervl.clip.RandomClip;
import io.hiervl.config.ModelConfig;
import io.hiervl.config.Recipes;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphStructure;
import io.hiervl.graph.Graphs;
import io.hiervl.graph.ParameterStore;
import io.hiervl.image.ClipNormalize;
import io.hiervl.model.HierVlNetwork;
import io.hiervl.model.ImageTowers;
import io.hiervl.model.NetworkParameters;
import io.hiervl.op.SameDiffOps;
import io.hiervl.structure.Block;
import io.hiervl.structure.ModelGraph;
import io.hiervl.structure.Value;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The graph of one network, read from the live network and from files of each format. */
class ModelGraphsTest {
    private static final ClipArchitecture CLIP = ClipArchitecture.of(32, 4, 2, 8, 32, 32, 1, 2, 16, 40, 24);
    private static ExportSource source;
    private static ModelGraph live;
    private static FusedOps ops;

    @TempDir
    Path folder;

    @BeforeAll
    static void build() {
        SameDiffOps.start();
        ModelConfig config =
            Recipes.load("tiny", List.of("model.dim=32", "model.heads=4", "model.n_enc=1", "model.n_dec=2", "model.enc_ffn=32",
                "model.dec_ffn=32", "model.cm_dim=8", "model.norm_groups=8", "model.visual_queries=4", "model.taps=null")).model();
        ParameterStore store = NetworkParameters.create(config, RandomClip.weights(CLIP, new Random(3)), 3, 8, new int[] {1, 2, 3, 4},
            DataType.FLOAT, new Random(5));
        HierVlNetwork network = new HierVlNetwork(config, ImageTowers.of(Backbones.ofClip(CLIP, ClipNormalize.openai())), 3);
        INDArray text = Nd4j.create(new Random(7).doubles(3 * 24).map(x -> 2 * x - 1).toArray(), new long[] {3, 24}, 'c')
            .castTo(DataType.FLOAT);
        text.diviColumnVector(text.norm2(1));
        source = new ExportSource(network, store, text, ExportMeta.of(List.of("a", "b", "c"),
            List.of(new int[] {0, 0, 0}, new int[] {1, 0, 0}, new int[] {0, 1, 0}), new double[] {0, 0, 0}, new double[] {1, 1, 1}, 64, 64,
            8,
            Map.of()));
        ops = new FusedOps(Graphs.create(), DataType.FLOAT);
        ops.named(source.build(ops), ExportSource.SCORES);
        live = GraphStructure.of(ops.sd(), "live", List.of(ExportSource.SCORES));
    }

    private ModelGraph graph(ExportFormat format) {
        Path file = folder.resolve(format == ExportFormat.ONNX ? "m.onnx" : "m.sd");
        ModelExport.write(file, source, format);
        return ModelGraphs.read(file);
    }

    /** FLOPs of modules that are written with products and convolutions in all formats. */
    private static Map<String, Double> flops(ModelGraph graph) {
        Map<String, Double> result = new TreeMap<>();
        for (String module : List.of("vision.blocks.0", "vision.blocks.3", "hsqg", "pixel_decoder.layers.0.self_attn",
            "query_decoder.layers.1.cross_attn", "query_decoder.layers.1.self_attn")) {
            result.put(module, graph.root().find(module).map(b -> b.figures().flops()).orElse(-1.0));
        }
        return result;
    }

    @ParameterizedTest
    @EnumSource(ExportFormat.class)
    void everyFormatHasTheModulesOfTheNetworkWithTheirWork(ExportFormat format) {
        ModelGraph file = graph(format);
        assertEquals(flops(live), flops(file));
        assertTrue(flops(live).values().stream().allMatch(f -> f > 1000), flops(live).toString());
        file.operations().forEach(op -> op.results().forEach(v -> assertTrue(v.shape() != null, format + ": no shape of " + v.name())));
        Value scores = file.operations().stream().flatMap(op -> op.results().stream()).filter(v -> v.name().equals("scores")).findFirst()
            .orElseThrow();
        assertEquals(List.of(1L, 3L, 64L, 64L), scores.shape());
        assertEquals(List.of(new Value("images", List.of(1L, 3L, 64L, 64L))), file.inputs());
        for (ModelGraph.Form form : ModelGraph.Form.values()) {
            assertTrue(file.text(form).contains("cross_attn"), format + " as " + form);
        }
    }

    /** The plan of the runner, made by other code, says the same about memory; it rounds every array up by at most an eighth. */
    @Test
    void memoryAgreesWithThePlanOfTheRunner() {
        double planned = ops.runner(List.of(ExportSource.SCORES)).plannedBytes();
        double peak = live.root().figures().peak();
        assertTrue(peak <= planned && planned <= 1.125 * peak, peak + " of " + planned);
    }

    @Test
    void parametersAreThoseOfTheNetwork() {
        long values = source.store().all().stream().filter(p -> ops.sd().hasVariable(p.name())).mapToLong(p -> p.array().length()).sum();
        long constants = live.parameters().stream().filter(v -> !source.store().has(v.name())).mapToLong(Value::size).sum();
        assertEquals(values + constants, live.root().figures().parameters());
        long named = graph(ExportFormat.ONNX).parameters().stream().filter(v -> source.store().has(v.name())).mapToLong(Value::size).sum();
        assertEquals(values, named, "the file holds the parameters under the names of the network");
    }

    @Test
    void figuresOfAModuleAreAtLeastThoseOfItsChildren() {
        live.root().all().forEach(b -> {
            double children = b.children().stream().map(Block::figures).mapToDouble(f -> f.flops()).sum();
            assertTrue(b.figures().flops() >= children - 1e-6, b.path());
            b.children().forEach(c -> assertTrue(c.figures().peak() <= b.figures().peak(), c.path()));
        });
    }
}
