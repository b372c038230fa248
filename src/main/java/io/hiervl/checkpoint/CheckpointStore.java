package io.hiervl.checkpoint;

import io.hiervl.AtomicFile;
import io.hiervl.Folders;
import io.hiervl.HierVlException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The checkpoints of a run, folder {@code checkpoints} of the run folder: one folder {@code step-000000100} each, with
 * {@code .2}, {@code .3}... appended when the same step is saved again. Used by one process at a time, see {@link RunLock}.
 */
public final class CheckpointStore {
    private static final Logger LOG = LoggerFactory.getLogger(CheckpointStore.class);
    private static final Pattern NAME = Pattern.compile("step-(\\d{9,18})(?:\\.(\\d{1,6}))?");

    private static final int ATTEMPTS = 20;

    private record Found(Path folder, long step, int revision) {
    }

    private final Path folder;
    private final int keepLast;

    /**
     * Prepares the run folder for writing; fails at once if that is impossible (exit 6). Remains of interrupted saves are
     * removed.
     *
     * @param run      the run folder, created if absent
     * @param keepLast how many checkpoints stay, at least 1; 2 or more let a damaged one be survived
     */
    public CheckpointStore(Path run, int keepLast) {
        if (keepLast < 1) {
            throw HierVlException.config("the number of checkpoints to keep must be at least 1, got " + keepLast);
        }
        this.keepLast = keepLast;
        this.folder = run.resolve("checkpoints");
        Folders.require(folder, "checkpoints");
        try (Stream<Path> all = Files.list(folder)) {
            all.filter(p -> p.getFileName().toString().startsWith(Checkpoint.TEMPORARY)).forEach(Checkpoint::tryDelete);
        } catch (IOException e) {
            throw HierVlException.environment("cannot write to the run folder " + run + ": " + AtomicFile.reason(e), e);
        }
    }

    /** Saves a checkpoint, see {@link Checkpoint#write}, and removes the oldest ones beyond the number to keep. */
    public Checkpoint save(long step, String configHash, List<String> classes, Map<String, INDArray> arrays, Map<String, Object> details) {
        int revision = list(folder).stream().filter(f -> f.step == step).mapToInt(Found::revision).max().orElse(0) + 1;
        String name = String.format(Locale.ROOT, "step-%09d", step) + (revision > 1 ? "." + revision : "");
        Checkpoint saved = Checkpoint.write(folder.resolve(name), step, configHash, classes, arrays, details);
        List<Found> all = list(folder);
        String best = BestCheckpoint.of(folder.getParent()).map(BestCheckpoint::name).orElse("");
        for (Found old : all.subList(Math.min(keepLast, all.size()), all.size())) {
            if (!old.folder.getFileName().toString().equals(best)) {
                remove(old.folder);
            }
        }
        return saved;
    }

    /**
     * Keeps a copy of a checkpoint under a name of its own, which later saves do not remove. Nothing happens if the name is taken.
     *
     * @return the copy's folder
     */
    public Path keep(Checkpoint checkpoint, String name) {
        Path kept = folder.resolve(name);
        if (Files.exists(kept)) {
            return kept;
        }
        Path temporary = folder.resolve(Checkpoint.TEMPORARY + name + "-" + AtomicFile.randomName());
        try {
            Files.createDirectory(temporary);
            List<String> files = new ArrayList<>(checkpoint.manifest().files().stream().map(Manifest.FileEntry::name).toList());
            files.add(Manifest.FILE);
            for (String file : files) {
                copy(checkpoint.folder().resolve(file), temporary.resolve(file));
            }
            Files.move(temporary, kept, StandardCopyOption.ATOMIC_MOVE);
            return kept;
        } catch (IOException e) {
            throw HierVlException.environment("cannot keep checkpoint " + checkpoint.folder() + " as " + kept + ": " + AtomicFile.reason(e),
                e);
        } finally {
            Checkpoint.tryDelete(temporary);
        }
    }

    /** Files of checkpoints never change, so that a second name for one is as good as a copy and takes no space. */
    private static void copy(Path from, Path to) throws IOException {
        try {
            Files.createLink(to, from);
        } catch (IOException | UnsupportedOperationException e) {
            Files.copy(from, to);
        }
    }

    /** Renamed first: a reader finds a checkpoint whole or not at all. */
    private static void remove(Path old) {
        Path out = old.resolveSibling(Checkpoint.TEMPORARY + "old-" + AtomicFile.randomName());
        try {
            Files.move(old, out, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            out = old;
        }
        Checkpoint.tryDelete(out);
    }

    /**
     * Opens what a user names as a model, see {@link #find}, and reads it. A training that runs at the same time replaces old
     * checkpoints: when the one that is being read disappears, the newest is taken again.
     *
     * @param reader must not keep anything of a checkpoint that it fails on
     */
    public static <T> T read(Path path, Function<Checkpoint, T> reader) {
        for (int attempt = 1;; attempt++) {
            Checkpoint found = find(path);
            try {
                return reader.apply(found);
            } catch (HierVlException e) {
                if (attempt == ATTEMPTS || found.folder().equals(path) || Files.exists(found.folder())) {
                    throw e;
                }
            }
        }
    }

    /** The newest undamaged checkpoint, see {@link #latest(Path)}. */
    public Optional<Checkpoint> latest() {
        return latest(folder.getParent());
    }

    /**
     * The newest checkpoint of a run whose sizes and hashes are right. Damaged ones are passed over with a warning.
     *
     * @return empty when the run has no checkpoint at all
     * @throws HierVlException model error when all checkpoints are damaged; the message is that of the newest
     */
    public static Optional<Checkpoint> latest(Path run) {
        HierVlException first = null;
        List<Found> there = list(run.resolve("checkpoints"));
        for (int i = 0, again = 0; i < there.size(); i++) {
            Found f = there.get(i);
            try {
                Checkpoint c = Checkpoint.open(f.folder);
                c.verify();
                if (first != null) {
                    LOG.warn("going on with the earlier checkpoint {}", f.folder);
                }
                return Optional.of(c);
            } catch (HierVlException e) {
                if (!Files.exists(f.folder) && again++ < ATTEMPTS) {
                    // A training has replaced it meanwhile.
                    there = list(run.resolve("checkpoints"));
                    i = -1;
                    continue;
                }
                LOG.warn("checkpoint {} cannot be used: {}", f.folder, e.getMessage());
                first = first == null ? e : first;
            }
        }
        if (first != null) {
            throw first;
        }
        return Optional.empty();
    }

    /** Opens what a user names as a model: a checkpoint folder, its manifest, or a run folder (its best checkpoint, else its newest). */
    public static Checkpoint find(Path path) {
        if (Files.isDirectory(path) && !Files.exists(path.resolve(Manifest.FILE)) && Files.isDirectory(path.resolve("checkpoints"))) {
            Optional<Checkpoint> best = best(path);
            if (best.isPresent()) {
                return best.get();
            }
            return latest(path).orElseThrow(() -> HierVlException.model("run folder " + path + " has no checkpoint yet"));
        }
        return Checkpoint.open(path);
    }

    /** The best checkpoint of a run if one was measured and is undamaged. */
    public static Optional<Checkpoint> best(Path run) {
        return BestCheckpoint.of(run).flatMap(best -> {
            try {
                Checkpoint c = Checkpoint.open(run.resolve("checkpoints").resolve(best.name()));
                c.verify();
                return Optional.of(c);
            } catch (HierVlException e) {
                LOG.warn("the best checkpoint {} cannot be used: {}", best.name(), e.getMessage());
                return Optional.empty();
            }
        });
    }

    /** Newest first. */
    private static List<Found> list(Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        List<Found> found = new ArrayList<>();
        try (Stream<Path> all = Files.list(folder)) {
            all.forEach(p -> {
                Matcher m = NAME.matcher(p.getFileName().toString());
                if (m.matches()) {
                    found.add(new Found(p, Long.parseLong(m.group(1)), m.group(2) == null ? 1 : Integer.parseInt(m.group(2))));
                }
            });
        } catch (IOException e) {
            throw HierVlException.model("cannot list " + folder + ": " + AtomicFile.reason(e), e);
        }
        found.sort(Comparator.comparingLong(Found::step).thenComparingInt(Found::revision).reversed());
        return List.copyOf(found);
    }
}
