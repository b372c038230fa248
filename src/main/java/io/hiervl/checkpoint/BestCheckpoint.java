package io.hiervl.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.AtomicFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Which checkpoint of a run was the best on the validation list: {@code checkpoints/best.json}.
 *
 * @param name of its folder in {@code checkpoints}
 * @param step finished steps
 * @param miou on the validation list, in [0, 1]
 */
public record BestCheckpoint(String name, long step, double miou) {
    private static final String FILE = "best.json";

    /** The best one of a run; empty if none was measured, or what is said about it cannot be read. */
    public static Optional<BestCheckpoint> of(Path run) {
        Path file = run.resolve("checkpoints").resolve(FILE);
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        try {
            JsonNode json = new ObjectMapper().readTree(file.toFile());
            String name = json.path("folder").asText();
            boolean there = name.matches("step-[0-9.]+") && Files.isDirectory(file.resolveSibling(name));
            return there ? Optional.of(new BestCheckpoint(name, json.path("step").asLong(), json.path("val_miou").asDouble()))
                : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Writes it down for a run. */
    public void write(Path run) {
        Path file = run.resolve("checkpoints").resolve(FILE);
        AtomicFile.write(file,
            out -> out.write(new ObjectMapper().writeValueAsBytes(Map.of("folder", name, "step", step, "val_miou", miou))));
    }

    /** For messages. */
    public String describe() {
        return String.format(Locale.ROOT, "the best checkpoint, step %d, mIoU %.2f on the validation list", step, 100 * miou);
    }
}
