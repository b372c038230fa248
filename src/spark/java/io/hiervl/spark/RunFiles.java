package io.hiervl.spark;

import io.hiervl.HierVlException;
import io.hiervl.checkpoint.Checkpoint;
import io.hiervl.checkpoint.Manifest;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileStatus;

/**
 * A run folder on Hadoop's file system, laid out as on one machine. A checkpoint's manifest is written last and removed first:
 * without it a folder is no checkpoint, also on object stores, which cannot rename folders.
 */
record RunFiles(HadoopFiles files, String run) implements Serializable {
    private static final Pattern NAME = Pattern.compile("step-\\d{9,18}(\\.\\d{1,6})?");
    private static final int KEEP = 2;
    private static final List<String> BESIDE = List.of("resolved.yaml", "metrics.csv");

    private String checkpoints() {
        return run + "/checkpoints";
    }

    /** Names of complete checkpoints, the newest first. */
    private List<String> complete() {
        List<String> names = new ArrayList<>();
        for (FileStatus folder : files.list(checkpoints())) {
            String name = folder.getPath().getName();
            if (NAME.matcher(name).matches() && files.exists(checkpoints() + "/" + name + "/" + Manifest.FILE)) {
                names.add(name);
            }
        }
        names.sort(Comparator.comparing(RunFiles::revision).reversed());
        return names;
    }

    /** Step and number of the save, as text that sorts like them. */
    private static String revision(String name) {
        String[] parts = name.substring("step-".length()).split("\\.");
        return String.format(Locale.ROOT, "%018d.%06d", Long.parseLong(parts[0]),
            parts.length > 1 ? Integer.parseInt(parts[1]) : 1);
    }

    /** Name of the newest checkpoint. */
    Optional<String> newest() {
        return complete().stream().findFirst();
    }

    /** Steps that the newest checkpoint has; 0 without one. */
    long step() {
        return newest().map(n -> Long.parseLong(n.substring("step-".length()).split("\\.")[0])).orElse(0L);
    }

    /** Copies a checkpoint, and what stands beside it, to a run folder of this machine. */
    void fetch(String checkpoint, Path local) {
        try {
            for (String name : BESIDE) {
                if (files.exists(run + "/" + name)) {
                    Files.createDirectories(local);
                    Files.write(local.resolve(name), files.read(run + "/" + name));
                }
            }
            Files.createDirectories(local.resolve("checkpoints"));
        } catch (IOException e) {
            throw HierVlException.environment("cannot write to " + local + ": " + HadoopFiles.first(e), e);
        }
        LocalCopies.copy(files, files.status(checkpoints() + "/" + checkpoint), local.resolve("checkpoints").resolve(checkpoint));
    }

    /** Publishes a checkpoint of a run folder of this machine, and removes the oldest. */
    void publish(Checkpoint saved, Path local) {
        String target = checkpoints() + "/" + saved.folder().getFileName();
        for (String name : BESIDE) {
            if (Files.exists(local.resolve(name))) {
                files.upload(local.resolve(name), run + "/" + name);
            }
        }
        try (Stream<Path> all = Files.list(saved.folder())) {
            for (Path file : all.filter(f -> !f.endsWith(Manifest.FILE)).toList()) {
                files.upload(file, target + "/" + file.getFileName());
            }
        } catch (IOException e) {
            throw HierVlException.environment("cannot read " + saved.folder() + ": " + HadoopFiles.first(e), e);
        }
        files.upload(saved.folder().resolve(Manifest.FILE), target + "/" + Manifest.FILE);
        List<String> all = complete();
        for (String old : all.subList(Math.min(KEEP, all.size()), all.size())) {
            files.delete(checkpoints() + "/" + old + "/" + Manifest.FILE);
            files.delete(checkpoints() + "/" + old);
        }
    }
}
