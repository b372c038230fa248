package io.hiervl.data.importing;

import com.fasterxml.jackson.databind.JsonNode;
import io.hiervl.HierVlException;
import io.hiervl.data.FileNames;
import io.hiervl.image.ImageHeader;
import io.hiervl.image.Images;
import io.hiervl.image.Orientation;
import io.hiervl.image.PhotoTypes;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds the photo that an export means: names may have folders of another machine, backslashes, an upload's prefix, or be part of an
 * address.
 */
final class PhotoFinder {
    private final Map<String, List<Path>> byName = new HashMap<>();
    private final Map<String, List<Path>> byStem = new HashMap<>();

    /** @param files all files of the export and of the folder of photos */
    PhotoFinder(List<Path> files) {
        for (Path file : files) {
            if (PhotoTypes.isPhoto(file)) {
                byName.computeIfAbsent(FileNames.composed(file.getFileName().toString()), k -> new ArrayList<>()).add(file);
                byStem.computeIfAbsent(FileNames.composedStem(file), k -> new ArrayList<>()).add(file);
            }
        }
    }

    /**
     * The photo, null if there is none.
     *
     * @throws HierVlException several photos fit equally well
     */
    Path find(String name) {
        String plain = FileNames.composed(name.replace('\\', '/').replaceFirst("[?#].*$", ""));
        String last = plain.substring(plain.lastIndexOf('/') + 1);
        List<String> names = new ArrayList<>(List.of(last, decoded(last), last.replaceFirst("^[0-9a-f]{8}-", ""), decoded(last)
            .replaceFirst("^[0-9a-f]{8}-", "")));
        if (name.contains("?d=")) {
            return find(decoded(name.substring(name.indexOf("?d=") + 3)));
        }
        for (String n : names) {
            List<Path> found = byName.containsKey(n) ? byName.get(n) : byStem.get(stem(n));
            if (found != null) {
                return best(plain, found);
            }
        }
        return null;
    }

    private static Path best(String name, List<Path> found) {
        int most = found.stream().mapToInt(p -> equalFolders(name, p)).max().orElse(0);
        List<Path> top = found.stream().filter(p -> equalFolders(name, p) == most).toList();
        if (top.size() > 1) {
            throw HierVlException.data("'" + name + "' fits several photos: " + top.get(0) + " and " + top.get(1));
        }
        return top.get(0);
    }

    private static int equalFolders(String name, Path photo) {
        String[] parts = name.split("/");
        int equal = 0;
        Path at = photo.getParent();
        for (int i = parts.length - 2; i >= 0 && at != null && at.getFileName() != null
            && FileNames.composed(at.getFileName().toString()).equals(parts[i]); i--) {
            equal++;
            at = at.getParent();
        }
        return equal;
    }

    private static String stem(String name) {
        int dot = name.lastIndexOf('.');
        return dot > 0 && PhotoTypes.isPhoto(Path.of(name)) ? name.substring(0, dot) : name;
    }

    private static String decoded(String name) {
        try {
            return FileNames.composed(URLDecoder.decode(name.replace("+", "%2B"), StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            return name;
        }
    }

    /** The size that was marked, or that of the photo as tools show it where the export has none. */
    static int[] size(Path photo, JsonNode width, JsonNode height) {
        int w = width.asInt(0);
        int h = height.asInt(0);
        return w > 0 && h > 0 ? new int[] {w, h} : size(photo);
    }

    /** Whether marks of this size fit a photo: upright, or as it is stored where an EXIF orientation turns it. */
    static boolean fits(Path photo, int width, int height) {
        int[] upright = size(photo);
        return upright[0] == width && upright[1] == height
            || upright[1] == width && upright[0] == height && Orientation.of(Images.readBytes(photo)).swaps();
    }

    /** Width and height of a photo as tools show it, upright. */
    static int[] size(Path photo) {
        byte[] bytes = Images.readBytes(photo);
        ImageHeader header = ImageHeader.read(bytes, photo.toString());
        return Orientation.of(bytes).swaps() ? new int[] {header.height(), header.width()} : new int[] {header.width(), header.height()};
    }
}
