package io.hiervl.data;

import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.config.LabelRules;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.MaskFile;
import io.hiervl.image.Palette;
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
 * @param ignore value of pixels without a label
 * @param labels the rules
 * @param notes  what was concluded, for the user
 */
public record MaskSurvey(int ignore, LabelRules labels, List<String> notes) {
    private static final int SHOWN = 12;
    private static final int SOFT = 10;
    private static final int BLACK = 0;
    private static final int WHITE = 0xFFFFFF;

    /** What all masks hold together. */
    private static final class Counts {
        private final Map<Integer, Long> values = new HashMap<>();
        private final Map<Integer, Long> colours = new HashMap<>();
        private long transparent;

        synchronized void add(MaskFile file, boolean byColour) {
            boolean coloured = file.storesColours() || byColour && !file.palette().isEmpty();
            if (coloured) {
                file.colourCounts().forEach((c, n) -> colours.merge(c, n, Long::sum));
                transparent += file.transparentPixels();
            } else {
                long[] counts = file.histogram();
                IntStream.range(0, 256).filter(v -> counts[v] > 0).forEach(v -> values.merge(v, counts[v], Long::sum));
            }
        }
    }

    /**
     * Reads every mask.
     *
     * @throws HierVlException an unreadable mask, palettes that differ, or values or colours that fit no class; all of them are named with
     * counts
     */
    public static MaskSurvey of(List<Path> masks, ClassNames classes, Progress progress) {
        Counts counts = new Counts();
        boolean byColour = !classes.colours().isEmpty();
        PaletteGuard guard = new PaletteGuard(!byColour);
        AtomicInteger done = new AtomicInteger();
        masks.parallelStream().forEach(mask -> {
            MaskFile file = MaskFile.decode(Images.readBytes(mask), mask.toString(), Images.MAX_PIXELS);
            counts.add(file, byColour);
            if (!file.storesColours()) {
                guard.require(file.palette(), mask.toString());
            }
            progress.update(done.incrementAndGet(), masks.size(), mask.getFileName().toString());
        });
        List<String> notes = new ArrayList<>();
        Map<Integer, Integer> map = values(counts.values, classes, notes);
        List<List<Integer>> table = counts.colours.isEmpty() ? List.of() : colours(counts.colours, classes, counts.transparent > 0, notes);
        List<List<Integer>> ignored = new ArrayList<>(classes.ignoreColours());
        if (!table.isEmpty() && classes.colours().isEmpty() && counts.colours.containsKey(WHITE) && !table.contains(rgb(WHITE))) {
            ignored.add(rgb(WHITE));
        }
        int border = Palette.voc().colour(LabelMap.IGNORE);
        if (!table.isEmpty() && classes.colours().isEmpty() && counts.colours.containsKey(border) && !table.contains(rgb(border))) {
            ignored.add(rgb(border));
        }
        Integer transparent = counts.transparent == 0 ? null : transparent(counts, table, classes, notes);
        return new MaskSurvey(map.isEmpty() ? LabelMap.IGNORE : LabelMap.IGNORE - 1,
            new LabelRules(null, map, table, List.copyOf(ignored), null, null, transparent),
            List.copyOf(notes));
    }

    /** Nobody saw the colour of transparent pixels. Where nothing else is background, they are; else they have no label. */
    private static Integer transparent(Counts counts, List<List<Integer>> table, ClassNames classes, List<String> notes) {
        String first = classes.names().get(0);
        boolean background = first.toLowerCase(Locale.ROOT).equals("background") && !table.isEmpty()
            && !counts.colours.containsKey(code(table.get(0)))
            && !counts.values.containsKey(0);
        notes.add(counts.transparent + " pixels of masks are fully transparent and "
            + (background ? "taken as '" + first + "', because no other pixel is"
                : "ignored")
            + "; 'labels: {transparent: ...}' in dataset.yaml says what they are");
        return background ? 0 : null;
    }

    /** 0 and 255 for two classes are drawn that way by most painting programs. */
    private static Map<Integer, Integer> values(Map<Integer, Long> found, ClassNames classes, List<String> notes) {
        int k = classes.names().size();
        if (k == 2 && found.containsKey(LabelMap.IGNORE) && !found.containsKey(1)
            && found.keySet().stream().allMatch(v -> v == 0 || v == LabelMap.IGNORE)) {
            notes.add("masks have the values 0 and 255; 255 is taken as '" + classes.names().get(1) + "'");
            return Map.of(LabelMap.IGNORE, 1);
        }
        Map<Integer, Long> strange = new LinkedHashMap<>();
        found.keySet().stream().sorted().filter(v -> v >= k && v != LabelMap.IGNORE).forEach(v -> strange.put(v, found.get(v)));
        if (!strange.isEmpty()) {
            throw HierVlException.data("masks have values that stand for no class: " + list(strange, Object::toString) + "; the " + k
                + " classes are 0 to " + (k - 1) + ", 255 is ignored" + (strange.size() == 1 && strange.containsKey(k)
                    ? ". If classes are counted from 1, put the name of what 0 means (such as background) first" : k == 2
                        && strange.size() > SOFT
                            ? ". Masks with soft edges have to be made black and white first (above 127 is white)" : ""));
        }
        if (found.containsKey(LabelMap.IGNORE)) {
            notes.add("pixels with the value 255 are ignored");
        }
        return Map.of();
    }

    private static List<List<Integer>> colours(Map<Integer, Long> found, ClassNames classes, boolean transparent, List<String> notes) {
        int k = classes.names().size();
        if (!classes.colours().isEmpty()) {
            Map<Integer, Long> strange = new LinkedHashMap<>(found);
            classes.colours().forEach(c -> strange.remove(code(c)));
            classes.ignoreColours().forEach(c -> strange.remove(code(c)));
            if (!strange.isEmpty()) {
                throw HierVlException.data("masks have colours that no class names: " + list(strange, MaskSurvey::text)
                    + "; add them to the classes, or as 'ignore R G B' for pixels without a label."
                    + " If masks are palette files whose indices are right,"
                    + " give class names without colours");
            }
            return classes.colours();
        }
        if (k == 2 && found.keySet().stream().allMatch(c -> c == BLACK || c == WHITE)) {
            notes.add("masks are black and white pictures; white is taken as '" + classes.names().get(1) + "'");
            return List.of(rgb(BLACK), rgb(WHITE));
        }
        if (k == 2 && transparent && found.size() == 1) {
            int only = found.keySet().iterator().next();
            notes.add("masks have one colour on a transparent ground; it is taken as '" + classes.names().get(1) + "'");
            return List.of(rgb(only == BLACK ? WHITE : BLACK), rgb(only));
        }
        if (found.keySet().stream().allMatch(c -> c == WHITE || c % 0x010101 == 0 && c / 0x010101 < k)) {
            notes.add("masks store class indices as grey colours" + (found.containsKey(WHITE) ? "; white is ignored" : ""));
            return IntStream.range(0, k).mapToObj(i -> List.of(i, i, i)).toList();
        }
        List<List<Integer>> voc = Palette.voc().colours(k);
        int border = Palette.voc().colour(LabelMap.IGNORE);
        if (found.keySet().stream().allMatch(c -> c == border || voc.contains(rgb(c)))) {
            notes.add("masks have the colours of Pascal VOC's palette, which stand for the classes in their order");
            return voc;
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
        String shown = counts.entrySet().stream()
            .sorted(Map.Entry.<Integer, Long>comparingByValue(Comparator.reverseOrder()).thenComparing(Map.Entry.comparingByKey()))
            .limit(SHOWN).map(e -> String.format(Locale.ROOT, "%s (%d pixels)", name.apply(e.getKey()), e.getValue()))
            .collect(Collectors.joining(", "));
        return shown + (counts.size() > SHOWN ? " and " + (counts.size() - SHOWN) + " more" : "");
    }
}
