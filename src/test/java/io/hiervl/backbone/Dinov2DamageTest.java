package io.hiervl.backbone;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.TensorProto;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.shade.protobuf.ByteString;

/** Files of towers that are damaged, or of something else: one sentence that says what, exit code 4. */
class Dinov2DamageTest {
    @TempDir
    Path folder;
    private Path file;
    private ModelProto good;

    @BeforeEach
    void copy() throws IOException {
        file = folder.resolve("model.onnx");
        good = ModelProto.parseFrom(Files.readAllBytes(Dinov2Fixture.ROOT.resolve("official-registers-dynamo/model.onnx")));
    }

    private void write(Consumer<GraphProto.Builder> change) throws IOException {
        GraphProto.Builder graph = good.getGraph().toBuilder();
        change.accept(graph);
        Files.write(file, good.toBuilder().setGraph(graph).build().toByteArray());
    }

    /** The change of the initializer with this name; null removes it. */
    private static Consumer<GraphProto.Builder> tensor(String name, Consumer<TensorProto.Builder> change) {
        return graph -> {
            for (int i = 0; i < graph.getInitializerCount(); i++) {
                if (graph.getInitializer(i).getName().endsWith(name)) {
                    if (change == null) {
                        graph.removeInitializer(i);
                    } else {
                        change.accept(graph.getInitializerBuilder(i));
                    }
                    return;
                }
            }
            throw new AssertionError("no initializer " + name);
        };
    }

    private void refusedWith(String... parts) {
        HierVlException e = assertThrows(HierVlException.class, () -> Backbones.open(file));
        assertEquals(HierVlException.Kind.MODEL, e.kind(), e.getMessage());
        for (String part : parts) {
            assertTrue(e.getMessage().contains(part), part + ": " + e.getMessage());
        }
        assertFalse(e.getMessage().contains("\n"), e.getMessage());
        assertTrue(e.getMessage().contains("model.onnx"), e.getMessage());
    }

    @Test
    void damagedWeightsAreNamed() throws IOException {
        write(graph -> {});
        assertEquals("dinov2", Backbones.open(file).backbone().family(), "the file as it is");
        write(tensor("blocks.1.mlp.fc1.bias", t -> t.clearDims().addDims(63).setRawData(t.getRawData().substring(4))));
        refusedWith("layer 1", "fc1 bias", "63", "64");
        write(tensor("blocks.1.ls2.gamma", t -> t.clearDims().addDims(31).setRawData(t.getRawData().substring(4))));
        refusedWith("layer 1", "layer scale 2", "31", "32");
        ByteString nan = ByteString.copyFrom(new byte[] {0, 0, (byte) 0xc0, 0x7f});
        write(tensor("norm.weight", t -> t.setRawData(nan.concat(t.getRawData().substring(4)))));
        refusedWith("layer norm after the blocks weight", "NaN");
        write(tensor("patch_embed.proj.bias", t -> t.clearDims().addDims(16).setRawData(t.getRawData().substring(64))));
        refusedWith("patch convolution bias", "16", "32");
        write(tensor("register_tokens", t -> t.clearDims().addDims(1).addDims(8).addDims(16)));
        refusedWith("register tokens", "rows of 32");
    }

    @Test
    void missingTensorsAreNamed() throws IOException {
        for (String name : new String[] {"cls_token", "pos_embed", "register_tokens", "blocks.0.norm1.weight", "blocks.1.attn.proj.bias",
            "blocks.0.ls1.gamma"}) {
            write(tensor(name, null));
            refusedWith(name, "not in the file");
        }
    }

    /** A plain ViT has no factor behind its attentions. */
    @Test
    void anotherArchitectureIsRefused() throws IOException {
        write(graph -> {
            for (int i = 0; i < graph.getNodeCount(); i++) {
                NodeProto n = graph.getNode(i);
                if (n.getOpType().equals("Mul") && n.getInputList().stream().anyMatch(in -> in.contains("gamma"))) {
                    graph.setNode(i, n.toBuilder().clearInput().addInput(n.getInput(0).contains("gamma") ? n.getInput(1) : n.getInput(0))
                        .setOpType("Identity"));
                }
            }
        });
        refusedWith("no known image tower", "clip", "dinov2");
        Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"dinov2\"}");
        refusedWith("layer 0, layer scale 1", "not found");
        write(graph -> graph.setNode(0, NodeProto.newBuilder().setOpType("FusedMatMul").setDomain("com.microsoft").addOutput("x")));
        refusedWith("com.microsoft:FusedMatMul");
        Files.write(file, new byte[] {1, 2, 3, 4, 5});
        refusedWith();
    }

    @Test
    void configAndColoursAreChecked() throws IOException {
        write(graph -> {});
        Path pre = folder.resolve("preprocessor_config.json");
        Files.writeString(pre, "{\"image_mean\": [0.5, 0.5, 0.5], \"image_std\": [0.25, 0.5, 1]}");
        assertEquals(0.25f, Backbones.open(file).backbone().colours().std()[0]);
        Files.writeString(pre, "{\"image_std\": [0.25, 0, 1]}");
        HierVlException std = assertThrows(HierVlException.class, () -> Backbones.open(file));
        assertTrue(std.getMessage().contains("image_std") && std.getMessage().contains("preprocessor_config.json"), std.getMessage());
        Files.delete(pre);
        Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"dinov2_with_registers\", \"num_register_tokens\": 8}");
        refusedWith("num_register_tokens is 8", "but 4");
    }
}
