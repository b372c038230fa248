package io.hiervl.data;

import io.hiervl.HierVlException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Photos below one folder and their masks below another, paired by name.
 *
 * @param masks   photo to mask, null for photos without one; in the order of the photos' paths
 * @param orphans masks that belong to no photo
 */
record FolderPairs(Map<Path, Path> masks, List<Path> orphans) {
    private static final Set<String> PHOTOS = Set.of("jpg", "jpeg", "png", "bmp", "tif", "tiff");
    private static final Set<String> MASKS = Set.of("png", "bmp", "tif", "tiff");
    /** What tools put behind a photo's name to call its mask. */
    private static final List<String> SUFFIXES = List.of("", "_mask", "-mask", "_masks", "_label", "_labels", "_seg", "_segmentation", "_gt", "_L");

    /**
     * Pairs files. A mask belongs to the photo of the same path below its folder, without extension and without an ending
     * such as {@code _mask}; if no path fits, to the only photo of the same file name.
     *
     * @param images absolute and normalised, as {@code masks}; the two may be one folder, or one inside the other
     * @throws HierVlException a folder that cannot be read, no photo, two photos for a mask or two masks for a photo
     */
    static FolderPairs find(Path images, Path masks) {
        boolean together = images.equals(masks);
        boolean masksInside = !together && masks.startsWith(images);
        boolean imagesInside = !together && images.startsWith(masks);
        // In one folder the file type tells photos and masks apart.
        List<Path> photos = files(images, together ? Set.of("jpg", "jpeg") : PHOTOS).stream()
            .filter(p -> !(masksInside && p.startsWith(masks))).toList();
        if (photos.isEmpty()) {
            throw HierVlException.data("the folder " + images + " holds no photo (" + (together ? "JPEG, because masks lie in the same folder"
                : String.join(", ", PHOTOS.stream().sorted().toList())) + ")");
        }
        Map<String, List<Path>> byPath = index(photos, images, true);
        Map<String, List<Path>> byName = index(photos, images, false);
        Map<Path, Path> pairs = new TreeMap<>();
        List<Path> orphans = new ArrayList<>();
        for (Path mask : files(masks, MASKS)) {
            if (imagesInside && mask.startsWith(images)) {
                continue;
            }
            String path = key(mask, masks, true);
            Path photo = match(byPath, path, mask);
            photo = photo != null ? photo : match(byName, key(mask, masks, false), mask);
            if (photo == null) {
                orphans.add(mask);
                continue;
            }
            Path other = pairs.putIfAbsent(photo, mask);
            if (other != null) {
                throw HierVlException.data("two masks belong to " + photo + ": " + other + " and " + mask);
            }
        }
        Map<Path, Path> all = new TreeMap<>();
        photos.forEach(p -> all.put(p, pairs.get(p)));
        return new FolderPairs(Collections.unmodifiableMap(all), List.copyOf(orphans));
    }

    private static Path match(Map<String, List<Path>> photos, String name, Path mask) {
        for (String suffix : SUFFIXES) {
            List<Path> found = name.endsWith(suffix) ? photos.get(name.substring(0, name.length() - suffix.length())) : null;
            if (found != null && found.size() > 1) {
                throw HierVlException.data("the mask " + mask + " fits several photos: " + found.get(0) + " and " + found.get(1));
            }
            if (found != null) {
                return found.get(0);
            }
        }
        return null;
    }

    private static Map<String, List<Path>> index(List<Path> photos, Path folder, boolean path) {
        Map<String, List<Path>> index = new HashMap<>();
        photos.forEach(p -> index.computeIfAbsent(key(p, folder, path), k -> new ArrayList<>()).add(p));
        return index;
    }

    private static String key(Path file, Path folder, boolean path) {
        return FileNames.stem(path ? folder.relativize(file).toString() : file.getFileName().toString());
    }

    private static List<Path> files(Path folder, Set<String> extensions) {
        try (Stream<Path> files = Files.walk(folder, FileVisitOption.FOLLOW_LINKS)) {
            return files.filter(f -> extensions.contains(extension(f)) && !hidden(folder, f) && Files.isRegularFile(f)).sorted().toList();
        } catch (IOException | UncheckedIOException e) {
            throw HierVlException.data("the folder " + folder + (Files.exists(folder) ? " cannot be read: " + e : " does not exist"), e);
        }
    }

    /** macOS leaves files such as ._photo.jpg, and our own cache lies in such a folder. */
    private static boolean hidden(Path folder, Path file) {
        for (Path part : folder.relativize(file)) {
            if (part.toString().startsWith(".")) {
                return true;
            }
        }
        return false;
    }

    private static String extension(Path file) {
        String name = file.getFileName().toString();
        return name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    }
}
