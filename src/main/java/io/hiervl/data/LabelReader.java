package io.hiervl.data;

import io.hiervl.HierVlException;
import io.hiervl.PublicApi;
import io.hiervl.config.DatasetSpec;
import io.hiervl.config.LabelRules;
import io.hiervl.image.ColourTable;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.MaskFile;
import io.hiervl.image.MaskRules;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Reads masks as class indices by the rules of a data set; ignored pixels become 255 whatever the file calls them.
 * Safe for several threads.
 */
@PublicApi
public final class LabelReader {
    /** Marks values of files that mean nothing. */
    private static final int UNKNOWN = -1;

    private final DatasetSpec spec;
    private final int[] table;
    private final Map<String, int[]> variants = new LinkedHashMap<>();
    private final boolean reduced;
    private final MaskRules rules;
    private final PaletteGuard palettes;

    /** @param reduce whether 0 means "other" and 1, 2, ... are the classes */
    LabelReader(DatasetSpec spec, boolean reduce) {
        this.spec = spec;
        this.reduced = reduce;
        LabelRules rules = spec.labels();
        ColourTable colours = rules.colours().isEmpty() ? null : ColourTable.of(rules.colours(), rules.ignoreColours());
        this.table = table(spec, reduce);
        boolean byPalette = rules.palettes() == LabelRules.Palettes.COLOURS;
        this.rules = new MaskRules(colours, byPalette, rules.transparent() == null ? spec.ignore() : rules.transparent());
        this.palettes = new PaletteGuard(byPalette && colours == null);
        for (LabelRules.Variant v : rules.variants()) {
            int[] own = new int[256];
            Arrays.fill(own, UNKNOWN);
            v.map().forEach((from, to) -> own[from] = target(spec, to));
            variants.put(v.suffix(), own);
        }
    }

    private static int[] table(DatasetSpec spec, boolean reduce) {
        int classes = spec.classes().size();
        int[] table = new int[256];
        Arrays.fill(table, UNKNOWN);
        for (int i = 0; i < classes; i++) {
            table[reduce ? i + 1 : i] = i;
        }
        if (reduce) {
            table[0] = LabelMap.IGNORE;
        }
        table[spec.ignore()] = LabelMap.IGNORE;
        // Colour tables give ignored colours this value.
        if (!spec.labels().ignoreColours().isEmpty()) {
            table[LabelMap.IGNORE] = LabelMap.IGNORE;
        }
        spec.labels().map().forEach((from, to) -> table[from] = target(spec, to));
        return table;
    }

    private static int target(DatasetSpec spec, int to) {
        return to == spec.ignore() ? LabelMap.IGNORE : to;
    }

    /** Whether 0 was found, or declared, to mean "other". */
    public boolean reducesZero() {
        return reduced;
    }

    /** Per value in a file of this name: the class index, 255 for ignored, -1 for a value that means nothing. */
    int[] tableOf(String name) {
        return variants.entrySet().stream().filter(v -> name.endsWith(v.getKey())).findFirst().map(Map.Entry::getValue).orElse(table);
    }

    /** The values as the file has them (for masks of colours: class indices of the colours). */
    LabelMap raw(MaskFile file) {
        return file.labels(rules);
    }

    /** Whether palettes have to agree, because the indices of their files are taken. */
    boolean comparesPalettes() {
        return palettes.active();
    }

    /**
     * Reads a mask as class indices.
     *
     * @throws HierVlException unreadable, or a value that is neither a class nor ignored (file, pixel and value named), or a palette that
     *                         differs from those of masks read before
     */
    public LabelMap read(Path file) {
        String name = file.toString();
        MaskFile mask = MaskFile.decode(Images.readBytes(file), name, Images.MAX_PIXELS);
        if (palettes.active() && !mask.storesColours()) {
            palettes.require(mask.shownPalette(), name);
        }
        LabelMap raw = raw(mask);
        int[] own = tableOf(name);
        byte[] values = raw.values();
        for (int i = 0; i < values.length; i++) {
            if (own[values[i] & 255] == UNKNOWN) {
                throw HierVlException.data(name + ": pixel (" + i % raw.width() + ", " + i / raw.width() + ") has the value "
                    + (values[i] & 255) + ", allowed are " + allowed(name));
            }
        }
        return raw.mapped(own);
    }

    /** The values a file of this name may have, for messages: "0-20, 255". */
    String allowed(String name) {
        int[] own = tableOf(name);
        StringBuilder out = new StringBuilder();
        for (int v = 0; v < 256; v++) {
            int from = v;
            while (v < 256 && own[v] != UNKNOWN) {
                v++;
            }
            if (v > from) {
                out.append(out.length() == 0 ? "" : ", ").append(from).append(v - 1 > from ? "-" + (v - 1) : "");
            }
        }
        return out.toString();
    }

    DatasetSpec spec() {
        return spec;
    }
}
