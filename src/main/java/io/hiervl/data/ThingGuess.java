package io.hiervl.data;

import io.hiervl.image.LabelMap;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Guesses which classes are countable objects: those that often show several separate areas of comparable size in one label map. A
 * street is one area, cars are several.
 */
public final class ThingGuess {
    /** Masks that are looked at, spread over all. */
    static final int LOOKED_AT = 200;
    /** Share of the masks with the class that must show several areas. */
    private static final double OFTEN = 1.0 / 3;
    /** Specks are no objects: smallest share of the picture, and of the largest area of the class. */
    private static final double SMALLEST = 0.0005;
    private static final double COMPARABLE = 0.1;

    private ThingGuess() {
    }

    /**
     * Names of the classes that look countable, in index order; class 0 is none if it is the background.
     *
     * @param reader of label maps with class indices
     */
    public static <T> List<String> of(List<T> masks, Function<T, LabelMap> reader, List<String> classes) {
        int[] shown = new int[classes.size()];
        int[] several = new int[classes.size()];
        int step = Math.max(1, (masks.size() + LOOKED_AT - 1) / LOOKED_AT);
        for (int i = 0; i < masks.size(); i += step) {
            count(reader.apply(masks.get(i)), shown, several);
        }
        List<String> things = new ArrayList<>();
        for (int c = 0; c < classes.size(); c++) {
            boolean background = c == 0 && classes.get(0).equalsIgnoreCase("background");
            if (!background && shown[c] > 0 && several[c] >= OFTEN * shown[c]) {
                things.add(classes.get(c));
            }
        }
        return things;
    }

    private static void count(LabelMap map, int[] shown, int[] several) {
        List<List<Integer>> areas = areas(map, shown.length);
        double smallest = SMALLEST * map.width() * map.height();
        for (int c = 0; c < shown.length; c++) {
            int largest = areas.get(c).stream().mapToInt(Integer::intValue).max().orElse(0);
            if (largest > 0) {
                shown[c]++;
                double least = Math.max(smallest, COMPARABLE * largest);
                several[c] += areas.get(c).stream().filter(a -> a >= least).count() > 1 ? 1 : 0;
            }
        }
    }

    /** Sizes of the connected areas of every class; corners connect. */
    private static List<List<Integer>> areas(LabelMap map, int classes) {
        List<List<Integer>> sizes = new ArrayList<>();
        for (int c = 0; c < classes; c++) {
            sizes.add(new ArrayList<>());
        }
        int width = map.width();
        byte[] values = map.values();
        boolean[] seen = new boolean[values.length];
        ArrayDeque<Integer> open = new ArrayDeque<>();
        for (int start = 0; start < values.length; start++) {
            int label = values[start] & 255;
            if (seen[start] || label >= classes) {
                continue;
            }
            int size = 0;
            seen[start] = true;
            open.push(start);
            while (!open.isEmpty()) {
                int at = open.pop();
                size++;
                for (int dy = -1; dy <= 1; dy++) {
                    for (int dx = -1; dx <= 1; dx++) {
                        int x = at % width + dx;
                        int next = at + dy * width + dx;
                        if (x >= 0 && x < width && next >= 0 && next < values.length && !seen[next] && (values[next] & 255) == label) {
                            seen[next] = true;
                            open.push(next);
                        }
                    }
                }
            }
            sizes.get(label).add(size);
        }
        return sizes;
    }
}
