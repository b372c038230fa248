package io.hiervl.checkpoint;

import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import io.hiervl.InputFiles;
import io.hiervl.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
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
    private static final long LARGEST = 1 << 16;

    /** The best one of a run; empty if none was measured, or what is said about it cannot be read. */
    public static Optional<BestCheckpoint> of(Path run) {
        Path file = run.resolve("checkpoints").resolve(FILE);
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        try {
            Object json = Json.parse(InputFiles.text(file, "a note on a checkpoint", LARGEST, HierVlException.Kind.MODEL));
            boolean there = json instanceof Map<?, ?> m && m.get("folder") instanceof String name && name.matches("step-[0-9.]+")
                && Files.isDirectory(file.resolveSibling(name)) && m.get("step") instanceof Long && m.get("val_miou") instanceof Number;
            Map<?, ?> said = there ? (Map<?, ?>) json : Map.of();
            return there ? Optional.of(new BestCheckpoint((String) said.get("folder"), (Long) said.get("step"),
                ((Number) said.get("val_miou")).doubleValue())) : Optional.empty();
        } catch (IOException | Json.SyntaxException | HierVlException e) {
            return Optional.empty();
        }
    }

    /** Writes it down for a run. */
    public void write(Path run) {
        Path file = run.resolve("checkpoints").resolve(FILE);
        AtomicFile.write(file,
            out -> out.write(String.format(Locale.ROOT, "{\"folder\":\"%s\",\"step\":%d,\"val_miou\":%s}", name, step, miou)
                .getBytes(StandardCharsets.UTF_8)));
    }

    /** For messages. */
    public String describe() {
        return String.format(Locale.ROOT, "the best checkpoint, step %d, mIoU %.2f on the validation list", step, 100 * miou);
    }
}
