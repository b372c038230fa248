package io.hiervl.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Compares names in lists with names on disk, where file systems disagree about case and about accented letters. */
public final class FileNames {
    private static final Map<Path, Folder> FOLDERS = new ConcurrentHashMap<>();

    /** Names in a folder, and the same names by what remains of them without case, accents' composition and extension. */
    private record Folder(Set<String> names, Map<String, List<String>> similar) {
        static Folder of(Path folder) {
            try (Stream<Path> files = Files.list(folder)) {
                Set<String> names = files.map(p -> p.getFileName().toString()).collect(Collectors.toCollection(HashSet::new));
                return new Folder(names, names.stream().sorted().collect(Collectors.groupingBy(FileNames::key)));
            } catch (IOException e) {
                return new Folder(Set.of(), Map.of());
            }
        }
    }

    private FileNames() {
    }

    /** Forgets folders that were read before. */
    static void forget() {
        FOLDERS.clear();
    }

    /** Why a file is missing, with a file of almost the same name if there is one. */
    static String similar(Path path) {
        Path folder = path.toAbsolutePath().getParent();
        if (!Files.isDirectory(folder)) {
            return path + " does not exist, nor does its folder";
        }
        if (!Files.isExecutable(folder)) {
            return path + " cannot be looked for: there is no permission to enter its folder";
        }
        if (Files.exists(path)) {
            return path + (Files.isDirectory(path) ? " is a folder, not a picture" : " is a pipe or a device, not a picture");
        }
        String name = path.getFileName().toString();
        List<String> candidates = folder(folder).similar.getOrDefault(key(name), List.of());
        if (candidates.isEmpty()) {
            return path + " does not exist";
        }
        String there = candidates.stream().filter(n -> n.equalsIgnoreCase(name)).findFirst()
            .or(() -> candidates.stream().filter(n -> composed(n).equalsIgnoreCase(composed(name))).findFirst()).orElse(candidates.get(0));
        return path + " does not exist; there is " + there + (there.equalsIgnoreCase(name) ? ", which differs in upper and lower case"
            : composed(there).equalsIgnoreCase(composed(name)) ? ", whose accents are stored as other Unicode characters" : "");
    }

    /** The name on disk of a file that exists under another case (file systems that ignore case), else null. */
    static String otherSpelling(Path path) {
        String name = path.getFileName().toString();
        Folder folder = folder(path.toAbsolutePath().getParent());
        return folder.names.isEmpty() || folder.names.contains(name) ? null
            : folder.similar.getOrDefault(key(name), List.of()).stream().filter(n -> n.equalsIgnoreCase(name)).findFirst().orElse(null);
    }

    /** A file name without its extension. */
    static String stem(String name) {
        int dot = name.lastIndexOf('.');
        return dot > 0 ? name.substring(0, dot) : name;
    }

    private static Folder folder(Path folder) {
        return FOLDERS.computeIfAbsent(folder, Folder::of);
    }

    private static String key(String name) {
        return composed(stem(name)).toLowerCase(Locale.ROOT);
    }

    /** A file's name without extension, accents composed: macOS stores them apart. */
    public static String composedStem(Path file) {
        return composed(stem(file.getFileName().toString()));
    }

    public static String composed(String name) {
        return Normalizer.normalize(name, Normalizer.Form.NFC);
    }
}
