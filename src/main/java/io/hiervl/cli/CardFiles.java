package io.hiervl.cli;

import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import io.hiervl.InputFiles;
import io.hiervl.Json;
import io.hiervl.checkpoint.BestCheckpoint;
import io.hiervl.checkpoint.CheckpointStore;
import io.hiervl.checkpoint.Hashes;
import io.hiervl.checkpoint.Manifest;
import io.hiervl.export.ExportFormat;
import io.hiervl.export.ExportedModel;
import io.hiervl.export.ModelCard;
import io.hiervl.predict.TrainedModel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The files of a {@link ModelCard} beside an exported file.
 *
 * @param file    the exported file
 * @param metrics document of {@code eval --json}, empty without one
 */
record CardFiles(Path file, Map<?, ?> metrics) {
    private static final long LARGEST = 1 << 24;

    /**
     * Before long work: reads the figures and refuses to write over a card.
     *
     * @param metrics file with them, or null
     */
    static CardFiles of(Path file, boolean force, Path metrics) {
        Path readme = file.toAbsolutePath().resolveSibling(ModelCard.README);
        if (Files.exists(readme) && !force) {
            throw HierVlException.usage(readme + " exists; add --force to write over it, or export to a folder of its own");
        }
        return new CardFiles(file, metrics == null ? Map.of() : read(metrics));
    }

    private static Map<?, ?> read(Path file) {
        try {
            Object json = Json.parse(InputFiles.text(file, "a file of metrics", LARGEST, HierVlException.Kind.DATA));
            if (json instanceof Map<?, ?> map && map.get("miou") instanceof Number && map.get("iou") instanceof Map<?, ?>) {
                return map;
            }
            throw HierVlException.data(file + " has no 'miou' and 'iou'; expected what 'hiervl eval --json' prints");
        } catch (IOException | Json.SyntaxException e) {
            throw HierVlException.data(file + " is no JSON document: " + e.getMessage() + "; expected what 'hiervl eval --json' prints");
        }
    }

    /** Writes the files; their paths. */
    List<Path> write(Path model, TrainedModel trained, ExportFormat format) throws IOException {
        Manifest manifest = CheckpointStore.read(model, checkpoint -> checkpoint.manifest());
        Double best = BestCheckpoint.of(model).filter(b -> b.step() == manifest.step()).map(BestCheckpoint::miou).orElse(null);
        ModelCard card;
        try (ExportedModel exported = ExportedModel.load(file)) {
            card =
                new ModelCard(file.getFileName().toString(), format, Files.size(file), Hashes.of(file), exported.meta(), trained.recipe(),
                    manifest.step(), best, metrics);
        }
        List<Path> written = new ArrayList<>();
        card.files().forEach((name, text) -> {
            Path path = file.toAbsolutePath().resolveSibling(name);
            AtomicFile.write(path, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
            written.add(path);
        });
        return written;
    }
}
