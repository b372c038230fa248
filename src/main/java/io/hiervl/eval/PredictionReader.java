package io.hiervl.eval;

import io.hiervl.HierVlException;
import io.hiervl.config.DatasetSpec;
import io.hiervl.image.ColourTable;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.MaskFile;
import io.hiervl.image.MaskRules;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Reads predictions that any program stored as class indices: index files by their values, or by their palette if all of its colours
 * are the data set's; pictures of colours by the data set's colours.
 */
public final class PredictionReader {
    private static final int NAMED = 5;

    private final StoredPredictions stored;
    private final DatasetSpec spec;
    private final int first;
    private final ColourTable colours;

    /**
     * @param spec  names classes and colours
     * @param first value of the first class, 0 or 1; with 1 the value 0 is no class
     */
    public PredictionReader(StoredPredictions stored, DatasetSpec spec, int first) {
        if (first < 0 || first > 1) {
            throw HierVlException.usage("--counted-from is " + first + ", it must be 0 or 1");
        }
        this.stored = stored;
        this.spec = spec;
        this.first = first;
        this.colours = spec.pictureColours().size() < spec.classes().size() ? null
            : ColourTable.of(spec.pictureColours(), spec.labels().ignoreColours());
    }

    /** Reads one. */
    public LabelMap read(int i) {
        LabelMap map = asStored(i);
        int[] table = new int[256];
        for (int v = 0; v < 256; v++) {
            table[v] = v == LabelMap.IGNORE || v < first ? LabelMap.IGNORE : v - first;
        }
        return first == 0 ? map : map.mapped(table);
    }

    private LabelMap asStored(int i) {
        Path path = stored.files().get(i);
        MaskFile file = MaskFile.decode(Images.readBytes(path), path.toString(), Images.MAX_PIXELS);
        if (file.storesColours() && colours == null) {
            throw HierVlException.data(path + " is a picture of colours, and the data set '" + spec.name()
                + "' has none: name the colour of every class under 'labels: {colours: [[r, g, b], ...]}' of its dataset.yaml");
        }
        boolean own = colours != null && !file.storesColours() && !file.palette().isEmpty() && colours.values().keySet()
            .containsAll(file.palette().values());
        return file.labels(new MaskRules(colours, own, LabelMap.IGNORE));
    }

    /**
     * Looks at the values of all predictions.
     *
     * @return sentences on values that are no class
     * @throws HierVlException values that show that classes are counted from 1
     */
    public List<String> survey() {
        int classes = spec.classes().size();
        long[] counts = new long[256];
        for (int i = 0; i < stored.files().size(); i++) {
            long[] here = asStored(i).histogram();
            Arrays.setAll(counts, v -> counts[v] + here[v]);
        }
        int lowest = 0;
        while (lowest < LabelMap.IGNORE && counts[lowest] == 0) {
            lowest++;
        }
        int highest = LabelMap.IGNORE - 1;
        while (highest > 0 && counts[highest] == 0) {
            highest--;
        }
        if (first == 0 && lowest == 1 && highest == classes) {
            throw HierVlException.data("the predictions have the values 1 to " + classes + " and never 0; the data set's " + classes
                + " classes are 0 to "
                + (classes - 1) + ". If they are counted from 1, '--counted-from 1' reads them");
        }
        List<String> strange = new ArrayList<>();
        for (int v = classes + first; v < LabelMap.IGNORE; v++) {
            if (counts[v] > 0) {
                strange.add(String.format(Locale.ROOT, "%d (%d pixels)", v, counts[v]));
            }
        }
        return strange.isEmpty() ? List.of() : List.of("predictions have values that are no class and count as wrong: "
            + String.join(", ", strange.subList(0, Math.min(NAMED, strange.size()))) + (strange.size() > NAMED ? ", ..." : "")
            + "; the classes are "
            + first + " to " + (classes - 1 + first));
    }
}
