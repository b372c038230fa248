package io.hiervl.clip;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.onnx.OnnxBuilder;
import io.hiervl.onnx.OnnxTensors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.StringStringEntryProto;
import onnx.Onnx.TensorProto;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.protobuf.ByteString;

/** Bundles written by this project, whole and damaged in the ways in which downloads and exports go wrong. */
class ClipBundleTest {
    private static final ClipArchitecture SMALL = ClipArchitecture.of(32, 2, 2, 8, 32, 16, 2, 4, 20, 400, 24);

    @TempDir
    Path folder;
    private ClipWeights weights;
    private Path vision;
    private Path text;

    @BeforeEach
    void write() {
        weights = RandomClip.bundle(SMALL, 1, folder);
        // Norms of ones and biases of zeros would hide exchanged vectors.
        Random random = new Random(2);
        for (INDArray a : weights.arrays().values()) {
            if (a.rank() == 1) {
                for (int i = 0; i < a.length(); i++) {
                    a.putScalar(i, a.getFloat(i) + 0.2f * (float) random.nextGaussian());
                }
            }
        }
        vision = folder.resolve("onnx/vision_model.onnx");
        text = folder.resolve("onnx/text_model.onnx");
    }

    /** Editors of Windows put a byte order mark in front. */
    @Test
    void byteOrderMarksAreNoContent() throws IOException {
        ClipBundle plain = ClipBundle.open(folder);
        for (String name : List.of("config.json", "preprocessor_config.json", "vocab.json", "merges.txt")) {
            Path file = folder.resolve(name);
            Files.writeString(file, "\uFEFF" + Files.readString(file));
        }
        ClipBundle marked = ClipBundle.open(folder);
        assertEquals(plain.weights().architecture(), marked.weights().architecture());
        assertEquals(plain.preprocessing(), marked.preprocessing());
    }

    private void rewrite(Activation activation, EotRule eot) {
        ClipArchitecture a = new ClipArchitecture(SMALL.vision(), SMALL.text(), SMALL.projection(), activation, 1e-5, 42, SMALL.source());
        weights = new ClipWeights(a, weights.arrays());
        ClipOnnxWriter.write(weights, new Preprocessing(new float[] {.1f, .2f, .3f}, new float[] {1, 2, 3}, 32, eot), folder);
    }

    private HierVlException refused() {
        HierVlException e = assertThrows(HierVlException.class, () -> ClipBundle.open(folder));
        assertEquals(HierVlException.Kind.MODEL, e.kind());
        return e;
    }

    private void refusedWith(String... parts) {
        String message = refused().getMessage();
        for (String p : parts) {
            assertTrue(message.contains(p), "'" + p + "' missing in: " + message);
        }
    }

    @Test
    void writtenBundlesComeBackEqualAndAgreeWithOnnxRuntime() {
        for (Activation activation : Activation.values()) {
            for (EotRule eot : new EotRule[] {EotRule.HIGHEST, new EotRule(5)}) {
                rewrite(activation, eot);
                ClipBundle b = ClipBundle.open(folder);
                assertEquals(weights.arrays().keySet(), b.weights().arrays().keySet());
                weights.arrays().forEach((name, a) -> assertEquals(a, b.weights().get(name), name));
                assertEquals(SMALL.vision(), b.weights().architecture().vision());
                assertEquals(SMALL.text(), b.weights().architecture().text());
                assertEquals(42, b.weights().architecture().logitScale(), 1e-9);
                assertEquals(eot, b.preprocessing().eot());
                assertEquals(.2f, b.preprocessing().mean()[1]);
                assertEquals(3f, b.preprocessing().std()[2]);
                ClipCheck.Result r = ClipCheck.run(b, Progress.NONE);
                assertTrue(r.visionMaxAbsDiff() < 1e-5 * Math.max(1, r.visionScale()), r.toString());
                assertTrue(r.textMaxAbsDiff() < 1e-5 * Math.max(1, r.textScale()), r.toString());
            }
        }
    }

    @Test
    void whatNoFileSaysIsSaidToBeAssumed() throws IOException {
        rewrite(Activation.QUICK_GELU, EotRule.HIGHEST);
        assertEquals(List.of(), ClipBundle.open(folder).assumed());
        Path colours = folder.resolve("preprocessor_config.json");
        Files.writeString(colours, Files.readString(colours).replace("image_std", "image_sdt"));
        ClipBundle misspelt = ClipBundle.open(folder);
        assertEquals(Preprocessing.CLIP_STD[2], misspelt.preprocessing().std()[2]);
        assertEquals(1, misspelt.assumed().size());
        assertTrue(misspelt.assumed().get(0).contains("has no image_std"), misspelt.assumed().get(0));
        Files.delete(colours);
        Files.delete(folder.resolve("config.json"));
        ClipBundle bare = ClipBundle.open(folder);
        assertEquals(SMALL.vision(), bare.weights().architecture().vision(), "read from the weights");
        assertEquals(SMALL.text(), bare.weights().architecture().text(), "read from the weights");
        assertEquals(100, bare.weights().architecture().logitScale());
        assertEquals(2, bare.assumed().size());
        assertTrue(bare.assumed().get(0).contains("no config.json") && bare.assumed().get(0).contains("100"), bare.assumed().get(0));
        assertTrue(bare.assumed().get(1).contains("no preprocessor_config.json") && bare.assumed().get(1).contains("mean [0.481"),
            bare.assumed().get(1));
    }

    @Test
    void halfAndMissingBundles() throws IOException {
        Files.delete(text);
        refusedWith("no text tower", "found only onnx", "text_model.onnx", "model.onnx");
        Files.delete(vision);
        refusedWith("no CLIP model", "vision_model.onnx", "text_model.onnx");
        HierVlException e = assertThrows(HierVlException.class, () -> ClipBundle.open(folder.resolve("nowhere")));
        assertTrue(e.getMessage().contains("config.json"), e.getMessage());
    }

    @Test
    void missingTokenizerIsSaidWhenItIsNeeded() throws IOException {
        Files.delete(folder.resolve("merges.txt"));
        ClipBundle b = ClipBundle.open(folder);
        assertTrue(assertThrows(HierVlException.class, b::tokenizer).getMessage().contains("merges.txt"));
    }

    @Test
    void filesThatAreNoModels() throws IOException {
        byte[] good = Files.readAllBytes(vision);
        Files.write(vision, new byte[0]);
        refusedWith("vision_model.onnx", "empty");
        Files.writeString(vision, "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n");
        refusedWith("Git LFS pointer");
        Files.writeString(vision, "<!DOCTYPE html><html><body>404</body></html>");
        refusedWith("HTML");
        Files.write(vision, java.util.Arrays.copyOf(good, good.length / 2));
        refusedWith("vision_model.onnx", "truncated");
        Files.copy(text, vision, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        refusedWith("patch convolution", "input_ids");
    }

    @Test
    void contradictingConfigIsRefused() throws IOException {
        Path config = folder.resolve("config.json");
        String good = Files.readString(config);
        for (String[] change : new String[][] {{"\"num_attention_heads\" : 2", "\"num_attention_heads\" : 4", "num_attention_heads"},
            {"\"hidden_size\" : 16", "\"hidden_size\" : 17", "hidden_size"}, {"quick_gelu", "gelu", "hidden_act"},
            {"\"num_hidden_layers\" : 2", "\"num_hidden_layers\" : 12", "num_hidden_layers"},
            {"\"patch_size\" : 8", "\"patch_size\" : 16", "patch_size"}, {"1.0E-5", "1.0E-6", "layer_norm_eps"},
            {"\"clip\"", "\"siglip\"", "model_type"}}) {
            assertTrue(good.contains(change[0]), change[0]);
            Files.writeString(config, good.replace(change[0], change[1]));
            refusedWith("config.json", change[2]);
        }
        Files.writeString(config, "{");
        refusedWith("config.json");
    }

    @Test
    void damagedWeightsAreNamed() throws IOException {
        ModelProto good = ModelProto.parseFrom(Files.readAllBytes(vision));
        edit(good, "layers.1.mlp.fc1.weight", t -> t.setRawData(ByteString.copyFrom(nan(t))));
        refusedWith("layer 1", "fc1 weight", "NaN");
        edit(good, "layers.0.self_attn.k_proj.bias", t -> t.clearDims().addDims(31).setRawData(t.getRawData().substring(4)));
        refusedWith("layer 0", "k_proj bias", "31", "32");
        edit(good, "layers.0.self_attn.v_proj.weight", null);
        refusedWith("layer 0", "v_proj weight", "not in the file");
        edit(good, "class_embedding", null);
        refusedWith("class embedding");
        GraphProto.Builder twice = good.getGraph().toBuilder();
        twice.addInitializer(twice.getInitializer(0));
        Files.write(vision, good.toBuilder().setGraph(twice).build().toByteArray());
        refusedWith("two initializers");
    }

    @Test
    void quantisedAndFusedGraphsAreRefused() throws IOException {
        ModelProto good = ModelProto.parseFrom(Files.readAllBytes(vision));
        Files.write(vision, replaceFirst(good, "LayerNormalization", "", "MatMulInteger").toByteArray());
        refusedWith("quantised");
        Files.write(vision, replaceFirst(good, "LayerNormalization", "com.microsoft", "SkipLayerNormalization").toByteArray());
        refusedWith("com.microsoft:SkipLayerNormalization");
    }

    @Test
    void externalDataStaysInTheFolder() throws IOException {
        ModelProto good = ModelProto.parseFrom(Files.readAllBytes(vision));
        byte[] raw = tensor(good, "fc1.weight").getRawData().toByteArray();
        Files.write(vision.resolveSibling("w.bin"), raw);
        String name = "layers.0.mlp.fc1.weight";
        edit(good, name, t -> external(t, "w.bin", 0, raw.length));
        assertEquals(weights.get("vision.ln_pre.weight").length(), ClipBundle.open(folder).weights().get("vision.ln_pre.weight").length());
        Files.write(folder.resolve("w.bin"), raw);
        for (String location : new String[] {"../w.bin", folder.resolve("w.bin").toString(), "x/../../w.bin", "C:\\w.bin"}) {
            edit(good, name, t -> external(t, location, 0, raw.length));
            refusedWith("outside the model's folder");
        }
        edit(good, name, t -> external(t, "gone.bin", 0, raw.length));
        refusedWith("gone.bin", "missing");
        edit(good, name, t -> external(t, "w.bin", 8, raw.length));
        refusedWith("truncated");
    }

    @Test
    void halfPrecisionWeightsAreWidened() throws IOException {
        for (int type : new int[] {OnnxTensors.FLOAT16, OnnxTensors.BFLOAT16}) {
            ModelProto good = ModelProto.parseFrom(Files.readAllBytes(vision));
            edit(good, "layers.0.mlp.fc1.weight", t -> t.setDataType(type).setRawData(ByteString.copyFrom(halves(t, type))));
            INDArray got = ClipBundle.open(folder).weights().get("vision.blocks.0.mlp.c_fc.weight");
            INDArray want = ClipOnnxRoundTrip.stored(good, "layers.0.mlp.fc1.weight", got.shape());
            double worst = got.sub(want).amaxNumber().doubleValue();
            assertTrue(worst > 0 && worst < (type == OnnxTensors.FLOAT16 ? 1e-3 : 4e-3), "difference " + worst);
            ClipOnnxWriter.write(weights, new Preprocessing(new float[3], new float[] {1, 1, 1}, 32, EotRule.HIGHEST), folder);
        }
        assertEquals(0x1p-24f, OnnxTensors.half((short) 1));
        assertEquals(-65504f, OnnxTensors.half((short) 0xfbff));
        assertTrue(Float.isInfinite(OnnxTensors.half((short) 0x7c00)) && Float.isNaN(OnnxTensors.half((short) 0x7e00)));
    }

    /** optimum's model.onnx: both towers, unit vectors, logits scaled by the exponential of a stored scale. */
    @Test
    void aSingleFileHoldsBothTowers() throws IOException {
        GraphProto image = ModelProto.parseFrom(Files.readAllBytes(vision)).getGraph();
        ModelProto textModel = ModelProto.parseFrom(Files.readAllBytes(text));
        GraphProto.Builder g = GraphProto.newBuilder().setName("clip");
        add(g, image, "i:", "image_raw");
        add(g, textModel.getGraph(), "t:", "text_raw");
        g.addInitializer(TensorProto.newBuilder().setName("logit_scale").setDataType(1).addFloatData(3));
        for (String side : new String[] {"image", "text"}) {
            g.addNode(NodeProto.newBuilder().setOpType("ReduceL2").addInput(side + "_raw").addOutput(side + "_norm")
                .addAttribute(OnnxBuilder.ints("axes", -1)));
            g.addNode(NodeProto.newBuilder().setOpType("Div").addInput(side + "_raw").addInput(side + "_norm").addOutput(side + "_embeds"));
        }
        g.addNode(NodeProto.newBuilder().setOpType("Transpose").addInput("image_embeds").addOutput("image_t"));
        g.addNode(NodeProto.newBuilder().setOpType("MatMul").addInput("text_embeds").addInput("image_t").addOutput("cosine"));
        g.addNode(NodeProto.newBuilder().setOpType("Exp").addInput("logit_scale").addOutput("scale"));
        g.addNode(NodeProto.newBuilder().setOpType("Mul").addInput("cosine").addInput("scale").addOutput("logits_per_text"));
        for (String out : new String[] {"logits_per_text", "text_embeds", "image_embeds"}) {
            g.addOutput(textModel.getGraph().getOutput(1).toBuilder().setName(out).clearType()
                .setType(onnx.Onnx.TypeProto.newBuilder().setTensorType(onnx.Onnx.TypeProto.Tensor.newBuilder().setElemType(1))));
        }
        Files.write(folder.resolve("onnx/model.onnx"), textModel.toBuilder().setGraph(g).build().toByteArray());
        Files.delete(vision);
        Files.delete(text);
        ClipBundle b = ClipBundle.open(folder);
        assertEquals("hf-single", b.weights().architecture().source().layout());
        assertEquals(Math.exp(3), b.weights().architecture().logitScale(), 1e-5);
        RandomClip.weights(SMALL, new Random(1)).arrays().forEach((name, a) -> assertEquals(a, b.weights().get(name), name));
        ClipCheck.Result r = ClipCheck.run(b, Progress.NONE);
        assertTrue(r.normalised(), r.toString());
        assertTrue(r.visionMaxAbsDiff() < 1e-5 && r.textMaxAbsDiff() < 1e-5, r.toString());
    }

    /** Adds a tower's graph with its tensors renamed; its embedding gets the name {@code raw}. */
    private static void add(GraphProto.Builder to, GraphProto from, String prefix, String raw) {
        java.util.Set<String> inputs = new java.util.HashSet<>();
        from.getInputList().forEach(v -> inputs.add(v.getName()));
        to.addAllInput(from.getInputList());
        java.util.function.UnaryOperator<String> name = n -> inputs.contains(n) ? n : n.endsWith("_embeds") ? raw : prefix + n;
        from.getInitializerList().forEach(t -> to.addInitializer(t.toBuilder().setName(name.apply(t.getName()))));
        for (NodeProto n : from.getNodeList()) {
            to.addNode(n.toBuilder().setName(prefix + n.getName()).clearInput().addAllInput(n.getInputList().stream().map(name).toList())
                .clearOutput().addAllOutput(n.getOutputList().stream().map(name).toList()));
        }
    }

    private interface Change {
        TensorProto.Builder apply(TensorProto.Builder t);
    }

    /** Writes the image tower with one tensor changed, or left out. */
    private void edit(ModelProto model, String suffix, Change change) throws IOException {
        GraphProto.Builder g = model.getGraph().toBuilder();
        for (int i = 0; i < g.getInitializerCount(); i++) {
            if (g.getInitializer(i).getName().endsWith(suffix)) {
                if (change == null) {
                    g.removeInitializer(i);
                } else {
                    g.setInitializer(i, change.apply(g.getInitializer(i).toBuilder()));
                }
                Files.write(vision, model.toBuilder().setGraph(g).build().toByteArray());
                return;
            }
        }
        throw new AssertionError("no tensor " + suffix);
    }

    private static TensorProto tensor(ModelProto model, String suffix) {
        return model.getGraph().getInitializerList().stream().filter(t -> t.getName().endsWith(suffix)).findFirst().orElseThrow();
    }

    private static byte[] nan(TensorProto.Builder t) {
        byte[] raw = t.getRawData().toByteArray();
        ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN).putFloat(12, Float.NaN);
        return raw;
    }

    private static byte[] halves(TensorProto.Builder t, int type) {
        ByteBuffer in = ByteBuffer.wrap(t.getRawData().toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer out = ByteBuffer.allocate(in.remaining() / 2).order(ByteOrder.LITTLE_ENDIAN);
        while (in.hasRemaining()) {
            float v = in.getFloat();
            out.putShort(type == OnnxTensors.BFLOAT16 ? (short) (Float.floatToIntBits(v) >> 16)
                : ai.onnxruntime.platform.Fp16Conversions.floatToFp16(v));
        }
        return out.array();
    }

    private static TensorProto.Builder external(TensorProto.Builder t, String location, long offset, long length) {
        return t.clearRawData().setDataLocation(TensorProto.DataLocation.EXTERNAL).addExternalData(entry("location", location))
            .addExternalData(entry("offset", Long.toString(offset))).addExternalData(entry("length", Long.toString(length)));
    }

    private static StringStringEntryProto entry(String key, String value) {
        return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
    }

    private static ModelProto replaceFirst(ModelProto model, String type, String domain, String other) {
        GraphProto.Builder g = model.getGraph().toBuilder();
        for (int i = 0; i < g.getNodeCount(); i++) {
            if (g.getNode(i).getOpType().equals(type)) {
                g.setNode(i, NodeProto.newBuilder(g.getNode(i)).setOpType(other).setDomain(domain));
                break;
            }
        }
        return model.toBuilder().setGraph(g).build();
    }

    /** Reads a tensor straight from the file's bytes. */
    private static final class ClipOnnxRoundTrip {
        static INDArray stored(ModelProto model, String suffix, long[] shape) {
            ByteBuffer raw = ByteBuffer.wrap(tensor(model, suffix).getRawData().toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
            float[] values = new float[raw.remaining() / 4];
            raw.asFloatBuffer().get(values);
            return org.nd4j.linalg.factory.Nd4j.createFromArray(values).reshape('c', shape);
        }
    }
}
