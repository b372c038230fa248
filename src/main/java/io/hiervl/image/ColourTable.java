package io.hiervl.image;

import io.hiervl.PublicApi;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The label value of every colour of an RGB mask. Safe for several threads.
 *
 * @param values 0xRRGGBB to label value 0..255
 */
@PublicApi
public record ColourTable(Map<Integer, Integer> values) {
    public ColourTable {
        values = Map.copyOf(values);
    }

    /** Colours [r, g, b] of the values 0, 1, ...; {@code ignore} gives further colours the value 255. */
    public static ColourTable of(List<List<Integer>> colours, List<List<Integer>> ignore) {
        Map<Integer, Integer> values = new HashMap<>();
        for (int i = 0; i < colours.size(); i++) {
            values.put(rgb(colours.get(i)), i);
        }
        for (List<Integer> c : ignore) {
            values.put(rgb(c), LabelMap.IGNORE);
        }
        return new ColourTable(values);
    }

    /** Whether all colours are grey, so that they stand for the values of grey files too. */
    boolean isGrey() {
        return values.keySet().stream().allMatch(c -> c == (c & 255) * 0x010101);
    }

    private static int rgb(List<Integer> c) {
        return c.get(0) << 16 | c.get(1) << 8 | c.get(2);
    }
}
