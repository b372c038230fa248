package io.hiervl.data;

import io.hiervl.config.DatasetSpec;
import java.nio.file.Path;
import java.util.LinkedHashMap;
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
        return elsewhere == null ? root.resolve(path)
            : path.getNameCount() == 1 ? elsewhere : elsewhere.resolve(path.subpath(1, path.getNameCount()));
    }
}
