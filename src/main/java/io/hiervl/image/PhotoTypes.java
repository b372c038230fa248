package io.hiervl.image;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What the ends of file names say about pictures. */
public final class PhotoTypes {
    /** Photos that can be read. */
    public static final Set<String> PHOTOS = Set.of("jpg", "jpeg", "jpe", "jfif", "png", "bmp", "dib", "tif", "tiff", "webp");
    /** Files that can hold a label map; a WebP only if it was stored without loss. */
    public static final Set<String> MASKS = Set.of("png", "bmp", "dib", "tif", "tiff", "gif", "webp");
    /** Pictures whose compression changes values: never a label map. */
    public static final Set<String> LOSSY = Set.of("jpg", "jpeg", "jpe", "jfif");
    /** Pictures that cannot be read as photos. */
    private static final Set<String> OTHER = Set.of("heic", "heif", "avif", "gif", "jp2", "j2k", "jpx", "jxl", "svg", "psd", "raw", "cr2",
        "cr3", "nef",
        "arw", "dng", "orf", "rw2", "raf", "ppm", "pgm", "pnm", "exr", "hdr", "tga", "dcm", "nii", "npy", "mp4", "mov", "avi");

    private static final int SHOWN = 5;

    private PhotoTypes() {
    }

    /** The end of a name behind its last dot, in small letters; empty if there is none. */
    public static String extension(Path file) {
        String name = file.getFileName() == null ? "" : file.getFileName().toString();
        int dot = name.lastIndexOf('.');
        return dot < 0 ? "" : name.substring(dot + 1).toLowerCase(Locale.ROOT);
    }

    public static boolean isPhoto(Path file) {
        return PHOTOS.contains(extension(file));
    }

    public static boolean isMask(Path file) {
        return MASKS.contains(extension(file));
    }

    /** Whether a file is a picture or film of a type that cannot be read as a photo. */
    public static boolean isOther(Path file) {
        return OTHER.contains(extension(file));
    }

    /** How a message names pictures that are left out: number, types, first names, and what to do. */
    public static String notRead(List<Path> files) {
        Map<String, Long> types = files.stream().collect(Collectors.groupingBy(PhotoTypes::extension, TreeMap::new, Collectors.counting()));
        String counts = types.entrySet().stream().map(e -> e.getValue() + " ." + e.getKey()).collect(Collectors.joining(", "));
        String names = files.stream().limit(SHOWN).map(p -> p.getFileName().toString()).collect(Collectors.joining(", "));
        return files.size() + (files.size() == 1 ? " picture of a type that is not read is" : " pictures of types that are not read are")
            + " left out (" + counts + "): " + names + (files.size() > SHOWN ? ", ..." : "") + "; save them as JPEG or PNG to use them";
    }

    /** The readable types for messages: "bmp, jpeg, jpg, ...". */
    public static String photoNames() {
        return String.join(", ", PHOTOS.stream().sorted().toList());
    }
}
