package io.hiervl.cli;

import io.hiervl.HierVlException;
import io.hiervl.config.DatasetSpecs;
import io.hiervl.data.FolderListing;
import io.hiervl.data.ListedFiles;
import io.hiervl.image.PhotoTypes;
import io.hiervl.predict.PredictionFiles;
import io.hiervl.predict.labels.LabelFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Photos named on the command line: files as they are, folders with their subfolders.
 *
 * @param photos in the order of their mention, those of a folder by name, each once
 * @param notes  what was passed over in folders
 */
record PhotoFiles(List<Found> photos, List<String> notes) {
    private static final Path TOP = Path.of("");

    /**
     * A photo.
     *
     * @param path  its file
     * @param below folder in which it lies below the folder that was named; empty at its top
     */
    record Found(Path path, Path below) {
    }

    /**
     * Finds photos. Pictures of an earlier prediction are none.
     *
     * @param out folder of predictions, whose files are no photos
     */
    static PhotoFiles of(List<Path> arguments, Path out) {
        List<Found> found = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        Set<Path> seen = new HashSet<>();
        for (Path path : arguments) {
            List<Found> here = Files.isDirectory(path) ? inside(path, out, notes) : List.of(new Found(path, TOP));
            for (Found photo : here) {
                if (seen.add(normal(photo.path))) {
                    found.add(photo);
                }
            }
        }
        return new PhotoFiles(List.copyOf(found), List.copyOf(notes));
    }

    /**
     * Photos whose names below the arguments are equal, each with the path by which labels tell it apart: from the folder that holds all
     * photos of its name, without extension.
     */
    Map<Path, String> namesakes() {
        Map<String, List<Path>> byName = new LinkedHashMap<>();
        for (Found f : photos) {
            byName.computeIfAbsent(f.below.resolve(f.path.getFileName()).toString(), n -> new ArrayList<>()).add(f.path);
        }
        Map<Path, String> names = new HashMap<>();
        for (List<Path> same : byName.values()) {
            Path common = normal(same.get(0)).getParent();
            for (Path p : same) {
                while (!normal(p).startsWith(common)) {
                    common = common.getParent();
                }
            }
            for (Path p : same.size() > 1 ? same : List.<Path>of()) {
                String path = common.relativize(normal(p)).toString().replace('\\', '/');
                names.put(p, path.substring(0, path.lastIndexOf('.') > path.lastIndexOf('/') ? path.lastIndexOf('.') : path.length()));
            }
        }
        return names;
    }

    private static Path normal(Path path) {
        return path.toAbsolutePath().normalize();
    }

    private static List<Found> inside(Path folder, Path out, List<String> notes) {
        FolderListing listing = FolderListing.deep(folder);
        notes.addAll(listing.notes());
        boolean whole = normal(folder).startsWith(normal(out));
        List<Path> all = listing.files().stream().filter(f -> whole || !normal(f).startsWith(normal(out))).toList();
        Set<Path> made = made(all);
        List<Path> below = listing.files().stream().filter(f -> !whole && normal(f).startsWith(normal(out)) && PhotoTypes.isPhoto(f))
            .toList();
        int own = below.size() - made(below).size();
        if (own > 0) {
            notes.add(own + (own == 1 ? " photo" : " photos") + " in the folder of the predictions, " + out
                + ", are passed over; --out names another folder");
        }
        List<Path> photos = all.stream().filter(f -> PhotoTypes.isPhoto(f) && !made.contains(f)).toList();
        List<Path> others = all.stream().filter(PhotoTypes::isOther).toList();
        if (!made.isEmpty()) {
            notes.add(made.size() + " pictures of an earlier prediction in " + folder + " are passed over");
        }
        if (!others.isEmpty()) {
            notes.add(PhotoTypes.notRead(others));
        }
        if (Files.exists(folder.resolve(DatasetSpecs.FILE))) {
            photos = ofDataset(folder, photos, notes);
        }
        if (photos.isEmpty()) {
            throw HierVlException.data("the folder " + folder + " holds no photo (" + PhotoTypes.photoNames() + ")"
                + (notes.isEmpty() ? "" : "; " + String.join("; ", notes)));
        }
        return photos.stream().map(p -> new Found(p, below(folder, p))).toList();
    }

    /** Photos of a data set: without its masks; where none lie in its folder, those that its lists name. */
    private static List<Path> ofDataset(Path folder, List<Path> pictures, List<String> notes) {
        ListedFiles listed;
        try {
            listed = ListedFiles.of(folder);
        } catch (HierVlException e) {
            notes.add(folder + " is a data set whose description cannot be read, so its masks are taken for photos: " + e.getMessage());
            return pictures;
        }
        List<Path> photos = pictures.stream().filter(p -> !listed.isMask(p)).toList();
        if (photos.size() < pictures.size()) {
            notes.add(folder + " is a data set; " + (pictures.size() - photos.size()) + " masks in it are passed over");
        }
        if (photos.isEmpty() && !listed.existing().isEmpty()) {
            photos = List.copyOf(listed.existing());
            notes.add(folder + " is a data set; the " + photos.size() + " photos of its lists are taken");
        }
        return photos;
    }

    private static Path below(Path folder, Path photo) {
        Path parent = photo.startsWith(folder) ? folder.relativize(photo).getParent() : null;
        return parent == null ? TOP : parent;
    }

    /** Index maps and overlays, and the label maps that {@code --as png} wrote in a folder beside them. */
    private static Set<Path> made(List<Path> all) {
        Set<Path> made = new HashSet<>(PredictionFiles.picturesIn(all));
        Set<Path> labels = made.stream().flatMap(p -> LabelFiles.FORMS.stream().map(p::resolveSibling)).collect(Collectors.toSet());
        all.stream().filter(PhotoTypes::isPhoto).filter(f -> labels.stream().anyMatch(f::startsWith)).forEach(made::add);
        return made;
    }
}
