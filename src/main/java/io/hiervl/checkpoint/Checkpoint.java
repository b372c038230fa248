package io.hiervl.checkpoint;

import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import io.hiervl.InputFiles;
import io.hiervl.PublicApi;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.slf4j.LoggerFactory;

/**
 * A folder with named arrays and a manifest. It appears complete or not at all: written under a temporary name, arrays
 * first and manifest last, each forced to the disk, then renamed. Safe for several threads.
 *
 * @param folder   where it lies
 * @param manifest its checked description
 */
@PublicApi(handle = true)
public record Checkpoint(Path folder, Manifest manifest) {
    /** The file of arrays. */
    static final String ARRAYS = "arrays.safetensors";
    static final String TEMPORARY = ".tmp-";

    /**
     * Opens a checkpoint folder (or its manifest file) and checks the manifest and the sizes of all files; hashes are
     * checked by {@link #verify} and {@link #arrays}. Problems are model errors (exit 4).
     */
    static Checkpoint open(Path path) {
        if (!Files.exists(path)) {
            throw HierVlException.model("there is no checkpoint " + path);
        }
        InputFiles.requireRegular(path, HierVlException.Kind.MODEL);
        Path folder = path;
        if (Files.isRegularFile(path)) {
            if (!path.getFileName().toString().equals(Manifest.FILE)) {
                throw HierVlException.model(path + " is not a HierVL checkpoint: expected a folder with " + Manifest.FILE);
            }
            folder = path.toAbsolutePath().getParent();
        }
        Manifest manifest = Manifest.read(folder);
        Checkpoint c = new Checkpoint(folder, manifest);
        for (Manifest.FileEntry e : manifest.files()) {
            Path file = c.inside(e.name());
            long size = size(file);
            if (size != e.size()) {
                throw HierVlException.model(file + ": size " + size + " \u2260 manifest " + e.size() + "; the file is damaged");
            }
        }
        if (manifest.files().stream().noneMatch(e -> e.name().equals(ARRAYS))) {
            throw HierVlException.model(folder.resolve(Manifest.FILE) + " does not list " + ARRAYS);
        }
        return c;
    }

    /** Compares the SHA-256 of all files with the manifest. */
    void verify() {
        for (Manifest.FileEntry e : manifest.files()) {
            Path file = inside(e.name());
            try {
                String hash = Hashes.of(file);
                if (!hash.equals(e.sha256())) {
                    throw HierVlException.model(file + ": SHA-256 " + hash + " \u2260 manifest " + e.sha256() + "; the file is damaged");
                }
            } catch (IOException io) {
                throw HierVlException.model("cannot read " + file + ": " + AtomicFile.reason(io), io);
            }
        }
    }

    /** Verifies the hashes, then reads the arrays whose names are wanted. */
    public Map<String, INDArray> arrays(Predicate<String> wanted) {
        verify();
        return SafeTensors.read(inside(ARRAYS), wanted);
    }

    /** Names, types and shapes of the arrays, without reading them. */
    public SafeTensorsHeader header() {
        return SafeTensors.header(inside(ARRAYS));
    }

    /**
     * Writes a new checkpoint folder. On any failure the temporary files are removed and everything that existed before
     * is as it was; a full or unwritable disk is an environment error (exit 6).
     *
     * @param folder     must not exist, its parent must
     * @param step       finished training steps
     * @param configHash SHA-256 of the resolved configuration
     * @param classes    class names in index order
     * @param arrays     {@code p/name} parameters, {@code m/ v/ t/} optimiser state, {@code e/} averages
     * @param details    JSON values
     */
    static Checkpoint write(Path folder, long step, String configHash, List<String> classes, Map<String, INDArray> arrays,
                            Map<String, Object> details) {
        Path parent = folder.toAbsolutePath().getParent();
        Path temporary = parent.resolve(TEMPORARY + folder.getFileName() + "-" + AtomicFile.randomName());
        boolean done = false;
        try {
            if (Files.exists(folder)) {
                throw new FileAlreadyExistsException(folder.toString());
            }
            Files.createDirectory(temporary);
            Path file = temporary.resolve(ARRAYS);
            String hash = SafeTensors.write(file, arrays, Map.of());
            Manifest manifest = new Manifest(Manifest.FORMAT, Manifest.VERSION, step, configHash, List.copyOf(classes),
                List.of(new Manifest.FileEntry(ARRAYS, Files.size(file), hash)), details);
            Path manifestFile = temporary.resolve(Manifest.FILE);
            Files.write(manifestFile, manifest.sealedJson(), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            force(manifestFile);
            force(temporary);
            Files.move(temporary, folder, StandardCopyOption.ATOMIC_MOVE);
            done = true;
            force(parent);
            return new Checkpoint(folder, manifest);
        } catch (IOException e) {
            throw HierVlException
                .environment("cannot write checkpoint " + folder + ": " + AtomicFile.reason(e) + "; earlier checkpoints are untouched", e);
        } finally {
            if (!done) {
                tryDelete(temporary);
            }
        }
    }

    private Path inside(String name) {
        if (name == null || !name.matches("[A-Za-z0-9_][A-Za-z0-9._-]*")) {
            throw HierVlException
                .model(folder.resolve(Manifest.FILE) + " names the file '" + name + "'; only plain names in its folder are allowed");
        }
        Path file = folder.resolve(name);
        try {
            if (!Files.isRegularFile(file)) {
                throw HierVlException.model(file + " is missing, the manifest lists it");
            }
            if (!file.toRealPath().getParent().equals(folder.toRealPath())) {
                throw HierVlException.model(file + " is a link to " + file.toRealPath() + ", outside the checkpoint's folder");
            }
        } catch (IOException e) {
            throw HierVlException.model("cannot read " + file + ": " + AtomicFile.reason(e), e);
        }
        return file;
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw HierVlException.model("cannot read " + file + ": " + AtomicFile.reason(e), e);
        }
    }

    /** Forces a file or folder to the disk; folders cannot be opened on every system, and then need not be. */
    private static void force(Path path) throws IOException {
        boolean folder = Files.isDirectory(path);
        try (FileChannel c = FileChannel.open(path, folder ? StandardOpenOption.READ : StandardOpenOption.WRITE)) {
            c.force(true);
        } catch (IOException e) {
            if (!folder) {
                throw e;
            }
        }
    }

    static void deleteTree(Path tree) throws IOException {
        if (!Files.exists(tree)) {
            return;
        }
        try (Stream<Path> all = Files.walk(tree)) {
            for (Path p : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(p);
            }
        }
    }

    static void tryDelete(Path tree) {
        try {
            deleteTree(tree);
        } catch (IOException e) {
            LoggerFactory.getLogger(Checkpoint.class).warn("cannot remove {}: {}", tree, e.toString());
        }
    }
}
