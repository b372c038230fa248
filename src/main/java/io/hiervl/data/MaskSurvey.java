package io.hiervl.data;

import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.LabelMaps;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Looks at all masks of a folder and finds the rules by which they are read.
 *
 * @param ignore        value of pixels without a label
 * @param map           value to class index, empty if values are class indices
 * @param colours       colour of each class, empty if no mask stores colours
 * @param ignoreColours colours without a label
 * @param notes         what was concluded, for the user
 */
record MaskSurvey(int ignore, Map<Integer, Integer> map, List<List<Integer>> colours, List<List<Integer>> ignoreColours,
        List<String> notes) {
    private static final int SHOWN = 12;
    private static final int BLACK = 0;
    private static final int WHITE = 0xFFFFFF;

    /**
     * Reads every mask.
     *
     * @throws HierVlException an unreadable mask, or values or colours that fit no class; all of them are named with counts
     */
    static MaskSurvey of(List<Path> masks, ClassNames classes, Progress progress) {
        Map<Integer, Long> values = new HashMap<>();
        Map<Integer, Long> colours = new HashMap<>();
        AtomicInteger done = new AtomicInteger();
        masks.parallelStream().forEach(mask -> {
            byte[] bytes = Images.readBytes(mask);
            Map<Integer, Long> rgb = LabelMaps.colourCounts(bytes, mask.toString());
            Map<Integer, Long> counts = rgb != null ? rgb : values(LabelMaps.decode(bytes, mask.toString(), null, Images.MAX_PIXELS));
            Map<Integer, Long> sum = rgb != null ? colours : values;
            synchronized (values) {
                counts.forEach((v, n) -> sum.merge(v, n, Long::sum));
            }
            progress.update(done.incrementAndGet(), masks.size(), mask.getFileName().toString());
        });
        List<String> notes = new ArrayList<>();
        Map<Integer, Integer> map = values(values, classes, notes);
        List<List<Integer>> table = colours.isEmpty() ? List.of() : colours(colours, classes, notes);
        List<List<Integer>> ignored = new ArrayList<>(classes.ignoreColours());
        if (!table.isEmpty() && classes.colours().isEmpty() && colours.containsKey(WHITE) && !table.contains(rgb(WHITE))) {
            ignored.add(rgb(WHITE));
        }
        return new MaskSurvey(map.isEmpty() ? LabelMap.IGNORE : LabelMap.IGNORE - 1, map, table, List.copyOf(ignored), List.copyOf(notes));
    }

    private static Map<Integer, Long> values(LabelMap map) {
        long[] counts = map.histogram();
        return IntStream.range(0, 256).filter(v -> counts[v] > 0).boxed().collect(Collectors.toMap(v -> v, v -> counts[v]));
    }

    /** 0 and 255 for two classes are drawn that way by most painting programs. */
    private static Map<Integer, Integer> values(Map<Integer, Long> found, ClassNames classes, List<String> notes) {
        int k = classes.names().size();
        if (k == 2 && found.containsKey(LabelMap.IGNORE) && !found.containsKey(1) && found.keySet().stream().allMatch(v -> v == 0 || v == LabelMap.IGNORE)) {
            notes.add("masks have the values 0 and 255; 255 is taken as '" + classes.names().get(1) + "'");
            return Map.of(LabelMap.IGNORE, 1);
        }
        Map<Integer, Long> strange = new LinkedHashMap<>();
        found.keySet().stream().sorted().filter(v -> v >= k && v != LabelMap.IGNORE).forEach(v -> strange.put(v, found.get(v)));
        if (!strange.isEmpty()) {
            throw HierVlException.data("masks have values that stand for no class: " + list(strange, Object::toString) + "; the " + k
                + " classes are 0 to " + (k - 1) + ", 255 is ignored" + (strange.size() == 1 && strange.containsKey(k)
                ? ". If classes are counted from 1, put the name of what 0 means (such as background) first" : ""));
        }
        if (found.containsKey(LabelMap.IGNORE)) {
            notes.add("pixels with the value 255 are ignored");
        }
        return Map.of();
    }

    private static List<List<Integer>> colours(Map<Integer, Long> found, ClassNames classes, List<String> notes) {
        int k = classes.names().size();
        if (!classes.colours().isEmpty()) {
            Map<Integer, Long> strange = new LinkedHashMap<>(found);
            classes.colours().forEach(c -> strange.remove(code(c)));
            classes.ignoreColours().forEach(c -> strange.remove(code(c)));
            if (!strange.isEmpty()) {
                throw HierVlException.data("masks have colours that no class names: " + list(strange, MaskSurvey::text)
                    + "; add them to the classes, or as 'ignore R G B' for pixels without a label");
            }
            return classes.colours();
        }
        if (k == 2 && found.keySet().stream().allMatch(c -> c == BLACK || c == WHITE)) {
            notes.add("masks are black and white pictures; white is taken as '" + classes.names().get(1) + "'");
            return List.of(rgb(BLACK), rgb(WHITE));
        }
        if (found.keySet().stream().allMatch(c -> c == WHITE || c % 0x010101 == 0 && c / 0x010101 < k)) {
            notes.add("masks store class indices as grey colours" + (found.containsKey(WHITE) ? "; white is ignored" : ""));
            return IntStream.range(0, k).mapToObj(i -> List.of(i, i, i)).toList();
        }
        throw HierVlException.data("masks store colours, and the classes have none: " + list(found, MaskSurvey::text)
            + "; write one class a line with its colour, such as 'cat 64 0 0', and 'ignore R G B' for pixels without a label");
    }

    private static int code(List<Integer> c) {
        return c.get(0) << 16 | c.get(1) << 8 | c.get(2);
    }

    private static List<Integer> rgb(int code) {
        return List.of(code >> 16, code >> 8 & 255, code & 255);
    }

    private static String text(int code) {
        return rgb(code).stream().map(String::valueOf).collect(Collectors.joining(" "));
    }

    private static String list(Map<Integer, Long> counts, Function<Integer, String> name) {
        String shown = counts.entrySet().stream().sorted(Map.Entry.<Integer, Long>comparingByValue(Comparator.reverseOrder()).thenComparing(Map.Entry.comparingByKey()))
            .limit(SHOWN).map(e -> String.format(Locale.ROOT, "%s (%d pixels)", name.apply(e.getKey()), e.getValue())).collect(Collectors.joining(", "));
        return shown + (counts.size() > SHOWN ? " and " + (counts.size() - SHOWN) + " more" : "");
    }
}
