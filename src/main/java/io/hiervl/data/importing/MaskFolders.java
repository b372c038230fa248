package io.hiervl.data.importing;

import io.hiervl.HierVlException;
import io.hiervl.data.ClassFile;
import io.hiervl.data.ClassNames;
import io.hiervl.image.PhotoTypes;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * An export of mask pictures with a list of classes: CVAT's segmentation masks, Roboflow's, labelme2voc's and Pascal VOC's with a label
 * map.
 *
 * @param photos  folder of the photos
 * @param masks   folder of the masks; may be the same
 * @param classes what the list says
 * @param list    the file of the list
 */
record MaskFolders(Path photos, Path masks, ClassNames classes, Path list) {
    private static final List<String> LISTS = List.of("labelmap.txt", "class_names.txt", "_classes.csv", "labels.txt", "classes.txt",
        "class_dict.csv", "label_colors.txt");
    private static final List<String> MASKS = List.of("SegmentationClassPNG", "SegmentationClass", "masks", "labels", "annotations",
        "mask");
    private static final List<String> PHOTOS = List.of("JPEGImages", "images", "imgs", "photos", "image", "img");

    /** Whether files look like masks with a list of classes. */
    static boolean recognises(List<Path> files) {
        return list(files) != null && files.stream().anyMatch(PhotoTypes::isMask);
    }

    private static Path list(List<Path> files) {
        return LISTS.stream().flatMap(n -> files.stream().filter(f -> f.getFileName().toString().equals(n))).findFirst().orElse(null);
    }

    /**
     * Finds the parts of an export.
     *
     * @param folder of the export
     * @param images folder of photos that the user names, null to look in the export
     * @throws HierVlException no list of classes, or lists that differ
     */
    static MaskFolders find(Path folder, List<Path> files, Path images) {
        Path list = list(files);
        if (list == null) {
            throw HierVlException.data(folder + " has no list of classes; looked for " + String.join(", ", LISTS));
        }
        ClassNames classes = ClassFile.read(list);
        for (Path other : files) {
            if (other.getFileName().equals(list.getFileName()) && !other.equals(list) && !ClassFile.read(other).equals(classes)) {
                throw HierVlException.data("the class lists " + list + " and " + other + " differ");
            }
        }
        Path base = list.getParent();
        // Roboflow has a list in each of train, valid and test.
        boolean several = files.stream().filter(f -> f.getFileName().equals(list.getFileName())).count() > 1;
        Path masks = several ? null : subfolder(base, MASKS);
        Path photos = images != null ? images : several ? folder : subfolder(base, PHOTOS);
        return new MaskFolders(photos == null ? base : photos, masks == null ? several ? folder : base : masks, classes, list);
    }

    private static Path subfolder(Path base, List<String> names) {
        return names.stream().map(base::resolve).filter(Files::isDirectory).findFirst().orElse(null);
    }

    /** Whether a photo belongs to the part that the tool keeps for validation. */
    static boolean isValidation(String path) {
        String lower = path.toLowerCase(Locale.ROOT);
        return lower.contains("/valid/") || lower.contains("/val/");
    }
}
