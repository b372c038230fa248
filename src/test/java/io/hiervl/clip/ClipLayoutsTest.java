package io.hiervl.clip;

import static io.hiervl.onnx.OnnxBuilder.integer;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.onnx.OnnxTensors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.TensorProto;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.shade.protobuf.ByteString;

/** Shapes of OpenAI's models, files under other names, quantised files. */
class ClipLayoutsTest {
    private static final ClipArchitecture SMALL = ClipArchitecture.of(32, 2, 2, 8, 32, 16, 2, 4, 20, 400, 24);

    @TempDir
    Path folder;

    private String refused() {
        HierVlException e = assertThrows(HierVlException.class, () -> ClipBundle.open(folder));
        assertEquals(HierVlException.Kind.MODEL, e.kind());
        return e.getMessage();
    }

    /** The relations of patch, grid, heads, context and projection of the real models, at a fraction of their width. */
    @ParameterizedTest
    @CsvSource({"ViT-B/16,96,12,16,224,64,8,64", "ViT-B/32,96,12,32,224,64,8,64", "ViT-L/14,128,16,14,224,96,12,96",
        "ViT-L/14@336,128,16,14,336,96,12,96"})
    void shapesOfOpenAisModels(String name, int width, int heads, int patch, int image, int textWidth, int textHeads, int projection) {
        ClipArchitecture shape = ClipArchitecture.of(width, 2, heads, patch, image, textWidth, 2, textHeads, 77, 500, projection);
        RandomClip.bundle(shape, 3, folder);
        ClipBundle bundle = ClipBundle.open(folder);
        assertEquals(shape.vision(), bundle.weights().architecture().vision());
        assertEquals(shape.text(), bundle.weights().architecture().text());
        ClipCheck.Result r = ClipCheck.run(bundle, Progress.NONE);
        assertTrue(r.visionMaxAbsDiff() < 1e-5 * Math.max(1, r.visionScale()) && r.textMaxAbsDiff() < 1e-5 * Math.max(1, r.textScale()),
            r.toString());
    }

    @Test
    void filesOfOtherNamesAreLookedInto() throws IOException {
        RandomClip.bundle(SMALL, 1, folder);
        Files.move(folder.resolve("onnx/vision_model.onnx"), folder.resolve("b.onnx"));
        Files.move(folder.resolve("onnx/text_model.onnx"), folder.resolve("a.onnx"));
        ClipBundle bundle = ClipBundle.open(folder);
        assertEquals("b.onnx", bundle.visionFile().getFileName().toString());
        assertEquals("a.onnx", bundle.textFile().getFileName().toString());
        Files.copy(folder.resolve("b.onnx"), folder.resolve("c.onnx"));
        String message = refused();
        assertTrue(message.contains("b.onnx") && message.contains("c.onnx"), message);
        Files.delete(folder.resolve("b.onnx"));
        Files.delete(folder.resolve("c.onnx"));
        message = refused();
        assertTrue(message.contains("no image tower") && message.contains("a.onnx") && message.contains("vision_model.onnx"), message);
    }

    /** A file as ONNX Runtime's dynamic quantisation makes it: it runs there, and is refused here by name. */
    @ParameterizedTest
    @CsvSource({"vision_model.onnx", "vision_model_quantized.onnx"})
    void quantisedFilesAreRefused(String name) throws Exception {
        RandomClip.bundle(SMALL, 1, folder);
        Path vision = folder.resolve("onnx/vision_model.onnx");
        ModelProto quantised = quantise(ModelProto.parseFrom(Files.readAllBytes(vision)), "vision_model.encoder.layers.0.mlp.fc1.weight");
        Files.delete(vision);
        Path file = Files.write(folder.resolve("onnx").resolve(name), quantised.toByteArray());
        OrtEnvironment env = OrtEnvironment.getEnvironment();
        try (OrtSession session = env.createSession(file.toString());
             OnnxTensor image = OnnxTensor.createTensor(env, FloatBuffer.allocate(3 * 32 * 32), new long[] {1, 3, 32, 32});
             OrtSession.Result result = session.run(Map.of("pixel_values", image))) {
            assertEquals(24, ((OnnxTensor) result.get("image_embeds").orElseThrow()).getInfo().getShape()[1]);
        }
        String message = refused();
        assertTrue(
            message.contains(name) && message.contains("quantised") && message.contains("MatMulInteger") && message.contains("float32"),
            message);
    }

    /** Replaces MatMul(x, Transpose(w)) by the quantised product and its scaling. */
    private static ModelProto quantise(ModelProto model, String weight) {
        GraphProto.Builder g = model.getGraph().toBuilder();
        int at = 0;
        while (!g.getNode(at).getInputList().contains(weight)) {
            at++;
        }
        NodeProto product = g.getNode(at + 1);
        assertEquals("MatMul", product.getOpType());
        TensorProto w = g.getInitializerList().stream().filter(t -> t.getName().equals(weight)).findFirst().orElseThrow();
        int out = (int) w.getDims(0);
        int in = (int) w.getDims(1);
        FloatBuffer values = w.getRawData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
        float max = 0;
        for (int i = 0; i < out * in; i++) {
            max = Math.max(max, Math.abs(values.get(i)));
        }
        byte[] q = new byte[out * in];
        for (int i = 0; i < out; i++) {
            for (int j = 0; j < in; j++) {
                q[j * out + i] = (byte) (128 + Math.round(values.get(i * in + j) / max * 127));
            }
        }
        g.addInitializer(TensorProto.newBuilder().setName("w_quantized").setDataType(OnnxTensors.UINT8).addDims(in).addDims(out)
            .setRawData(ByteString.copyFrom(q)));
        g.addInitializer(TensorProto.newBuilder().setName("w_zero_point").setDataType(OnnxTensors.UINT8)
            .setRawData(ByteString.copyFrom(new byte[] {(byte) 128})));
        g.addInitializer(TensorProto.newBuilder().setName("w_scale").setDataType(OnnxTensors.FLOAT)
            .setRawData(ByteString.copyFrom(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(0, max / 127).array())));
        NodeProto[] nodes = {node("DynamicQuantizeLinear", new String[] {product.getInput(0)}, "x_q", "x_scale", "x_zero"),
            node("MatMulInteger", new String[] {"x_q", "w_quantized", "x_zero", "w_zero_point"}, "product_q"),
            node("Cast", new String[] {"product_q"}, "product_f").toBuilder().addAttribute(integer("to", OnnxTensors.FLOAT)).build(),
            node("Mul", new String[] {"x_scale", "w_scale"}, "scales"),
            node("Mul", new String[] {"product_f", "scales"}, product.getOutput(0))};
        g.removeNode(at + 1);
        g.removeNode(at);
        for (int i = 0; i < nodes.length; i++) {
            g.addNode(at + i, nodes[i]);
        }
        return model.toBuilder().setGraph(g).build();
    }

    private static NodeProto node(String type, String[] inputs, String... outputs) {
        return NodeProto.newBuilder().setOpType(type).setName(type + "_" + outputs[0]).addAllInput(java.util.List.of(inputs))
            .addAllOutput(java.util.List.of(outputs)).build();
    }
}
