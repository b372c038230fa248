package io.hiervl.data;

import io.hiervl.HierVlException;
import io.hiervl.config.DatasetSpec;
import io.hiervl.config.LabelRules;
import io.hiervl.config.LabelRules.ReduceZero;
import io.hiervl.image.ColourTable;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.LabelMaps;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads masks as class indices by the rules of a data set; ignored pixels become 255 whatever the file calls them. */
public final class LabelReader {
    private static final Logger LOG = LoggerFactory.getLogger(LabelReader.class);
    /** Marks values of files that mean nothing. */
    private static final int UNKNOWN = -1;
    /** Masks that AUTO looks at when neither 150-like nor 255 values decide earlier. */
    private static final int PROBES = 500;

    private final DatasetSpec spec;
    private final ColourTable colours;
    private final int[] table;
    private final boolean reduced;

    private LabelReader(DatasetSpec spec, boolean reduce) {
        this.spec = spec;
        this.reduced = reduce;
        LabelRules rules = spec.labels();
        this.colours = rules.colours().isEmpty() ? null : ColourTable.of(rules.colours(), rules.ignoreColours());
        this.table = table(spec, reduce);
    }

    /** A reader for the data set; {@code samples} are looked at only if the rules say {@code reduce_zero: auto}. */
    public static LabelReader of(DatasetSpec spec, List<Sample> samples) {
        ReduceZero rule = spec.labels().reduceZero();
        return new LabelReader(spec, rule == ReduceZero.YES || rule == ReduceZero.AUTO && zeroMeansOther(spec, samples));
    }

    /** Hiervl section 9.5: the value K occurs only in raw masks; 255 without it only in masks already reduced. */
    private static boolean zeroMeansOther(DatasetSpec spec, List<Sample> samples) {
        int classes = spec.classes().size();
        boolean ignored = false;
        int probed = 0;
        for (Sample s : samples) {
            if (s.hasMask() && probed++ < PROBES) {
                long[] counts = LabelMaps.read(s.maskPath()).histogram();
                if (counts[classes] > 0 && classes != spec.ignore()) {
                    LOG.info("labels: {} has the value {}, so 0 means 'other' and is ignored", s.mask(), classes);
                    return true;
                }
                ignored |= counts[spec.ignore()] > 0;
            }
        }
        LOG.info("labels: no mask of {} has the value {}{}, so 0 is taken as the first class", probed, classes,
            ignored ? " and some have " + spec.ignore() : "");
        return false;
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
        spec.labels().map().forEach((from, to) -> table[from] = to.equals(spec.ignore()) ? LabelMap.IGNORE : to);
        return table;
    }

    /** Whether 0 was found, or declared, to mean "other". */
    public boolean reducesZero() {
        return reduced;
    }

    /** The class index of a value in a file, 255 for ignored, -1 for a value that means nothing. */
    public int classOf(int value) {
        return table[value];
    }

    /** The values as the file has them (for RGB masks: class indices of the colours). */
    public LabelMap raw(byte[] bytes, String name) {
        return LabelMaps.decode(bytes, name, colours, Images.MAX_PIXELS);
    }

    /**
     * Reads a mask as class indices.
     *
     * @throws HierVlException unreadable, or a value that is neither a class nor ignored (file, pixel and value named)
     */
    public LabelMap read(Path file) {
        return classes(raw(Images.readBytes(file), file.toString()), file.toString());
    }

    LabelMap classes(LabelMap raw, String name) {
        byte[] values = raw.values();
        for (int i = 0; i < values.length; i++) {
            if (table[values[i] & 255] == UNKNOWN) {
                throw HierVlException.data(name + ": pixel (" + i % raw.width() + ", " + i / raw.width() + ") has the value "
                    + (values[i] & 255) + ", allowed are " + allowed());
            }
        }
        return raw.mapped(table);
    }

    /** The values files may have, for messages: "0-20, 255". */
    public String allowed() {
        StringBuilder out = new StringBuilder();
        for (int v = 0; v < 256; v++) {
            int from = v;
            while (v < 256 && table[v] != UNKNOWN) {
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
