package io.hiervl.clip;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hiervl.AtomicFile;
import io.hiervl.Folders;
import io.hiervl.onnx.OnnxBuilder;
import io.hiervl.onnx.OnnxTensors;
import java.nio.file.Path;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Writes a CLIP as a folder in the Hugging Face layout: config.json, preprocessor_config.json and one ONNX file per
 * tower with Hugging Face's parameter names and plain operators of opset 17. The tokenizer files are written by
 * {@link io.hiervl.text.TokenizerFiles}.
 */
public final class ClipOnnxWriter {
    private final ClipWeights weights;
    private final ClipArchitecture arch;

    private ClipOnnxWriter(ClipWeights weights) {
        this.weights = weights;
        this.arch = weights.architecture();
    }

    /** Writes into a folder, made if absent; environment error (exit 6) if that is not possible. */
    public static void write(ClipWeights weights, Preprocessing preprocessing, Path folder) {
        ClipOnnxWriter w = new ClipOnnxWriter(weights);
        Folders.create(folder.resolve("onnx"));
        AtomicFile.write(folder.resolve("config.json"), w.config(preprocessing).toPrettyString() + "\n");
        AtomicFile.write(folder.resolve("preprocessor_config.json"), w.preprocessor(preprocessing).toPrettyString() + "\n");
        w.vision(folder.resolve("onnx").resolve("vision_model.onnx"));
        w.text(folder.resolve("onnx").resolve("text_model.onnx"), preprocessing.eot());
    }

    private ObjectNode config(Preprocessing pre) {
        ObjectNode root = new ObjectMapper().createObjectNode();
        root.put("model_type", "clip").put("projection_dim", arch.projection());
        // Split files have no place for the scale on cosines; this key is ours and ignored by others.
        root.put("logit_scale", Math.log(arch.logitScale()));
        ClipArchitecture.Vision v = arch.vision();
        ClipArchitecture.Text t = arch.text();
        String act = arch.activation().configName();
        root.putObject("vision_config").put("model_type", "clip_vision_model").put("hidden_size", v.width())
            .put("num_hidden_layers", v.layers()).put("num_attention_heads", v.heads())
            .put("intermediate_size", v.mlp()).put("patch_size", v.patch()).put("image_size", v.image())
            .put("hidden_act", act).put("layer_norm_eps", arch.eps()).put("projection_dim", arch.projection());
        root.putObject("text_config").put("model_type", "clip_text_model").put("hidden_size", t.width())
            .put("num_hidden_layers", t.layers()).put("num_attention_heads", t.heads())
            .put("intermediate_size", t.mlp()).put("max_position_embeddings", t.context())
            .put("vocab_size", t.vocab()).put("hidden_act", act).put("layer_norm_eps", arch.eps())
            .put("eos_token_id", pre.eot().firstOf() < 0 ? 2 : pre.eot().firstOf())
            .put("projection_dim", arch.projection());
        root.putArray("architectures").add("CLIPModel");
        return root;
    }

    private ObjectNode preprocessor(Preprocessing pre) {
        ObjectNode root = new ObjectMapper().createObjectNode();
        root.put("do_resize", true).put("resample", 3).put("do_center_crop", true).put("do_rescale", true)
            .put("do_normalize", true).put("do_convert_rgb", true);
        root.putObject("size").put("shortest_edge", pre.size());
        root.putObject("crop_size").put("height", pre.size()).put("width", pre.size());
        triple(root.putArray("image_mean"), pre.mean());
        triple(root.putArray("image_std"), pre.std());
        root.put("image_processor_type", "CLIPImageProcessor");
        return root;
    }

    private static void triple(ArrayNode node, float[] values) {
        for (float v : values) {
            node.add(Double.parseDouble(Float.toString(v)));
        }
    }

    private void vision(Path file) {
        ClipArchitecture.Vision v = arch.vision();
        int d = v.width();
        int side = v.image();
        int patches = v.grid() * v.grid();
        OnnxBuilder b = new OnnxBuilder("vision_model");
        b.input("pixel_values", OnnxTensors.FLOAT, "batch", 3, side, side);
        String p = "vision_model.";
        String kernel = b.weight(p + "embeddings.patch_embedding.weight", weights.get("vision.conv1.weight"));
        String x = b.node("Conv", "pixel_values", kernel, OnnxBuilder.ints("strides", v.patch(), v.patch()),
            OnnxBuilder.ints("kernel_shape", v.patch(), v.patch()));
        x = b.node("Transpose", b.node("Reshape", x, b.longs(0, d, patches)), OnnxBuilder.ints("perm", 0, 2, 1));
        String batch = b.node("Gather", b.node("Shape", "pixel_values"), b.longs(0L), OnnxBuilder.integer("axis", 0));
        String shape = b.node("Concat", new String[] {batch, b.longs(1L), b.longs((long) d)}, OnnxBuilder.integer("axis", 0));
        String cls = b.node("Expand", b.weight(p + "embeddings.class_embedding", weights.get("vision.class_embedding")), shape);
        x = b.node("Concat", cls, x, OnnxBuilder.integer("axis", 1));
        String table = b.weight(p + "embeddings.position_embedding.weight", weights.get("vision.positional_embedding"));
        x = b.node("Add", x, b.node("Gather", table, positions(b, patches + 1), OnnxBuilder.integer("axis", 0)));
        x = norm(b, x, p + "pre_layrnorm", "vision.ln_pre");
        for (int i = 0; i < v.layers(); i++) {
            x = block(b, x, p + "encoder.layers." + i + ".", "vision.blocks." + i + ".", d, v.heads(), null);
        }
        b.output("last_hidden_state", x, "batch", patches + 1, d);
        String first = b.node("Gather", x, b.longs(new long[0], 0L), OnnxBuilder.integer("axis", 1));
        String pooled = norm(b, first, p + "post_layernorm", "vision.ln_post");
        b.output("image_embeds", matMul(b, pooled, "visual_projection.weight", weights.get("vision.proj.weight")),
            "batch", arch.projection());
        b.save(file);
    }

    private void text(Path file, EotRule eot) {
        ClipArchitecture.Text t = arch.text();
        int w = t.width();
        OnnxBuilder b = new OnnxBuilder("text_model");
        b.input("input_ids", OnnxTensors.INT64, "batch", "sequence");
        String p = "text_model.";
        String length = b.node("Gather", b.node("Shape", "input_ids"), b.longs(1L), OnnxBuilder.integer("axis", 0));
        String ids = b.node("Slice", new String[] {positions(b, t.context()), b.longs(0L), length, b.longs(1L)});
        String table = b.weight(p + "embeddings.position_embedding.weight", weights.get("text.positional_embedding"));
        String tokens = b.weight(p + "embeddings.token_embedding.weight", weights.get("text.token_embedding"));
        String x = b.node("Gather", tokens, "input_ids", OnnxBuilder.integer("axis", 0));
        x = b.node("Add", x, b.node("Gather", table, ids, OnnxBuilder.integer("axis", 0)));
        String mask = causalMask(b, t.context(), length);
        for (int i = 0; i < t.layers(); i++) {
            x = block(b, x, p + "encoder.layers." + i + ".", "text.blocks." + i + ".", w, t.heads(), mask);
        }
        x = norm(b, x, p + "final_layer_norm", "text.ln_final");
        b.output("last_hidden_state", x, "batch", "sequence", w);
        String key = eot.firstOf() < 0 ? "input_ids" : b.node("Equal", "input_ids", b.longs(new long[0], eot.firstOf()));
        String at = b.node("ArgMax", b.node("Cast", key, OnnxBuilder.integer("to", OnnxTensors.INT32)),
            OnnxBuilder.integer("axis", 1), OnnxBuilder.integer("keepdims", 1));
        String pooled = b.node("GatherND", x, at, OnnxBuilder.integer("batch_dims", 1));
        b.output("text_embeds", matMul(b, pooled, "text_projection.weight", weights.get("text.proj.weight")),
            "batch", arch.projection());
        b.save(file);
    }

    private static String positions(OnnxBuilder b, int n) {
        long[] values = new long[n];
        for (int i = 0; i < n; i++) {
            values[i] = i;
        }
        return b.longs(new long[] {1, n}, values);
    }

    /** (1,1,L,L) of 0 and the lowest float, computed from positions so that the file stays small. */
    private static String causalMask(OnnxBuilder b, int context, String length) {
        String all = b.node("Slice", new String[] {positions(b, context), b.longs(0L), length, b.longs(1L)});
        String rows = b.node("Unsqueeze", all, b.longs(0L, 3L));
        String columns = b.node("Unsqueeze", all, b.longs(0L, 1L));
        String later = b.node("Greater", columns, rows);
        return b.node("Where", new String[] {later, b.scalar(-Float.MAX_VALUE), b.scalar(0)});
    }

    private String block(OnnxBuilder b, String x, String p, String ours, int d, int heads, String mask) {
        String h = norm(b, x, p + "layer_norm1", ours + "ln_1");
        int size = d / heads;
        String[] qkv = new String[3];
        for (int i = 0; i < 3; i++) {
            String name = p + "self_attn." + "qkv".charAt(i) + "_proj";
            INDArray w = weights.get(ours + "attn.in_proj_weight").get(NDArrayIndex.interval(i * d, (i + 1) * d), NDArrayIndex.all());
            INDArray bias = weights.get(ours + "attn.in_proj_bias").get(NDArrayIndex.interval(i * d, (i + 1) * d));
            String y = b.node("Add", matMul(b, h, name + ".weight", w), b.weight(name + ".bias", bias));
            if (i == 0) {
                y = b.node("Mul", y, b.scalar((float) (1 / Math.sqrt(size))));
            }
            qkv[i] = b.node("Transpose", b.node("Reshape", y, b.longs(0, 0, heads, size)),
                OnnxBuilder.ints("perm", i == 1 ? new long[] {0, 2, 3, 1} : new long[] {0, 2, 1, 3}));
        }
        String scores = b.node("MatMul", qkv[0], qkv[1]);
        scores = mask == null ? scores : b.node("Add", scores, mask);
        String mixed = b.node("MatMul", b.node("Softmax", scores, OnnxBuilder.integer("axis", -1)), qkv[2]);
        mixed = b.node("Reshape", b.node("Transpose", mixed, OnnxBuilder.ints("perm", 0, 2, 1, 3)), b.longs(0, 0, d));
        x = b.node("Add", x, linear(b, mixed, p + "self_attn.out_proj", ours + "attn.out_proj"));
        String m = linear(b, norm(b, x, p + "layer_norm2", ours + "ln_2"), p + "mlp.fc1", ours + "mlp.c_fc");
        return b.node("Add", x, linear(b, activation(b, m), p + "mlp.fc2", ours + "mlp.c_proj"));
    }

    private String activation(OnnxBuilder b, String x) {
        if (arch.activation() == Activation.QUICK_GELU) {
            return b.node("Mul", x, b.node("Sigmoid", b.node("Mul", x, b.scalar(1.702f))));
        }
        String erf = b.node("Erf", b.node("Div", x, b.scalar((float) Math.sqrt(2))));
        return b.node("Mul", b.node("Mul", x, b.node("Add", erf, b.scalar(1))), b.scalar(0.5f));
    }

    private String norm(OnnxBuilder b, String x, String name, String ours) {
        return b.node("LayerNormalization", new String[] {x, b.weight(name + ".weight", weights.get(ours + ".weight")),
            b.weight(name + ".bias", weights.get(ours + ".bias"))}, OnnxBuilder.integer("axis", -1),
            OnnxBuilder.real("epsilon", arch.eps()));
    }

    private String linear(OnnxBuilder b, String x, String name, String ours) {
        return b.node("Add", matMul(b, x, name + ".weight", weights.get(ours + ".weight")),
            b.weight(name + ".bias", weights.get(ours + ".bias")));
    }

    /** The weight keeps PyTorch's (out, in); a Transpose stands before the product, as in exports without folding. */
    private static String matMul(OnnxBuilder b, String x, String name, INDArray outIn) {
        return b.node("MatMul", x, b.node("Transpose", b.weight(name, outIn), OnnxBuilder.ints("perm", 1, 0)));
    }
}
