package io.hiervl.config;

import io.hiervl.PublicApi;
import java.util.List;
import java.util.Map;

/**
 * How the values in mask files become class indices. Safe for several threads.
 *
 * @param reduceZero    0 becomes ignored and 1, 2, ... become 0, 1, ... (ADE20K); null: no
 * @param map           value in the file to class index or the ignore value; values it does not name stay; null: none
 * @param colours       RGB masks: the colour [r, g, b] of each class in order; null: RGB masks are refused
 * @param ignoreColours RGB masks: colours of pixels without a label; null: none
 * @param variants      files with values of their own, told by the end of their name; null: none
 * @param palettes      what the indices of palette files mean; null: the colours of {@code colours} where there are any
 * @param transparent   class index or ignore value of fully transparent pixels, whose colour nobody saw; null: they are ignored
 */
@PublicApi
public record LabelRules(@Nullable ReduceZero reduceZero, @Nullable Map<Integer, Integer> map, @Nullable List<List<Integer>> colours,
    @Nullable List<List<Integer>> ignoreColours, @Nullable List<Variant> variants,
    @Nullable Palettes palettes, @Nullable Integer transparent) {

    /** AUTO looks at the masks: the value K (number of classes) exists only where 0 still means "other". */
    public enum ReduceZero {
        NO, YES, AUTO
    }

    /**
     * COLOURS looks the entries of palettes up in {@code colours}; without colours, palettes that differ between masks are refused,
     * because one of them was renumbered. INDEX takes the indices whatever the palettes say.
     */
    public enum Palettes { COLOURS, INDEX }

    /** Values in the files are class indices. */
    public static final LabelRules PLAIN = new LabelRules(null, null, null, null, null, null, null);

    /**
     * Masks with other values, such as Cityscapes' labelIds beside labelTrainIds.
     *
     * @param suffix    end of the file name
     * @param standsFor end of the name of files that this one replaces where they are missing; null: none
     * @param map       every value that may occur to class index or the ignore value
     */
    public record Variant(String suffix, @Nullable String standsFor, Map<Integer, Integer> map) {
        public Variant {
            map = Map.copyOf(map);
            checkValues("labels.variants: " + suffix, map);
        }
    }

    public LabelRules {
        reduceZero = reduceZero == null ? ReduceZero.NO : reduceZero;
        map = map == null ? Map.of() : Map.copyOf(map);
        colours = colours == null ? List.of() : List.copyOf(colours);
        ignoreColours = ignoreColours == null ? List.of() : List.copyOf(ignoreColours);
        variants = variants == null ? List.of() : List.copyOf(variants);
        palettes = palettes == null ? Palettes.COLOURS : palettes;
        if (transparent != null) {
            Check.range("labels.transparent", transparent, 0, 255);
        }
        checkValues("labels.map", map);
        DatasetSpec.checkColours("labels.colours", colours);
        DatasetSpec.checkColours("labels.ignore_colours", ignoreColours);
    }

    private static void checkValues(String key, Map<Integer, Integer> map) {
        map.forEach((from, to) -> {
            Check.range(key + ": the value " + from, from, 0, 255);
            Check.range(key + ": the target of " + from, to, 0, 255);
        });
    }
}
