package io.hiervl.data;

import io.hiervl.config.DatasetSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Turns paths of lists into files: relative to the data folder, or to another folder that the description names for the
 * first part of the path.
 *
 * @param root    the data folder
 * @param folders first part of a path to the folder it stands for
 */
record Roots(Path root, Map<String, Path> folders) {
    static Roots of(Path root, DatasetSpec spec) {
        Map<String, Path> folders = new LinkedHashMap<>();
        spec.files().folders().forEach((name, folder) -> folders.put(name, root.resolve(folder)));
        return new Roots(root, folders);
    }

    /**
     * A path as lists should write it: an absolute one below the data folder, or below a folder that the description names, becomes
     * relative.
     *
     * @throws IllegalArgumentException an absolute path elsewhere
     */
    String relative(String name) {
        if (!ListLine.isAbsolute(name)) {
            return name;
        }
        Path path = Path.of(name).normalize();
        for (Map.Entry<String, Path> folder : folders.entrySet()) {
            String inside = below(path, folder.getValue());
            if (inside != null) {
                return folder.getKey() + "/" + inside;
            }
        }
        String inside = below(path, root);
        if (inside == null) {
            Path parent = path.getParent() == null ? path : path.getParent();
            throw new IllegalArgumentException("an absolute path outside of the data folder " + root
                + ". Write paths relative to the data folder, or name"
                + " the folder in dataset.yaml, 'files: {folders: {photos: " + parent + "}}', and write photos/" + path.getFileName());
        }
        return inside;
    }

    private static String below(Path path, Path folder) {
        Path plain = folder.toAbsolutePath().normalize();
        Path real = plain;
        try {
            real = folder.toRealPath();
        } catch (IOException e) {
            // A folder that does not exist holds nothing.
            return null;
        }
        Path base = path.startsWith(plain) ? plain : path.startsWith(real) ? real : null;
        return base == null || base.equals(path) ? null : base.relativize(path).toString().replace('\\', '/');
    }

    /** @throws IllegalArgumentException a path that is absolute or contains '..' */
    Path resolve(String name) {
        Path path = Path.of(name);
        if (path.isAbsolute() || name.startsWith("/")) {
            throw new IllegalArgumentException("paths must be relative to the data folder");
        }
        for (Path part : path) {
            if (part.toString().equals("..")) {
                throw new IllegalArgumentException("'..' is not allowed in paths");
            }
        }
        Path elsewhere = folders.get(path.getName(0).toString());
        return spelt(elsewhere == null ? root.resolve(path)
            : path.getNameCount() == 1 ? elsewhere : elsewhere.resolve(path.subpath(1, path.getNameCount())));
    }

    /** The file itself, or the one whose accents are stored the other way (macOS takes them apart, zip files keep that). */
    private static Path spelt(Path path) {
        String name = path.toString();
        if (name.chars().allMatch(c -> c < 128) || Files.exists(path)) {
            return path;
        }
        for (Normalizer.Form form : List.of(Normalizer.Form.NFC, Normalizer.Form.NFD)) {
            Path other = Path.of(Normalizer.normalize(name, form));
            if (Files.exists(other)) {
                return other;
            }
        }
        return path;
    }
}
