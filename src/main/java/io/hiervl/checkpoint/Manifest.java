package io.hiervl.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.hiervl.HierVlException;
import io.hiervl.InputFiles;
import io.hiervl.Json;
import io.hiervl.Seal;
import io.hiervl.image.LabelMap;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.LoggerFactory;

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
public record Manifest(String format, int version, long step,
    String configHash, List<String> classes,
    List<FileEntry> files, Map<String, Object> details) {
    /** Name of the file. */
    public static final String FILE = "manifest.json";
    /** What the field {@code format} says. */
    static final String FORMAT = "hiervl-checkpoint";
    /** The newest layout that this build reads and the one it writes. */
    static final int VERSION = 2;
    /** From this version on the file carries a checksum of itself. */
    private static final int SEALED = 2;

    private static final long MAX_SIZE = 64L << 20;

    /** One file: name without folder, bytes, SHA-256 in hex digits. */
    public record FileEntry(String name, long size, String sha256) {
    }

    /** Reads and checks the manifest of a folder; every problem is a model error (exit 4). */
    static Manifest read(Path folder) {
        Path file = folder.resolve(FILE);
        if (!Files.isRegularFile(file)) {
            throw HierVlException.model(folder + " is not a HierVL checkpoint: it has no " + FILE);
        }
        byte[] bytes = InputFiles.read(file, "a manifest", MAX_SIZE, HierVlException.Kind.MODEL);
        Seal.State seal = Seal.check(bytes);
        if (seal == Seal.State.DAMAGED) {
            throw HierVlException.model(file + " does not fit its own SHA-256; the file is damaged or was edited");
        }
        Map<?, ?> json = json(file, bytes);
        if (!FORMAT.equals(json.get("format"))) {
            throw HierVlException.model(file + " is not the manifest of a HierVL checkpoint: its format is '"
                + (json.get("format") == null ? "" : json.get("format")) + "', expected '" + FORMAT + "'");
        }
        if (!(json.get("version") instanceof Long version) || version < 1 || version > VERSION) {
            throw HierVlException.model(file + " has format " + json.get("version") + ", this build reads <= " + VERSION);
        }
        if (seal == Seal.State.ABSENT && version >= SEALED) {
            throw HierVlException.model(file + " has lost its SHA-256; the file is damaged or was edited");
        }
        if (seal == Seal.State.ABSENT) {
            LoggerFactory.getLogger(Manifest.class)
                .warn("{} was written by an older version and has no checksum; changes in it cannot be noticed", file);
        }
        return of(file, version.intValue(), json);
    }

    private static Map<?, ?> json(Path file, byte[] bytes) {
        try {
            String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
            if (Json.parse(text) instanceof Map<?, ?> map) {
                return map;
            }
            throw HierVlException.model(file + " is not a HierVL checkpoint manifest: expected a JSON object");
        } catch (Json.SyntaxException e) {
            throw HierVlException.model(file + " is not a HierVL checkpoint manifest: " + e.getMessage(), e);
        } catch (CharacterCodingException e) {
            throw HierVlException.model(file + " is not a HierVL checkpoint manifest: not a text in UTF-8", e);
        }
    }

    private static Manifest of(Path file, int version, Map<?, ?> json) {
        if (!(json.get("classes") instanceof List<?> names) || !(json.get("files") instanceof List<?> entries) || entries.isEmpty()
            || !(json.get("details") instanceof Map<?, ?> details)) {
            throw HierVlException.model(file + " is incomplete: it needs classes, files and details");
        }
        if (!(json.get("step") instanceof Long step) || step < 0) {
            throw HierVlException.model(file + " has the step " + json.get("step") + ", expected a whole number from 0 on");
        }
        List<FileEntry> files = new ArrayList<>();
        for (Object entry : entries) {
            if (!(entry instanceof Map<?, ?> e) || !(e.get("name") instanceof String name) || !(e.get("size") instanceof Long size)
                || !(e.get("sha256") instanceof String sha256)) {
                throw HierVlException.model(file + " lists the file " + files.size() + " without name, size or sha256");
            }
            files.add(new FileEntry(name, size, sha256));
        }
        Map<String, Object> values = new LinkedHashMap<>();
        details.forEach((key, value) -> values.put((String) key, value));
        return new Manifest(FORMAT, version, step, json.get("config_hash") instanceof String hash ? hash : "",
            classNames(names, file.toString()), List.copyOf(files), values);
    }

    /**
     * Class names that can be used: texts, none blank, none twice.
     *
     * @param where the file, for messages
     * @throws HierVlException model error that names the index
     */
    public static List<String> classNames(List<?> names, String where) {
        List<String> classes = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (Object name : names) {
            if (!(name instanceof String text) || text.isBlank()) {
                throw HierVlException.model(where + ": class " + classes.size() + " has no name, found " + name);
            }
            if (!seen.add(text)) {
                throw HierVlException
                    .model(where + ": class " + classes.size() + " is named '" + text + "' like class " + classes.indexOf(text));
            }
            classes.add(text);
        }
        if (classes.isEmpty() || classes.size() > LabelMap.MOST_CLASSES) {
            throw HierVlException.model(where + " names " + classes.size() + " classes, expected 1 to " + LabelMap.MOST_CLASSES);
        }
        return List.copyOf(classes);
    }

    /** Whether the file carries a checksum of itself. */
    public boolean sealed() {
        return version >= SEALED;
    }

    /** The text of the file with its checksum. */
    byte[] sealedJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("format", format);
        json.put("version", version);
        json.put("seal", Seal.OPEN);
        json.put("step", step);
        json.put("config_hash", configHash);
        json.put("classes", classes);
        json.put("files", files.stream().map(f -> {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("name", f.name());
            entry.put("size", f.size());
            entry.put("sha256", f.sha256());
            return entry;
        }).toList());
        json.put("details", details);
        try {
            ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
            return Seal.close((mapper.writeValueAsString(json) + "\n").getBytes(StandardCharsets.UTF_8));
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
