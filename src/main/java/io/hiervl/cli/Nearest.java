package io.hiervl.cli;

import io.hiervl.config.NearMatches;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Finds what a user may have meant by a path that does not exist. */
final class Nearest {
    private static final int SEEN = 200;

    private Nearest() {
    }

    /**
     * A sentence that names files or folders of this kind beside the path, or else beside the nearest folder that exists; empty if there
     * are none.
     */
    static String hint(Path path, Predicate<Path> kind) {
        Path folder = path.toAbsolutePath().normalize().getParent();
        while (folder != null && !Files.isDirectory(folder)) {
            folder = folder.getParent();
        }
        if (folder == null || path.getFileName() == null) {
            return "";
        }
        try (Stream<Path> all = Files.list(folder)) {
            List<String> names = all.limit(SEEN).filter(kind).map(p -> p.getFileName().toString()).sorted().toList();
            Path beside = folder;
            List<String> near = NearMatches.of(path.getFileName().toString(), names);
            List<String> shown = (near.isEmpty() ? names : near).stream().limit(3).map(n -> beside.resolve(n).toString()).toList();
            return shown.isEmpty() ? ""
                : near.isEmpty() ? "; near it there are " + String.join(", ", shown) : "; did you mean " + String.join(" or ", shown) + "?";
        } catch (IOException e) {
            return "";
        }
    }
}
