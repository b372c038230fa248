package io.hiervl.predict.labels;

import io.hiervl.Folders;
import io.hiervl.HierVlException;
import io.hiervl.data.ClassNames;
import io.hiervl.image.LabelMap;
import io.hiervl.image.Palette;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/** Writes predictions as labels in the form of a tool. The background is what no shape covers. */
public abstract class LabelFiles {
    /** Names of the forms. */
    public static final List<String> FORMS = List.of("coco", "labelme", "cvat", "label-studio", "png");

    private static final String BACKGROUND = "background";

    private final Path folder;
    private final List<String> classes;

    LabelFiles(Path folder, List<String> classes) {
        this.folder = folder;
        this.classes = classes;
    }

    /**
     * A writer into a folder of the form's name.
     *
     * @param form    one of {@link #FORMS}
     * @param out     folder of the predictions
     * @param classes names in index order
     */
    public static LabelFiles of(String form, Path out, List<String> classes, Palette palette) {
        if (!FORMS.contains(form)) {
            throw HierVlException.usage("--as is '" + form + "', known are " + String.join(", ", FORMS));
        }
        Path folder = Folders.create(out.resolve(form));
        return switch (form) {
            case "coco" -> new CocoLabels(folder, classes);
            case "labelme" -> new LabelMeLabels(folder, classes);
            case "cvat" -> new CvatLabels(folder, classes);
            case "label-studio" -> new LabelStudioLabels(folder, classes);
            default -> new PngLabels(folder, classes, palette);
        };
    }

    /** Classes whose names mean "no class" or the background in labels: who reads these takes their pixels for something else. */
    public static List<String> misread(List<String> classes) {
        return IntStream.range(0, classes.size()).filter(i -> ClassNames.meansNothing(classes.get(i))
            || i > 0 && classes.get(i).equalsIgnoreCase(BACKGROUND)).mapToObj(classes::get).toList();
    }

    /**
     * Adds a photo.
     *
     * @param photo its file
     * @param stem  name without extension that no other photo has, behind its subfolders: {@code sub/a}
     * @param map   class of every pixel, of the photo as it is shown
     */
    public abstract void add(Path photo, String stem, LabelMap map);

    /** Writes what belongs to all photos together. */
    public abstract void finish();

    /** How the tool calls a photo: its file name behind its subfolders. */
    static String nameOf(Path photo, String stem) {
        return stem.substring(0, stem.lastIndexOf('/') + 1) + photo.getFileName();
    }

    /** A file of this form for one photo; folders for it are made. */
    static Path file(Path folder, String stem, String extension) {
        Path file = folder.resolve(stem + extension);
        Folders.create(file.getParent());
        return file;
    }

    Path folder() {
        return folder;
    }

    List<String> classes() {
        return classes;
    }

    /** Index of the class that is drawn as nothing, -1 if there is none. */
    int background() {
        return classes.get(0).equalsIgnoreCase(BACKGROUND) ? 0 : -1;
    }

    List<Outline> outlines(LabelMap map) {
        return Outlines.of(map, classes.size(), background());
    }
}
