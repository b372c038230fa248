package io.hiervl.data;

import io.hiervl.AtomicFile;
import io.hiervl.Folders;
import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.config.DatasetSpecs;
import io.hiervl.image.PhotoTypes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Makes a data set out of a folder of photos, a folder of masks for some of them and class names: {@code dataset.yaml} and
 * the lists. Photos and masks stay where they are.
 */
public final class DatasetInit {
    /**
     * What is decided by the user.
     *
     * @param validation share of the photos with masks that is kept for validation, 0 to below 1
     * @param labels     photos that keep their labels for training; the rest becomes unlabelled; 0: all
     * @param seed       of the choice
     */
    public record Options(String name, double validation, int labels, long seed) {
        public Options {
            if (!(validation >= 0 && validation < 1)) {
                throw HierVlException.usage("the share of validation images is " + validation + ", it must be at least 0 and below 1");
            }
            if (labels < 0) {
                throw HierVlException.usage("cannot keep " + labels + " labels");
            }
        }
    }

    /**
     * What was made.
     *
     * @param sizes lines of labeled.txt, unlabeled.txt and val.txt
     * @param notes what was concluded from the files, for the user
     */
    public record Result(Path folder, List<Integer> sizes, List<String> notes) {
    }

    private DatasetInit() {
    }

    /**
     * What a data set is made of.
     *
     * @param folders  photos and masks
     * @param ignored  values of masks without a label; a class of such an index is left out
     * @param keepSplit whether folders called train, valid and test decide about validation
     */
    public record Request(PictureFolders folders, ClassNames classes, Set<Integer> ignored, boolean keepSplit, Options options) {
        public Request {
            ignored.stream().filter(v -> v < 0 || v > 255).findFirst().ifPresent(v -> {
                throw HierVlException.usage("the value to ignore is " + v + ", masks have values of 0 to 255");
            });
        }
    }

    /** Writes a data set of one folder of photos and one of masks, see {@link #plan}. */
    public static Result write(Path images, Path masks, ClassNames classes, Path out, Options options, Progress progress) {
        return plan(new Request(PictureFolders.of(images, masks), classes, Set.of(), false, options), out, List.of(), progress).write();
    }

    /**
     * Reads all masks and decides how they are read; writes nothing.
     *
     * @param out   folder to make, or one without dataset.yaml and lists
     * @param files of an export, among which lists may say how it is split
     * @throws HierVlException nothing fits together (exit 3), or out holds a data set (exit 6)
     */
    public static NewDataset plan(Request request, Path out, Collection<Path> files, Progress progress) {
        PictureFolders.Found found = request.folders.find();
        refuseExisting(out);
        FolderPairs pairs = found.pairs();
        List<Path> labelled = pairs.masks().entrySet().stream().filter(e -> !e.getValue().isEmpty()).map(Map.Entry::getKey).toList();
        if (labelled.isEmpty()) {
            throw HierVlException.data(nothingFits(request.folders.images().get(0), request.folders.masks(), pairs));
        }
        ClassNames classes = request.classes.without(request.ignored);
        SeveralMasks.require(pairs, classes);
        MaskSurvey survey = MaskSurvey.of(pairs.masks().values().stream().flatMap(List::stream).toList(), request.classes,
            request.ignored, progress);
        List<String> notes = new ArrayList<>(pairs.notes());
        List<String> names = request.classes.names();
        request.ignored.stream().filter(v -> v < names.size()).sorted()
            .forEach(v -> notes.add("the class '" + names.get(v) + "' is left out, because its value " + v + " is ignored"));
        notes.addAll(survey.notes());
        leftOut(pairs, notes);
        ExportSplit split = ExportSplit.NONE;
        if (!found.validation().isEmpty()) {
            split = new ExportSplit(found.validation(), Set.of());
        } else if (request.keepSplit) {
            split = ExportSplit.of(found.roots().get("images"), labelled, files);
            if (split.exists()) {
                notes.add(split.note());
            }
        }
        return new NewDataset(found, classes, survey, split, notes, out, request.options);
    }

    private static String nothingFits(Path images, Path masks, FolderPairs pairs) {
        if (!pairs.lossy().isEmpty()) {
            return "the masks in " + masks + " are JPEG files (" + FolderPairs.names(pairs.lossy())
                + "); the compression of JPEG changes values, so they are no label maps. Store masks as PNG"
                + (pairs.orphans().isEmpty() ? "" : "; the "
                    + pairs.orphans().size() + " others belong to no photo");
        }
        return "no mask in " + masks + " belongs to a photo in " + images
            + (pairs.orphans().isEmpty() ? "; masks are read from PNG, BMP, TIFF, GIF and lossless WebP" + otherTypes(masks)
                : ": " + pairs.orphans().get(0).getFileName() + " and " + pairs.masks().keySet().iterator().next().getFileName()
                    + " have different names");
    }

    /** What lies in a folder without masks. */
    private static String otherTypes(Path folder) {
        Map<String, Integer> counts = new TreeMap<>();
        FolderListing.deep(folder).files().forEach(f -> counts.merge("." + PhotoTypes.extension(f), 1, Integer::sum));
        return counts.isEmpty() ? "; the folder is empty" : "; the folder holds " + counts.entrySet().stream().limit(5)
            .map(e -> e.getValue() + (e.getKey().equals(".") ? " without an ending" : " " + e.getKey())).collect(Collectors.joining(", "));
    }

    private static void leftOut(FolderPairs pairs, List<String> notes) {
        if (!pairs.orphans().isEmpty()) {
            notes.add(pairs.orphans().size() + (pairs.orphans().size() == 1 ? " mask belongs to no photo and is"
                : " masks belong to no photo and are")
                + " left out, such as " + pairs.orphans().get(0));
        }
        if (!pairs.lossy().isEmpty()) {
            notes.add(pairs.lossy().size() + (pairs.lossy().size() == 1 ? " file among the masks is a JPEG and"
                : " files among the masks are JPEGs and")
                + " left out, because the compression changes values: " + FolderPairs.names(pairs.lossy()));
        }
    }

    /** Makes the folder of a new data set. */
    public static Path folder(Path out) {
        Folders.require(out, "the data set");
        try {
            return out.toRealPath();
        } catch (IOException e) {
            throw AtomicFile.failure(out, e);
        }
    }

    /** How lists call a folder: by its path if it lies in the data folder, else by a name that the description explains. */
    public static String prefix(String name, Path folder, Path root, Map<String, String> folders) {
        if (folder.startsWith(root)) {
            String inside = slashes(root.relativize(folder));
            return inside.isEmpty() ? "" : inside + "/";
        }
        boolean near = folder.getRoot() != null && folder.getRoot().equals(root.getRoot());
        folders.put(name, near ? slashes(root.relativize(folder)) : folder.toString());
        return name + "/";
    }

    /** A path as lists write it; elsewhere than on Windows a backslash is part of a name. */
    public static String slashes(Path path) {
        return path.toString().replace(path.getFileSystem().getSeparator(), "/");
    }

    /** Refuses a folder that holds a data set already. */
    public static void refuseExisting(Path out) {
        List<String> names = new ArrayList<>(NewLists.FILES);
        names.add(DatasetSpecs.FILE);
        for (String name : names) {
            if (Files.exists(out.resolve(name))) {
                throw HierVlException.environment(out.resolve(name) + " exists; nothing was written");
            }
        }
    }
}
