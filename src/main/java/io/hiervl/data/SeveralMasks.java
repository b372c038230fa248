package io.hiervl.data;

import io.hiervl.Folders;
import io.hiervl.HierVlException;
import io.hiervl.image.LabelMap;
import io.hiervl.image.LabelMaps;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Photos with several masks, one for each object: with one class besides the background, their union is the label map. */
final class SeveralMasks {
    private static final String FOLDER = "united";

    private SeveralMasks() {
    }

    /** Refuses several masks of a photo, unless there are two classes. */
    static void require(FolderPairs pairs, ClassNames classes) {
        pairs.masks().forEach((photo, masks) -> {
            if (masks.size() > 1 && classes.names().size() != 2) {
                throw HierVlException.data(masks.size() + " masks belong to " + photo + ": " + masks.get(0) + " and " + masks.get(1)
                    + ". Several masks of a photo are united for one class and background only; the classes here are " + classes.names()
                        .size());
            }
        });
    }

    /**
     * Writes the unions into the data set.
     *
     * @return photo to its united mask
     */
    static Map<Path, Path> unite(FolderPairs pairs, Dataset dataset, Undo undo, List<String> notes) {
        Map<Path, Path> united = new TreeMap<>();
        for (Map.Entry<Path, List<Path>> e : pairs.masks().entrySet()) {
            if (e.getValue().size() < 2) {
                continue;
            }
            LabelMap sum = null;
            for (Path mask : e.getValue()) {
                LabelMap next = dataset.labels().read(mask);
                sum = sum == null ? next : union(sum, next, mask, e.getValue().get(0));
            }
            Path folder = Folders.create(undo.made(dataset.root().resolve(FOLDER)));
            Path file = undo.made(folder.resolve(united.size() + 1 + ".png"));
            int[] table = new int[256];
            table[1] = 1;
            table[LabelMap.IGNORE] = dataset.spec().ignore();
            LabelMaps.writeGrey(sum.mapped(table), file);
            united.put(e.getKey(), file);
        }
        if (!united.isEmpty()) {
            notes.add(united.size() + (united.size() == 1 ? " photo has" : " photos have") + " several masks; the union of each is in "
                + FOLDER + "/");
        }
        return united;
    }

    /** Class 1 where either has it; no label where both have none. */
    private static LabelMap union(LabelMap a, LabelMap b, Path file, Path first) {
        if (a.width() != b.width() || a.height() != b.height()) {
            throw HierVlException.data(file + " is " + b.width() + "x" + b.height() + ", " + first + " of the same photo is " + a.width()
                + "x" + a.height());
        }
        byte[] out = a.values().clone();
        for (int i = 0; i < out.length; i++) {
            int other = b.values()[i] & 255;
            if (other == 1 || (out[i] & 255) == LabelMap.IGNORE) {
                out[i] = (byte) other;
            }
        }
        return new LabelMap(out, a.width(), a.height());
    }
}
