package io.hiervl.data;

import io.hiervl.config.DatasetSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * What the lists of a data set name, as absolute paths.
 *
 * @param photos in the order of the lists
 * @param masks  label maps
 */
public record ListedFiles(Set<Path> photos, Set<Path> masks) {
    /**
     * Reads the lists that the description of a folder names; faulty lines are left out.
     *
     * @throws io.hiervl.HierVlException the description is faulty
     */
    public static ListedFiles of(Path folder) {
        Dataset dataset = Dataset.open(folder);
        Set<Path> photos = new LinkedHashSet<>();
        Set<Path> masks = new HashSet<>();
        for (String role : DatasetSpec.ROLES) {
            SplitList list = dataset.parse(role);
            if (list != null) {
                for (Sample s : list.samples()) {
                    photos.add(normal(s.imagePath()));
                    if (s.hasMask()) {
                        masks.add(normal(s.maskPath()));
                    }
                }
            }
        }
        return new ListedFiles(Collections.unmodifiableSet(photos), Set.copyOf(masks));
    }

    /** Whether a picture is a mask: a list names it so, or it lies beside masks, where no list names a photo. */
    public boolean isMask(Path picture) {
        Path path = normal(picture);
        Path folder = path.getParent();
        return !photos.contains(path) && (masks.contains(path)
            || masks.stream().anyMatch(m -> m.getParent().equals(folder)) && photos.stream().noneMatch(p -> p.getParent().equals(folder)));
    }

    /** The photos that exist. */
    public Set<Path> existing() {
        Set<Path> found = new LinkedHashSet<>(photos);
        found.removeIf(p -> !Files.isRegularFile(p));
        return found;
    }

    private static Path normal(Path path) {
        return path.toAbsolutePath().normalize();
    }
}
