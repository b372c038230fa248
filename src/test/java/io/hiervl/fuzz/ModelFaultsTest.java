package io.hiervl.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.checkpoint.CheckpointStore;
import io.hiervl.config.EvalConfig;
import io.hiervl.export.ExportFormat;
import io.hiervl.export.ExportedModel;
import io.hiervl.onnx.OnnxModel;
import io.hiervl.op.SameDiffOps;
import io.hiervl.predict.TrainedModel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.FunctionProto;
import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.SparseTensorProto;
import onnx.Onnx.StringStringEntryProto;
import onnx.Onnx.TensorProto;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.TrainingConfig;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;

/** Models that must not be loaded: each kind by one file. */
class ModelFaultsTest {
    @TempDir
    static Path work;

    private static Seeds seeds;
    private static Path checkpoint;

    @BeforeAll
    static void models() {
        SameDiffOps.start();
        seeds = new Seeds(work);
        checkpoint = seeds.checkpoint();
    }

    private static String refused(org.junit.jupiter.api.function.Executable load) {
        HierVlException e = assertThrows(HierVlException.class, load);
        assertEquals(HierVlException.Kind.MODEL, e.kind(), e.getMessage());
        return e.getMessage();
    }

    @ParameterizedTest
    @EnumSource(ExportFormat.class)
    void exportsCarryAChecksumAndOldOnesStayReadable(ExportFormat format) throws Exception {
        Path file = seeds.export(format);
        byte[] before = Files.readAllBytes(file);
        float[] scores = scores(file);
        for (int i = 3; i < before.length; i += before.length / 20) {
            byte[] changed = before.clone();
            changed[i] ^= 4;
            Files.write(file, changed);
            refused(() -> ExportedModel.load(file).close());
        }
        Files.write(file, new String(before, StandardCharsets.ISO_8859_1).replace("hiervl.sha256=", "hiervl-sha256=")
            .getBytes(StandardCharsets.ISO_8859_1));
        assertTrue(refused(() -> ExportedModel.load(file).close()).contains("has lost its SHA-256"));
        Files.write(file, before);
        org.junit.jupiter.api.Assertions.assertArrayEquals(scores, scores(seeds.older(file)));
    }

    private static float[] scores(Path file) {
        try (ExportedModel model = ExportedModel.load(file)) {
            return model.scores(new float[3 * 32 * 32], 32, 32);
        }
    }

    @Test
    void sizesAreComparedWithMemoryFirst() {
        TrainedModel model = TrainedModel.load(checkpoint);
        HierVlException e =
            assertThrows(HierVlException.class, () -> model.segmenter(new EvalConfig(EvalConfig.Window.CLAMPED, 1_000_000, 500_000, 0)));
        assertEquals(HierVlException.Kind.DATA, e.kind());
        assertTrue(e.getMessage().contains("--crop"), e.getMessage());
        HierVlException graph = assertThrows(HierVlException.class, () -> io.hiervl.export.ModelGraphs.read(checkpoint, 1_000_000));
        assertTrue(graph.getMessage().contains("--size"), graph.getMessage());
        try (var segmenter = model.segmenter(new EvalConfig(EvalConfig.Window.CLAMPED, 64, 32, 46_341))) {
            HierVlException photo = assertThrows(HierVlException.class,
                () -> segmenter.segment(new io.hiervl.image.Photo(new byte[3 * 64 * 64], 64, 64)));
            assertTrue(photo.getMessage().contains("46341x46341") && photo.getMessage().contains("--short-side"), photo.getMessage());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"p/vision.proj.weight NaN", "p/vision.proj.weight Infinity", "p/vision.proj.weight 3e38", "x/t NaN", "x/t 0"})
    void valuesThatNoModelHasAreNamed(String fault) {
        String name = fault.split(" ")[0];
        float value = Float.parseFloat(fault.split(" ")[1]);
        Path run = work.resolve("values-" + fault.replace('/', '-').replace(' ', '-'));
        var good = CheckpointStore.find(checkpoint);
        Map<String, INDArray> arrays = new java.util.LinkedHashMap<>(good.arrays(n -> true));
        if (value == 0) {
            arrays.get(name).getRow(1).assign(0);
        } else {
            arrays.get(name).putScalar(3, value);
        }
        Path saved = new CheckpointStore(run, 1)
            .save(1, good.manifest().configHash(), good.manifest().classes(), arrays, good.manifest().details()).folder();
        String message = refused(() -> TrainedModel.load(saved));
        assertTrue(message.contains(name) && (value == 0 ? message.contains("row 1") : message.contains("position 3")), message);
    }

    @Test
    void parametersAreFloats() {
        var good = CheckpointStore.find(checkpoint);
        Map<String, INDArray> arrays = new java.util.LinkedHashMap<>(good.arrays(n -> true));
        String name = arrays.keySet().stream().filter(n -> n.startsWith("p/")).findFirst().orElseThrow();
        arrays.put(name, arrays.get(name).castTo(org.nd4j.linalg.api.buffer.DataType.INT32));
        Path saved = new CheckpointStore(work.resolve("whole-numbers"), 1)
            .save(1, good.manifest().configHash(), good.manifest().classes(), arrays, good.manifest().details()).folder();
        assertTrue(refused(() -> TrainedModel.load(saved)).contains(name + " has the data type"));
    }

    @Test
    void classesNeedNames() {
        var good = CheckpointStore.find(checkpoint);
        for (List<String> names : List.of(List.of("a", "b", "a"), List.of("a", " ", "c"))) {
            Path saved = new CheckpointStore(work.resolve("classes" + names.hashCode()), 1)
                .save(1, good.manifest().configHash(), names, good.arrays(n -> true),
                    good.manifest().details())
                .folder();
            assertTrue(refused(() -> TrainedModel.load(saved)).contains("class "));
        }
    }

    @Test
    void theRecipeOfAnOldManifestIsComparedWithItsHash() throws Exception {
        Path copy = new Seeds(work.resolve("old")).checkpoint();
        Path manifest = seeds.older(copy.resolve("manifest.json"));
        Files.writeString(manifest, Files.readString(manifest).replace("temperature: 1.0", "temperature: 2.0"));
        assertTrue(refused(() -> TrainedModel.load(copy)).contains("config_hash"));
    }

    @Test
    void trainingConfigurationsAreNotParsed() throws Exception {
        SameDiff sd = SameDiff.create();
        sd.loss.meanSquaredError("loss", sd.placeHolder("images", DataType.FLOAT, 1, 2), sd.var("w", Nd4j.ones(1, 2)), null);
        sd.setTrainingConfig(
            new TrainingConfig.Builder().updater(new Sgd(0.1)).dataSetFeatureMapping("images").dataSetLabelMapping("w").build());
        Path file = work.resolve("config.sd");
        sd.save(file.toFile(), false);
        assertTrue(Files.readString(file, StandardCharsets.ISO_8859_1).contains("@class"));
        assertTrue(refused(() -> ExportedModel.load(file)).contains("training configuration"));
    }

    private static TensorProto outside(String location) {
        return TensorProto.newBuilder().setName("w").setDataType(1).addDims(4).setDataLocation(TensorProto.DataLocation.EXTERNAL)
            .addExternalData(StringStringEntryProto.newBuilder().setKey("location").setValue(location)).build();
    }

    private static NodeProto constant(TensorProto value) {
        return NodeProto.newBuilder().setOpType("Constant").addOutput("c").addAttribute(AttributeProto.newBuilder().setName("value")
            .setType(AttributeProto.AttributeType.TENSOR).setT(value)).build();
    }

    /** Every place of a file where a tensor can be. */
    private static ModelProto hidden(String place, TensorProto tensor) {
        NodeProto plain = NodeProto.newBuilder().setOpType("Identity").addInput("x").addOutput("y").build();
        GraphProto.Builder graph = GraphProto.newBuilder().addNode(plain);
        ModelProto.Builder model = ModelProto.newBuilder().setIrVersion(8);
        GraphProto inner = GraphProto.newBuilder().addNode(constant(tensor)).build();
        switch (place) {
            case "initializer" -> graph.addInitializer(tensor);
            case "attribute" -> graph.addNode(constant(tensor));
            case "sparse" -> graph.addSparseInitializer(SparseTensorProto.newBuilder().setValues(tensor));
            case "subgraph" -> graph.addNode(
                NodeProto.newBuilder().setOpType("If").addOutput("z")
                    .addAttribute(AttributeProto.newBuilder().setName("then_branch").setG(inner)));
            case "subgraphs" -> graph.addNode(NodeProto.newBuilder().setOpType("X").addOutput("z")
                .addAttribute(AttributeProto.newBuilder().setName("all").addGraphs(inner)));
            case "function" -> model.addFunctions(FunctionProto.newBuilder().setName("f").addNode(constant(tensor)));
            default -> throw new IllegalArgumentException(place);
        }
        return model.setGraph(graph).build();
    }

    @ParameterizedTest
    @ValueSource(strings = {"initializer", "attribute", "sparse", "subgraph", "subgraphs", "function"})
    void noTensorLeavesTheFolder(String place) throws Exception {
        Path folder = Files.createDirectories(work.resolve("onnx-" + place));
        Path file = folder.resolve("m.onnx");
        for (String location : List.of("/etc/hostname", "../../../../../etc/hostname", "a/../../x")) {
            Files.write(file, hidden(place, outside(location)).toByteArray());
            assertTrue(refused(() -> OnnxModel.read(file)).contains("outside the model's folder"));
        }
        Files.write(work.resolve("secret"), new byte[16]);
        Files.deleteIfExists(folder.resolve("link"));
        Files.createSymbolicLink(folder.resolve("link"), work.resolve("secret"));
        Files.write(file, hidden(place, outside("link")).toByteArray());
        assertTrue(refused(() -> OnnxModel.read(file)).contains("links outside"));
        Files.deleteIfExists(folder.resolve("hard"));
        Files.createLink(folder.resolve("hard"), work.resolve("secret"));
        Files.write(file, hidden(place, outside("hard")).toByteArray());
        assertTrue(refused(() -> OnnxModel.read(file)).contains("hard link"));
        Files.write(folder.resolve("own"), new byte[16]);
        Files.write(file, hidden(place, outside("own")).toByteArray());
        assertEquals(file, OnnxModel.read(file).file());
    }

    /** Readers walk along graphs and take inputs by number. */
    @Test
    void nodesAreWhatOnnxAllows() throws Exception {
        Path file = work.resolve("nodes.onnx");
        Map<String, List<NodeProto>> graphs = Map.of("has no output", List.of(node("Conv", "x,w", "")),
            "needs 2", List.of(node("MatMul", "x", "y")),
            "which it makes", List.of(node("Cast", "y", "y")),
            "which a later node makes", List.of(node("Cast", "b", "a"), node("Cast", "a", "b")),
            "which an earlier node makes too", List.of(node("Cast", "x", "a"), node("Cast", "x", "a")));
        for (Map.Entry<String, List<NodeProto>> e : graphs.entrySet()) {
            GraphProto.Builder graph = GraphProto.newBuilder().addAllNode(e.getValue());
            Files.write(file, ModelProto.newBuilder().setGraph(graph).build().toByteArray());
            String said = refused(() -> OnnxModel.read(file));
            assertTrue(said.contains(e.getKey()) && said.contains("node 'n'"), said);
        }
    }

    private static NodeProto node(String op, String inputs, String outputs) {
        NodeProto.Builder n = NodeProto.newBuilder().setName("n").setOpType(op);
        List.of(inputs.split(",")).forEach(n::addInput);
        if (!outputs.isEmpty()) {
            n.addOutput(outputs);
        }
        return n.build();
    }

    @Test
    void impossibleShapesAreRefusedBeforeMemoryIsTaken() throws Exception {
        Path file = work.resolve("shape.onnx");
        for (long[] dims : new long[][] {{-1}, {1L << 40}, {1L << 31, 1L << 31}, {1000, 1000}}) {
            TensorProto.Builder t = TensorProto.newBuilder().setName("w").setDataType(1);
            for (long d : dims) {
                t.addDims(d);
            }
            Files.write(file, hidden("initializer", t.build()).toByteArray());
            assertTrue(refused(() -> OnnxModel.read(file)).contains("tensor 'w'"));
        }
    }
}
