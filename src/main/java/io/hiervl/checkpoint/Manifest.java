package io.hiervl.checkpoint;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The description of a checkpoint, file {@code manifest.json} of its folder.
 *
 * @param format     always {@link #FORMAT}
 * @param version    version of the layout, at most {@link #VERSION}
 * @param step       finished training steps
 * @param configHash SHA-256 of the resolved configuration
 * @param classes    class names in index order
 * @param files      the files beside the manifest, with sizes and hashes
 * @param details    anything else as JSON values: random state, configuration, preprocessing
 */
public record Manifest(@JsonProperty("format") String format, @JsonProperty("version") int version, @JsonProperty("step") long step,
                       @JsonProperty("config_hash") String configHash, @JsonProperty("classes") List<String> classes,
                       @JsonProperty("files") List<FileEntry> files, @JsonProperty("details") Map<String, Object> details) {
    /** Name of the file. */
    public static final String FILE = "manifest.json";
    /** What the field {@code format} says. */
    static final String FORMAT = "hiervl-checkpoint";
    /** The newest layout that this build reads and the one it writes. */
    static final int VERSION = 1;

    private static final long MAX_SIZE = 64L << 20;
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT)
        .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    /** One file: name without folder, bytes, SHA-256 in hex digits. */
    public record FileEntry(@JsonProperty("name") String name, @JsonProperty("size") long size, @JsonProperty("sha256") String sha256) {
    }

    /** Reads and checks the manifest of a folder; every problem is a model error (exit 4). */
    static Manifest read(Path folder) {
        Path file = folder.resolve(FILE);
        if (!Files.isRegularFile(file)) {
            throw HierVlException.model(folder + " is not a HierVL checkpoint: it has no " + FILE);
        }
        Manifest m;
        try {
            if (Files.size(file) > MAX_SIZE) {
                throw HierVlException.model(file + " has " + Files.size(file) + " bytes, more than a manifest can have (" + MAX_SIZE + ")");
            }
            JsonNode node = JSON.readTree(Files.readAllBytes(file));
            if (node == null || !FORMAT.equals(node.path("format").asText())) {
                throw HierVlException.model(file + " is not the manifest of a HierVL checkpoint: its format is '"
                    + (node == null ? "" : node.path("format").asText()) + "', expected '" + FORMAT + "'");
            }
            if (node.path("version").asInt() > VERSION || node.path("version").asInt() < 1) {
                throw HierVlException.model(file + " has format " + node.path("version").asText() + ", this build reads <= " + VERSION);
            }
            m = JSON.treeToValue(node, Manifest.class);
        } catch (JsonProcessingException e) {
            throw HierVlException.model(file + " is not a HierVL checkpoint manifest: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw HierVlException.model("cannot read " + file + ": " + AtomicFile.reason(e), e);
        }
        if (m.classes == null || m.files == null || m.files.isEmpty() || m.files.contains(null) || m.details == null) {
            throw HierVlException.model(file + " is incomplete: it needs classes, files and details");
        }
        return m;
    }

    byte[] json() {
        try {
            return (JSON.writeValueAsString(this) + "\n").getBytes(StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("the details of a checkpoint must be JSON values", e);
        }
    }

    /** Fails with the differences unless the checkpoint was made for these classes in this order. */
    public void requireClasses(List<String> wanted) {
        if (classes.equals(wanted)) {
            return;
        }
        List<String> differences = new ArrayList<>();
        for (int i = 0; i < Math.max(classes.size(), wanted.size()) && differences.size() < 10; i++) {
            String has = i < classes.size() ? classes.get(i) : "(none)";
            String wants = i < wanted.size() ? wanted.get(i) : "(none)";
            if (!has.equals(wants)) {
                differences.add(i + ": " + has + " -> " + wants);
            }
        }
        throw HierVlException.model("the checkpoint has " + classes.size() + " classes, the data " + wanted.size()
            + "; differences (index: checkpoint -> data): " + String.join(", ", differences));
    }
}
