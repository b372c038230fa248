package io.hiervl.data;

import io.hiervl.config.DatasetSpec;
import io.hiervl.image.LabelMaps;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out what 0 means in the masks of a data set that exists in two forms (hiervl section 9.5; ADE20K). Raw masks have
 * 0 for "other" and classes from 1 to K; reduced ones have classes from 0 and 255 for "other". So 255 exists only in
 * reduced masks and K only in raw ones. Taking one for the other trains and evaluates without any error, at a few percent.
 */
final class ZeroLabel {
    private static final Logger LOG = LoggerFactory.getLogger(ZeroLabel.class);
    /** Enough: of ADE20K's masks nearly all have pixels of "other", one in a hundred the last class. */
    private static final int PROBES = 300;

    /** What the masks show. */
    enum Meaning { OTHER, FIRST_CLASS, UNKNOWN, BOTH }

    private ZeroLabel() {
    }

    /** What a mask with these counts of values (256) shows. */
    static Meaning of(long[] counts, DatasetSpec spec) {
        boolean reduced = counts[spec.ignore()] > 0;
        boolean raw = counts[spec.classes().size()] > 0 && spec.classes().size() != spec.ignore();
        return raw && reduced ? Meaning.BOTH : raw ? Meaning.OTHER : reduced ? Meaning.FIRST_CLASS : Meaning.UNKNOWN;
    }

    /** Looks at the first masks; without any evidence they are taken as downloaded, where 0 is "other". */
    static boolean isOther(DatasetSpec spec, List<Path> masks) {
        int looked = 0;
        for (Path mask : masks.subList(0, Math.min(PROBES, masks.size()))) {
            Meaning meaning = of(LabelMaps.read(mask).histogram(), spec);
            looked++;
            if (meaning == Meaning.OTHER || meaning == Meaning.FIRST_CLASS) {
                boolean raw = meaning == Meaning.OTHER;
                LOG.info("labels: {} has the value {}, so 0 {}", mask, raw ? spec.classes().size() : spec.ignore(),
                    raw ? "means 'other' and is ignored; classes begin with 1" : "is the first class; the masks are already reduced");
                return raw;
            }
        }
        if (looked > 0) {
            LOG.warn("labels: none of {} masks has the value {} (raw) or {} (reduced); they are taken as raw, 0 means 'other'. "
                + "'labels: {reduce_zero: no}' in dataset.yaml says otherwise", looked, spec.classes().size(), spec.ignore());
        }
        return true;
    }
}
