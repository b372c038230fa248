package io.hiervl.data;

import io.hiervl.AtomicFile;
import io.hiervl.Folders;
import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.config.DatasetSpecs;
import io.hiervl.config.DatasetYaml;
import io.hiervl.config.PhotoRules;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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
     * Writes the data set.
     *
     * @param out folder to make, or one without dataset.yaml and lists
     * @throws HierVlException nothing fits together (exit 3), or out cannot be written (exit 6); nothing was written then
     */
    public static Result write(Path images, Path masks, ClassNames classes, Path out, Options options, Progress progress) {
        refuseExisting(out);
        Path photoFolder = absolute(images);
        Path maskFolder = absolute(masks);
        FolderPairs pairs = FolderPairs.find(photoFolder, maskFolder);
        List<Path> labelled = pairs.masks().entrySet().stream().filter(e -> !e.getValue().isEmpty()).map(Map.Entry::getKey).toList();
        if (labelled.isEmpty()) {
            throw HierVlException.data(nothingFits(images, masks, pairs));
        }
        int held = NewLists.held(labelled.size(), options);
        int kept = NewLists.kept(labelled.size() - held, options);
        SeveralMasks.require(pairs, classes);
        MaskSurvey survey = MaskSurvey.of(pairs.masks().values().stream().flatMap(List::stream).toList(), classes, progress);
        List<String> notes = new ArrayList<>(pairs.notes());
        notes.addAll(survey.notes());
        leftOut(pairs, notes);
        Map<String, String> lists = NewLists.names(pairs.masks().size() - held > kept, held > 0, notes);
        try (Undo undo = new Undo(out)) {
            Path root = folder(out);
            Map<String, String> folders = new LinkedHashMap<>();
            String imagePrefix = prefix("images", photoFolder, root, folders);
            String maskPrefix = prefix("masks", maskFolder, root, folders);
            DatasetYaml yaml = new DatasetYaml("hiervl data init", options.name, classes.names(), survey.ignore(), lists, survey.labels(),
                PhotoRules.PLAIN, folders);
            Dataset dataset = Dataset.open(root, yaml.spec());
            Map<Path, Path> united = SeveralMasks.unite(pairs, dataset, undo, notes);
            List<Sample> samples = new ArrayList<>();
            pairs.masks().forEach((photo, found) -> {
                Path one = united.getOrDefault(photo, found.isEmpty() ? null : found.get(0));
                String mask = one == null ? null : united.containsKey(photo) ? slashes(root.relativize(one)) : maskPrefix
                    + slashes(maskFolder.relativize(one));
                samples.add(new Sample(imagePrefix + slashes(photoFolder.relativize(photo)), mask, photo, one, samples.size() + 1));
            });
            List<Integer> sizes = NewLists.write(dataset, samples, List.of(), held, kept, options, undo);
            AtomicFile.write(undo.made(root.resolve(DatasetSpecs.FILE)), yaml.text());
            undo.keep();
            return new Result(out, sizes, List.copyOf(notes));
        }
    }

    private static String nothingFits(Path images, Path masks, FolderPairs pairs) {
        if (!pairs.lossy().isEmpty()) {
            return "the masks in " + masks + " are JPEG files (" + FolderPairs.names(pairs.lossy())
                + "); the compression of JPEG changes values, so they are no label maps. Store masks as PNG"
                + (pairs.orphans().isEmpty() ? "" : "; the "
                    + pairs.orphans().size() + " others belong to no photo");
        }
        return "no mask in " + masks + " belongs to a photo in " + images
            + (pairs.orphans().isEmpty() ? "; masks are read from PNG, BMP, TIFF, GIF and lossless WebP"
                : ": " + pairs.orphans().get(0).getFileName() + " and " + pairs.masks().keySet().iterator().next().getFileName()
                    + " have different names");
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

    /** A path as lists write it. */
    public static String slashes(Path path) {
        return path.toString().replace('\\', '/');
    }

    private static Path absolute(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw HierVlException.data("the folder " + folder + (Files.exists(folder) ? " is a file" : " does not exist"));
        }
        try {
            return folder.toRealPath();
        } catch (IOException e) {
            throw HierVlException.data("the folder " + folder + " cannot be read: " + AtomicFile.reason(e), e);
        }
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
