package io.hiervl.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Compares names in lists with names on disk, where file systems disagree about upper and lower case. */
final class FileNames {
    private static final Map<Path, Set<String>> FOLDERS = new ConcurrentHashMap<>();

    private FileNames() {
    }

    /** Forgets folders that were read before. */
    static void forget() {
        FOLDERS.clear();
    }

    /** Why a file is missing, with a file that differs in case if there is one. */
    static String similar(Path path) {
        Path folder = path.toAbsolutePath().getParent();
        if (!Files.isDirectory(folder)) {
            return path + " does not exist, nor does its folder";
        }
        String name = path.getFileName().toString();
        return names(folder).stream().filter(n -> n.equalsIgnoreCase(name)).findFirst()
            .map(n -> path + " does not exist; there is " + n + ", which differs in upper and lower case")
            .orElse(path + " does not exist");
    }

    /** The name on disk of a file that exists under another case (file systems that ignore case), else null. */
    static String otherSpelling(Path path) {
        String name = path.getFileName().toString();
        Set<String> names = names(path.toAbsolutePath().getParent());
        return names.isEmpty() || names.contains(name) ? null
            : names.stream().filter(n -> n.equalsIgnoreCase(name)).findFirst().orElse(null);
    }

    private static Set<String> names(Path folder) {
        return FOLDERS.computeIfAbsent(folder, f -> {
            try (Stream<Path> files = Files.list(f)) {
                return files.map(p -> p.getFileName().toString()).collect(Collectors.toCollection(TreeSet::new));
            } catch (IOException e) {
                return Set.of();
            }
        });
    }
}
