package io.hiervl.data;

import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import io.hiervl.InputFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/**
 * How whoever labelled the photos has split them: by folders called train, valid and test (Roboflow), or by lists of names (Pascal VOC,
 * CVAT).
 *
 * @param validation photos for validation
 * @param test       photos that nothing is trained or chosen on
 */
public record ExportSplit(Set<Path> validation, Set<Path> test) {
    /** No split; one is drawn. */
    public static final ExportSplit NONE = new ExportSplit(Set.of(), Set.of());

    private static final int LARGEST_LIST = 1 << 28;
    private static final Set<String> TRAIN = Set.of("train", "training", "trainset");
    private static final Set<String> VAL = Set.of("val", "valid", "validation", "valset");
    private static final Set<String> TEST = Set.of("test", "testing", "testset");

    /**
     * Finds the split of an export.
     *
     * @param root   folder of the export
     * @param photos below it
     * @param files  all files of the export, for lists of names in a folder {@code ImageSets}
     * @return {@link #NONE} if there are not both photos for training and others
     */
    public static ExportSplit of(Path root, Collection<Path> photos, Collection<Path> files) {
        Set<Path> validation = new TreeSet<>();
        Set<Path> test = new TreeSet<>();
        boolean train = false;
        for (Path photo : photos) {
            String part = part(root, photo);
            train |= part.equals("train");
            if (part.equals("val")) {
                validation.add(photo);
            } else if (part.equals("test")) {
                test.add(photo);
            }
        }
        if (train && !(validation.isEmpty() && test.isEmpty())) {
            return new ExportSplit(validation, test);
        }
        return byLists(photos, files);
    }

    /** The first folder that says so. */
    private static String part(Path root, Path photo) {
        Path below = photo.startsWith(root) ? root.relativize(photo) : photo.getFileName();
        for (int i = 0; i < below.getNameCount() - 1; i++) {
            String name = below.getName(i).toString().toLowerCase(Locale.ROOT);
            if (TRAIN.contains(name)) {
                return "train";
            }
            if (VAL.contains(name)) {
                return "val";
            }
            if (TEST.contains(name)) {
                return "test";
            }
        }
        return "";
    }

    private static ExportSplit byLists(Collection<Path> photos, Collection<Path> files) {
        Set<String> train = names(files, TRAIN);
        Set<String> val = names(files, VAL);
        Set<String> test = names(files, TEST);
        val.removeAll(train);
        test.removeAll(train);
        test.removeAll(val);
        if (train.isEmpty() || val.isEmpty() && test.isEmpty()) {
            return NONE;
        }
        Set<Path> validation = new TreeSet<>();
        Set<Path> tested = new TreeSet<>();
        for (Path photo : photos) {
            String stem = FileNames.composedStem(photo);
            if (val.contains(stem)) {
                validation.add(photo);
            } else if (test.contains(stem)) {
                tested.add(photo);
            }
        }
        return validation.isEmpty() && tested.isEmpty() ? NONE : new ExportSplit(validation, tested);
    }

    private static Set<String> names(Collection<Path> files, Set<String> lists) {
        Set<String> names = new HashSet<>();
        for (Path file : files) {
            String stem = FileNames.composedStem(file).toLowerCase(Locale.ROOT);
            boolean list = lists.contains(stem) && file.getFileName().toString().endsWith(".txt")
                && file.toString().replace('\\', '/').contains("/ImageSets/");
            if (list) {
                try {
                    List<String> lines = InputFiles.text(file, "a list", LARGEST_LIST, HierVlException.Kind.DATA).lines().toList();
                    lines.stream().map(l -> FileNames.composed(l.strip().replaceFirst("^.*/", ""))).filter(l -> !l.isEmpty())
                        .forEach(names::add);
                } catch (IOException e) {
                    throw AtomicFile.failure(file, e);
                }
            }
        }
        return names;
    }

    /** Whether there is one. */
    public boolean exists() {
        return !validation.isEmpty() || !test.isEmpty();
    }

    /** For the user. */
    public String note() {
        return "the split of the export is kept: " + validation.size() + " photos for validation, " + test.size()
            + " for tests" + (test.isEmpty() ? "" : " (test.txt, which no run reads)") + "; --val draws a new one";
    }
}
