package io.hiervl.cli;

import io.hiervl.HierVlException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/** Photos named on the command line: files as they are, folders by their photos. */
final class PhotoFiles {
    private static final Set<String> PHOTOS = Set.of("jpg", "jpeg", "png", "bmp", "tif", "tiff");

    private PhotoFiles() {
    }

    /** The photos in the order of their mention, those of a folder by name, each once; subfolders are not entered. */
    static List<Path> of(List<Path> arguments) throws IOException {
        List<Path> found = new ArrayList<>();
        Set<Path> seen = new HashSet<>();
        for (Path path : arguments) {
            for (Path photo : Files.isDirectory(path) ? inside(path) : List.of(path)) {
                if (seen.add(photo.toAbsolutePath().normalize())) {
                    found.add(photo);
                }
            }
        }
        return found;
    }

    private static List<Path> inside(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            List<Path> photos = files.filter(f -> PHOTOS.contains(extension(f)) && !Files.isDirectory(f)).sorted().toList();
            if (photos.isEmpty()) {
                throw HierVlException.data("the folder " + folder + " holds no photo (" + String.join(", ", PHOTOS.stream().sorted().toList())
                    + "; subfolders are not entered)");
            }
            return photos;
        }
    }

    private static String extension(Path file) {
        String name = file.getFileName().toString();
        return name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    }
}
