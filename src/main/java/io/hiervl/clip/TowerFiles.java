package io.hiervl.clip;

import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import io.hiervl.onnx.OnnxModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Finds the towers in a folder: under the names that exporters give, else in whatever ONNX files lie there, by their
 * content.
 */
final class TowerFiles {
    private static final List<String> VISION =
        List.of("vision_model.onnx", "visual.onnx", "vision_model_fp16.onnx", "vision_model_bf16.onnx");
    private static final List<String> TEXT = List.of("text_model.onnx", "textual.onnx", "text_model_fp16.onnx", "text_model_bf16.onnx");
    private static final List<String> SINGLE = List.of("model.onnx", "model_fp16.onnx", "model_bf16.onnx");

    private final Path folder;
    private final ClipConfig config;
    private final Map<Path, OnnxClipReader> readers = new HashMap<>();
    private final Tower vision;
    private final Tower text;

    /**
     * @param config null if the folder has none
     * @throws HierVlException exit code 4 if a tower is missing, ambiguous, or contradicts the configuration
     */
    TowerFiles(Path folder, ClipConfig config) {
        this.folder = folder;
        this.config = config;
        Tower v = named(VISION, true, true);
        Tower t = named(TEXT, false, true);
        v = v == null ? named(SINGLE, true, false) : v;
        t = t == null ? named(SINGLE, false, false) : t;
        v = v == null ? other(true) : v;
        t = t == null ? other(false) : t;
        if (v == null || t == null) {
            throw missing(v, t);
        }
        this.vision = v;
        this.text = t;
    }

    Tower vision() {
        return vision;
    }

    Tower text() {
        return text;
    }

    private Tower named(List<String> names, boolean image, boolean needed) {
        for (String name : names) {
            for (Path p : List.of(folder.resolve("onnx").resolve(name), folder.resolve(name))) {
                if (Files.isRegularFile(p)) {
                    return read(p, image, needed);
                }
            }
        }
        return null;
    }

    /** The one file of another name that holds the tower. */
    private Tower other(boolean image) {
        List<Tower> found = new ArrayList<>();
        HierVlException refused = null;
        for (Path p : onnxFiles()) {
            try {
                Tower t = read(p, image, false);
                if (t != null) {
                    found.add(t);
                }
            } catch (HierVlException e) {
                refused = refused == null ? e : refused;
            }
        }
        if (found.size() > 1) {
            throw HierVlException.model(folder + ": several files hold a tower of the same kind (" + found.get(0).side() + "): "
                + String.join(", ", found.stream().map(t -> folder.relativize(t.model().file()).toString()).toList())
                + "; keep one, or name it " + (image ? VISION : TEXT).get(0));
        }
        if (found.isEmpty() && refused != null) {
            throw refused;
        }
        return found.isEmpty() ? null : found.get(0);
    }

    private List<Path> onnxFiles() {
        List<Path> out = new ArrayList<>();
        for (Path place : List.of(folder.resolve("onnx"), folder)) {
            if (Files.isDirectory(place)) {
                try (Stream<Path> files = Files.list(place)) {
                    files.filter(p -> p.toString().endsWith(".onnx") && Files.isRegularFile(p)).sorted().forEach(out::add);
                } catch (IOException e) {
                    throw HierVlException.model(place + ": cannot be read: " + AtomicFile.reason(e), e);
                }
            }
        }
        return out;
    }

    private Tower read(Path file, boolean image, boolean needed) {
        OnnxClipReader reader = readers.computeIfAbsent(file, p -> new OnnxClipReader(OnnxModel.read(p)));
        Tower t = image ? reader.vision() : reader.text();
        if (t == null && needed) {
            throw reader.notRecognised();
        }
        return t == null ? null : checked(t, reader);
    }

    private Tower checked(Tower t, OnnxClipReader reader) {
        reader.checkComplete();
        int width = t.vision() != null ? t.vision().width() : t.text().width();
        int heads = t.vision() != null ? t.vision().heads() : t.text().heads();
        if (!t.headsRead() && config != null) {
            heads = config.heads(t.vision() != null);
        }
        if (heads <= 0 || width % heads != 0) {
            throw HierVlException.model(t.model().file() + ": " + t.side() + ": number of heads not known: width " + width
                + ", config.json says " + (config == null ? "nothing" : heads) + ", the graph does not tell");
        }
        Tower full = t.withHeads(heads);
        if (config != null) {
            config.check(full);
        }
        return full;
    }

    private HierVlException missing(Tower v, Tower t) {
        List<String> names = new ArrayList<>();
        names.addAll(v == null ? VISION : List.of());
        names.addAll(t == null ? TEXT : List.of());
        String what = v == null && t == null ? "no CLIP model" : v == null ? "no image tower" : "no text tower";
        Tower half = v != null ? v : t;
        return HierVlException.model(folder + ": " + what + (half == null ? "" : "; found only " + folder.relativize(half.model().file()))
            + "; looked for " + String.join(", ", names) + " or " + String.join(", ", SINGLE) + " in the folder and in its subfolder "
            + "onnx, and for the towers in every other .onnx file there" + files());
    }

    private String files() {
        List<Path> files = onnxFiles();
        return files.isEmpty() ? " (there is none)"
            : " (" + String.join(", ", files.stream().map(p -> folder.relativize(p).toString()).toList()) + ")";
    }
}
