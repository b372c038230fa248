package io.hiervl.backbone;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import io.hiervl.InputFiles;
import io.hiervl.image.ClipNormalize;
import io.hiervl.onnx.OnnxGraph;
import io.hiervl.onnx.OnnxModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The files of an image tower: an ONNX file and, in the Hugging Face layout, what lies beside it.
 *
 * @param file         ONNX file
 * @param graph        its graph
 * @param config       config.json, null if there is none
 * @param preprocessor preprocessor_config.json, null if there is none
 */
public record BackboneFiles(Path file, OnnxGraph graph, JsonNode config, JsonNode preprocessor) {
    private static final List<String> NAMES = List.of("onnx/model.onnx", "model.onnx");
    private static final long LARGEST = 1 << 24;
    private static final String CONFIG = "config.json";
    private static final String PREPROCESSOR = "preprocessor_config.json";

    /**
     * @param path an ONNX file, or a folder with {@code onnx/model.onnx} or {@code model.onnx}
     * @throws HierVlException exit code 4 if there is no such file, or one of them cannot be read
     */
    static BackboneFiles open(Path path) {
        Path file = path;
        if (Files.isDirectory(path)) {
            file = NAMES.stream().map(path::resolve).filter(Files::isRegularFile).findFirst().orElseThrow(
                () -> HierVlException.model(path + ": no image tower; looked for " + String.join(" and ", NAMES)));
        } else if (!Files.isRegularFile(path)) {
            throw HierVlException.model(path + ": no such file or folder (expected an ONNX file, or a folder with "
                + String.join(" or ", NAMES) + ")");
        }
        return new BackboneFiles(file, new OnnxGraph(OnnxModel.read(file)), json(file, CONFIG), json(file, PREPROCESSOR));
    }

    /** model_type of config.json, null without one. */
    String modelType() {
        return config == null || !config.path("model_type").isTextual() ? null : config.path("model_type").asText();
    }

    /** Mean and deviation of preprocessor_config.json, or these if there is none. */
    ClipNormalize colours(ClipNormalize otherwise) {
        if (preprocessor == null) {
            return otherwise;
        }
        return new ClipNormalize(triple("image_mean", otherwise.mean()), triple("image_std", otherwise.std()));
    }

    private float[] triple(String key, float[] otherwise) {
        JsonNode v = preprocessor.path(key);
        if (v.isMissingNode()) {
            return otherwise;
        }
        float[] out = new float[3];
        for (int i = 0; i < 3; i++) {
            boolean good = v.size() == 3 && v.path(i).isNumber() && (key.equals("image_mean") || v.path(i).asDouble() > 0);
            if (!good) {
                throw HierVlException.model(beside(PREPROCESSOR) + ": " + key + " is " + v + ", expected three numbers"
                    + (key.equals("image_mean") ? "" : " above 0"));
            }
            out[i] = (float) v.get(i).asDouble();
        }
        return out;
    }

    /** An error (exit code 4) that names the ONNX file. */
    HierVlException refuse(String message) {
        return HierVlException.model(file + ": " + message);
    }

    /** @throws HierVlException if config.json has this key with another value than was read from the weights */
    void check(String key, int found) {
        JsonNode v = config == null ? null : config.path(key);
        if (v != null && v.isNumber() && v.asInt() != found) {
            throw HierVlException.model(beside(CONFIG) + " contradicts the weights: " + key + " is " + v.asText() + " in " + CONFIG
                + ", but " + found + " in " + file.getFileName());
        }
    }

    private Path beside(String name) {
        return find(file, name);
    }

    private static JsonNode json(Path file, String name) {
        Path path = find(file, name);
        if (path == null) {
            return null;
        }
        try {
            JsonNode root = new ObjectMapper().readTree(InputFiles.text(path, "a configuration", LARGEST, HierVlException.Kind.MODEL));
            if (root == null || !root.isObject()) {
                throw HierVlException.model(path + ": not a JSON object");
            }
            return root;
        } catch (IOException e) {
            throw HierVlException.model(path + ": not readable as JSON: " + AtomicFile.reason(e), e);
        }
    }

    /** Beside the ONNX file, or one folder up if that is called onnx. */
    private static Path find(Path file, String name) {
        Path folder = file.toAbsolutePath().getParent();
        Path here = folder.resolve(name);
        if (Files.isRegularFile(here)) {
            return here;
        }
        Path above = folder.endsWith("onnx") && folder.getParent() != null ? folder.getParent().resolve(name) : here;
        return Files.isRegularFile(above) ? above : null;
    }
}
