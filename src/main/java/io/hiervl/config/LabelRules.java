package io.hiervl.config;

import java.util.List;
import java.util.Map;

/**
 * How the values in mask files become class indices.
 *
 * @param reduceZero    0 becomes ignored and 1, 2, ... become 0, 1, ... (ADE20K); null: no
 * @param map           value in the file to class index or the ignore value; values it does not name stay; null: none
 * @param colours       RGB masks: the colour [r, g, b] of each class in order; null: RGB masks are refused
 * @param ignoreColours RGB masks: colours of pixels without a label; null: none
 */
public record LabelRules(@Nullable ReduceZero reduceZero, @Nullable Map<Integer, Integer> map, @Nullable List<List<Integer>> colours,
        @Nullable List<List<Integer>> ignoreColours) {

    /** AUTO looks at the masks: the value K (number of classes) exists only where 0 still means "other". */
    public enum ReduceZero { NO, YES, AUTO }

    /** Values in the files are class indices. */
    public static final LabelRules PLAIN = new LabelRules(null, null, null, null);

    public LabelRules {
        reduceZero = reduceZero == null ? ReduceZero.NO : reduceZero;
        map = map == null ? Map.of() : Map.copyOf(map);
        colours = colours == null ? List.of() : List.copyOf(colours);
        ignoreColours = ignoreColours == null ? List.of() : List.copyOf(ignoreColours);
        map.forEach((from, to) -> {
            Check.range("labels.map: the value " + from, from, 0, 255);
            Check.range("labels.map: the target of " + from, to, 0, 255);
        });
        DatasetSpec.checkColours("labels.colours", colours);
        DatasetSpec.checkColours("labels.ignore_colours", ignoreColours);
    }
}
