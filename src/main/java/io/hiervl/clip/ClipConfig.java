package io.hiervl.clip;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import io.hiervl.InputFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * config.json of a Hugging Face CLIP. Exporters leave out values that equal CLIP's defaults, so absent keys say
 * nothing; present ones must agree with the weights.
 */
final class ClipConfig {
    private static final long MAX_BYTES = 16L << 20;

    private final Path file;
    private final JsonNode root;

    private ClipConfig(Path file, JsonNode root) {
        this.file = file;
        this.root = root;
    }

    /** @return the configuration, or null if the file does not exist */
    static ClipConfig read(Path file) {
        JsonNode root = json(file);
        if (root == null) {
            return null;
        }
        String type = root.path("model_type").asText("clip");
        if (!type.equals("clip")) {
            throw HierVlException.model(file + ": model_type is '" + type + "', expected 'clip'");
        }
        return new ClipConfig(file, root);
    }

    /** @return the parsed object, or null if the file does not exist */
    static JsonNode json(Path file) {
        InputFiles.requireRegular(file, HierVlException.Kind.MODEL);
        if (!Files.isRegularFile(file)) {
            return null;
        }
        try {
            JsonNode root = new ObjectMapper().readTree(InputFiles.text(file, "a configuration", MAX_BYTES, HierVlException.Kind.MODEL));
            if (root == null || !root.isObject()) {
                throw HierVlException.model(file + ": not a JSON object");
            }
            return root;
        } catch (IOException e) {
            throw HierVlException.model(file + ": not readable as JSON: " + AtomicFile.reason(e), e);
        }
    }

    /** @return heads of the tower: CLIP's default if not written */
    int heads(boolean vision) {
        return side(vision).path("num_attention_heads").asInt(vision ? 12 : 8);
    }

    /** @return factor on cosines that this project's bundles carry, else 100 as in OpenAI's */
    double logitScale() {
        JsonNode log = root.path("logit_scale");
        return log.isNumber() ? (float) Math.exp(log.asDouble()) : 100.0;
    }

    private JsonNode side(boolean vision) {
        return root.path(vision ? "vision_config" : "text_config");
    }

    /** @throws HierVlException naming the first value that contradicts what was read from the weights */
    void check(Tower t) {
        boolean vision = t.vision() != null;
        JsonNode s = side(vision);
        if (vision) {
            check(t, s, "hidden_size", t.vision().width());
            check(t, s, "num_hidden_layers", t.vision().layers());
            check(t, s, "num_attention_heads", t.vision().heads());
            check(t, s, "intermediate_size", t.vision().mlp());
            check(t, s, "patch_size", t.vision().patch());
            check(t, s, "image_size", t.vision().image());
        } else {
            check(t, s, "hidden_size", t.text().width());
            check(t, s, "num_hidden_layers", t.text().layers());
            check(t, s, "num_attention_heads", t.text().heads());
            check(t, s, "intermediate_size", t.text().mlp());
            check(t, s, "vocab_size", t.text().vocab());
            // A fixed-shape export keeps only the first rows of the table.
            JsonNode context = s.path("max_position_embeddings");
            if (context.isNumber() && context.asInt() < t.text().context()) {
                check(t, s, "max_position_embeddings", t.text().context());
            }
        }
        // The top-level value decides; the towers' own copies are often left at the default.
        check(t, root.path("projection_dim").isNumber() ? root : s, "projection_dim", t.projection());
        JsonNode eps = s.path("layer_norm_eps");
        if (eps.isNumber() && Math.abs(eps.asDouble() - t.eps()) > 0.1 * t.eps()) {
            throw contradiction(t, "layer_norm_eps", eps.asText(), Double.toString(t.eps()));
        }
        JsonNode act = s.path("hidden_act");
        if (act.isTextual() && !act.asText().equals(t.activation().configName())) {
            throw contradiction(t, "hidden_act", act.asText(), t.activation().configName());
        }
    }

    private void check(Tower t, JsonNode node, String key, int found) {
        JsonNode v = node.path(key);
        if (v.isNumber() && v.asInt() != found) {
            throw contradiction(t, key, v.asText(), Integer.toString(found));
        }
    }

    private HierVlException contradiction(Tower t, String key, String config, String weights) {
        return HierVlException.model(file + " contradicts the weights: " + t.side() + " " + key + " is " + config
            + " in config.json, but " + weights + " in " + t.model().file().getFileName());
    }
}
