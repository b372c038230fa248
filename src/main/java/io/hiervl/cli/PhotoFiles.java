package io.hiervl.cli;

import io.hiervl.HierVlException;
import io.hiervl.data.FolderListing;
import io.hiervl.image.PhotoTypes;
import io.hiervl.predict.PredictionFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Photos named on the command line: files as they are, folders by their photos.
 *
 * @param photos in the order of their mention, those of a folder by name, each once
 * @param notes  what was passed over in folders
 */
record PhotoFiles(List<Path> photos, List<String> notes) {

    /** Subfolders are not entered, and pictures of an earlier prediction are no photos. */
    static PhotoFiles of(List<Path> arguments) {
        List<Path> found = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        Set<Path> seen = new HashSet<>();
        for (Path path : arguments) {
            for (Path photo : Files.isDirectory(path) ? inside(path, notes) : List.of(path)) {
                if (seen.add(photo.toAbsolutePath().normalize())) {
                    found.add(photo);
                }
            }
        }
        return new PhotoFiles(List.copyOf(found), List.copyOf(notes));
    }

    private static List<Path> inside(Path folder, List<String> notes) {
        FolderListing all = FolderListing.flat(folder);
        notes.addAll(all.notes());
        Set<Path> made = PredictionFiles.picturesIn(all.files());
        List<Path> photos = all.files().stream().filter(f -> PhotoTypes.isPhoto(f) && !made.contains(f)).toList();
        List<Path> others = all.files().stream().filter(PhotoTypes::isOther).toList();
        if (!made.isEmpty()) {
            notes.add(made.size() + " pictures of an earlier prediction in " + folder + " are passed over");
        }
        if (!others.isEmpty()) {
            notes.add(others.size() + (others.size() == 1 ? " picture of a type that is not read is"
                : " pictures of types that are not read are") + " passed over: "
                + String.join(", ", others.stream().limit(5).map(p -> p.getFileName().toString()).toList())
                + (others.size() > 5 ? ", ..." : ""));
        }
        if (photos.isEmpty()) {
            throw HierVlException.data("the folder " + folder + " holds no photo (" + PhotoTypes.photoNames()
                + "; subfolders are not entered)"
                + (notes.isEmpty() ? "" : "; " + String.join("; ", notes)));
        }
        return photos;
    }
}
