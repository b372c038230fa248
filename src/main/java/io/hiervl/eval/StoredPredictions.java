package io.hiervl.eval;

import io.hiervl.HierVlException;
import io.hiervl.data.Sample;
import io.hiervl.data.SplitList;
import io.hiervl.image.LabelMap;
import io.hiervl.image.LabelMaps;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Index PNGs that some program wrote, one for each sample of a list. The PNG of {@code images/a.jpg masks/a_gt.png} is,
 * in this order, {@code images/a.png}, {@code masks/a_gt.png}, {@code a.png} or {@code a_gt.png} in the folder.
 *
 * @param files in the order of the list
 */
public record StoredPredictions(List<Path> files) {
    private static final int NAMED = 3;

    /**
     * Finds the predictions of all samples.
     *
     * @throws HierVlException no such folder, samples without a file, or one file for two samples
     */
    public static StoredPredictions find(Path folder, SplitList list) {
        if (!Files.isDirectory(folder)) {
            throw HierVlException.data("the folder of predictions " + folder + (Files.exists(folder) ? " is a file" : " does not exist"));
        }
        List<Path> files = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        Map<Path, Sample> owner = new HashMap<>();
        for (Sample s : list.samples()) {
            Set<Path> candidates = candidates(folder, s);
            Path file = candidates.stream().filter(Files::isRegularFile).findFirst().orElse(null);
            if (file == null) {
                missing.add(
                    s.image() + " (" + String.join(", ", candidates.stream().map(c -> folder.relativize(c).toString()).toList()) + ")");
                continue;
            }
            Sample other = owner.put(file, s);
            if (other != null && !other.image().equals(s.image())) {
                throw HierVlException.data(file + " would be the prediction of both " + other.image() + " and " + s.image()
                    + "; keep the subfolders of the images below " + folder);
            }
            files.add(file);
        }
        if (!missing.isEmpty()) {
            throw HierVlException
                .data(folder + " lacks predictions of " + missing.size() + " of the " + list.size() + " images of " + list.file()
                    + "; looked for: " + String.join("; ", missing.subList(0, Math.min(NAMED, missing.size())))
                    + (missing.size() > NAMED ? "; ..." : ""));
        }
        return new StoredPredictions(List.copyOf(files));
    }

    private static Set<Path> candidates(Path folder, Sample s) {
        Path image = Path.of(s.image());
        Path named = image.resolveSibling(png(image.getFileName().toString()));
        Path mask = Path.of(s.mask());
        Set<Path> all = new LinkedHashSet<>();
        for (Path p : List.of(named, mask, named.getFileName(), mask.getFileName())) {
            all.add(folder.resolve(p));
        }
        return all;
    }

    private static String png(String name) {
        int dot = name.lastIndexOf('.');
        return (dot > 0 ? name.substring(0, dot) : name) + ".png";
    }

    /** Reads one: class indices as the file has them. */
    public LabelMap read(int i) {
        return LabelMaps.read(files.get(i));
    }
}
