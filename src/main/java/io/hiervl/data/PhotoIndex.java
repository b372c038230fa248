package io.hiervl.data;

import io.hiervl.HierVlException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Finds the photo that a mask's name means. Composed and decomposed accents are the same; case matters only where both cases exist. */
final class PhotoIndex {
    /** The ways of comparing, in the order in which they are tried: by path below the folder, then by file name alone. */
    private final List<Map<String, List<Path>>> levels = new ArrayList<>();
    private final List<Boolean> withFolders = new ArrayList<>();
    private final List<Boolean> folded = new ArrayList<>();

    /** @param root the folder that holds the photos */
    PhotoIndex(List<Path> photos, Path root) {
        for (boolean folders : new boolean[] {true, false}) {
            for (boolean fold : new boolean[] {false, true}) {
                level(photos, root, folders, fold, p -> List.of(p));
                level(photos, root, folders, fold, PairNames::ofPhoto);
            }
        }
    }

    private void level(List<Path> photos, Path root, boolean folders, boolean fold, Function<String, List<String>> names) {
        Map<String, List<Path>> index = new HashMap<>();
        for (Path photo : photos) {
            for (String name : names.apply(FileNames.composedStem(photo))) {
                index.computeIfAbsent(key(folder(photo, root, folders), name, fold), k -> new ArrayList<>()).add(photo);
            }
        }
        levels.add(index);
        withFolders.add(folders);
        folded.add(fold);
    }

    /**
     * The photo of a mask, null if there is none.
     *
     * @param root the folder that holds the masks
     * @throws HierVlException several photos fit
     */
    Path find(Path mask, Path root) {
        List<String> names = PairNames.ofMask(FileNames.composedStem(mask));
        for (int i = 0; i < levels.size(); i++) {
            for (String name : names) {
                List<Path> found = levels.get(i).get(key(folder(mask, root, withFolders.get(i)), name, folded.get(i)));
                if (found != null && found.size() > 1) {
                    throw HierVlException.data("the mask " + mask + " fits several photos: " + found.get(0) + " and " + found.get(1));
                }
                if (found != null) {
                    return found.get(0);
                }
            }
        }
        return null;
    }

    private static String folder(Path file, Path root, boolean wanted) {
        Path parent = wanted ? root.relativize(file).getParent() : null;
        return parent == null ? "" : FileNames.composed(parent.toString());
    }

    private static String key(String folder, String name, boolean fold) {
        String key = folder + "/" + name;
        return fold ? PairNames.folded(key) : key;
    }
}
