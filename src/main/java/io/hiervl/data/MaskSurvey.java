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
import java.util.Set;
import java.util.TreeMap;
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
 * @param shares of the pixels of all masks by what they show, the classes first
 */
public record MaskSurvey(int ignore, LabelRules labels, List<String> notes, Map<String, Double> shares) {
    private static final String IGNORED = "ignored: ";
    private static final int SHOWN = 12;
    private static final int SOFT = 20;
    private static final int FEW = 5;
    private static final int BLACK = 0;
    private static final int WHITE = 0xFFFFFF;

    /** What all masks hold together. */
    private static final class Counts {
        private final Map<Integer, Long> values = new HashMap<>();
        private final Map<Integer, Long> colours = new HashMap<>();
        private long transparent;
        private String ones;
        private String whites;
        private boolean both;

        synchronized void add(MaskFile file, boolean byColour, boolean byGrey) {
            boolean coloured = file.storesColours() || byColour && (byGrey || !file.palette().isEmpty());
            if (coloured) {
                file.colourCounts().forEach((c, n) -> colours.merge(c, n, Long::sum));
                transparent += file.transparentPixels();
            } else {
                long[] counts = file.histogram();
                IntStream.range(0, 256).filter(v -> counts[v] > 0).forEach(v -> values.merge(v, counts[v], Long::sum));
                boolean other = IntStream.range(2, LabelMap.IGNORE).anyMatch(v -> counts[v] > 0);
                both |= counts[1] > 0 && counts[LabelMap.IGNORE] > 0;
                ones = !other && counts[1] > 0 && counts[LabelMap.IGNORE] == 0 ? file.name() : ones;
                whites = !other && counts[1] == 0 && counts[0] > 0 && counts[LabelMap.IGNORE] > 0 ? file.name() : whites;
            }
        }

        /** Refuses masks of two painters: where 255 stands for pixels without a label, some mask has it beside an object. */
        void requireOneWay(Set<Integer> ignored) {
            boolean mixed = values.keySet().stream().allMatch(v -> v < 2 || v == LabelMap.IGNORE) && !ignored.contains(LabelMap.IGNORE);
            if (mixed && !both && ones != null && whites != null) {
                throw HierVlException.data("the object is 1 in some masks, such as " + ones + ", and 255 in others, such as " + whites
                    + "; store all in one way. If 255 means 'no label', add --ignore 255");
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
        return of(masks, classes, Set.of(), progress);
    }

    /**
     * Reads every mask.
     *
     * @param ignored values of pixels without a label; classes of these indices are left out of the data set
     */
    static MaskSurvey of(List<Path> masks, ClassNames all, Set<Integer> ignored, Progress progress) {
        ClassNames classes = all.without(ignored);
        Counts counts = new Counts();
        boolean byColour = !classes.colours().isEmpty();
        boolean byGrey = classes.colours().stream().allMatch(c -> Set.copyOf(c).size() == 1);
        PaletteGuard guard = new PaletteGuard(!byColour);
        AtomicInteger done = new AtomicInteger();
        masks.parallelStream().forEach(mask -> {
            MaskFile file = MaskFile.decode(Images.readBytes(mask), mask.toString(), Images.MAX_PIXELS);
            counts.add(file, byColour, byGrey);
            if (!file.storesColours()) {
                guard.require(file.shownPalette(), mask.toString());
            }
            progress.update(done.incrementAndGet(), masks.size(), mask.getFileName().toString());
        });
        if (classes.names().size() == 2) {
            counts.requireOneWay(ignored);
        }
        List<String> notes = new ArrayList<>();
        Map<Integer, Integer> map = values(counts.values, all.names().size(), classes, ignored, notes);
        if (!ignored.isEmpty() && counts.values.isEmpty()) {
            notes.add("the masks store colours, so that the values to ignore mean nothing; name a colour 'ignore R G B' with the classes");
        }
        List<List<Integer>> table = counts.colours.isEmpty() ? List.of() : colours(counts.colours, classes, counts.transparent > 0, notes);
        List<List<Integer>> colours = new ArrayList<>(classes.ignoreColours());
        if (!table.isEmpty() && classes.colours().isEmpty() && counts.colours.containsKey(WHITE) && !table.contains(rgb(WHITE))) {
            colours.add(rgb(WHITE));
        }
        int border = Palette.voc().colour(LabelMap.IGNORE);
        if (!table.isEmpty() && classes.colours().isEmpty() && counts.colours.containsKey(border) && !table.contains(rgb(border))) {
            colours.add(rgb(border));
        }
        Integer transparent = counts.transparent == 0 ? null : transparent(counts, table, classes, notes);
        int value = map.getOrDefault(LabelMap.IGNORE, LabelMap.IGNORE) == LabelMap.IGNORE ? LabelMap.IGNORE : LabelMap.IGNORE - 1;
        LabelRules labels = new LabelRules(null, map, table, List.copyOf(colours), null, null, transparent);
        return new MaskSurvey(value, labels, List.copyOf(notes), shares(counts, classes, map, table));
    }

    /** Pixels of every class, of every ignored value or colour, and transparent ones, as shares of all. */
    private static Map<String, Double> shares(Counts counts, ClassNames classes, Map<Integer, Integer> map, List<List<Integer>> table) {
        Map<String, Double> pixels = new LinkedHashMap<>();
        classes.names().forEach(n -> pixels.put(n, 0.0));
        counts.values.forEach((v, n) -> {
            int c = map.getOrDefault(v, v);
            pixels.merge(c < classes.names().size() ? classes.names().get(c) : IGNORED + "value " + v, (double) n, Double::sum);
        });
        counts.colours.forEach((rgb, n) -> {
            int c = table.indexOf(rgb(rgb));
            pixels.merge(c >= 0 ? classes.names().get(c) : IGNORED + "colour " + text(rgb), (double) n, Double::sum);
        });
        if (counts.transparent > 0) {
            pixels.put("transparent", (double) counts.transparent);
        }
        double sum = Math.max(1, pixels.values().stream().mapToDouble(Double::doubleValue).sum());
        pixels.replaceAll((what, n) -> n / sum);
        return pixels;
    }

    /** Lines of {@link #shares} for the user. */
    public List<String> lines() {
        return shares.entrySet().stream().map(e -> String.format(Locale.ROOT, "%-28s %6.2f %% of the labelled pixels", e.getKey(),
            100 * e.getValue())).toList();
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

    /**
     * Values that do not stand for the class of their index. 0 and 255 for two classes are drawn by most painting programs.
     *
     * @param named number of names that the user gave, those of ignored values included
     */
    private static Map<Integer, Integer> values(Map<Integer, Long> found, int named, ClassNames classes, Set<Integer> ignored,
                                                List<String> notes) {
        int k = classes.names().size();
        if (k == 2 && !ignored.contains(LabelMap.IGNORE) && found.containsKey(LabelMap.IGNORE) && !found.containsKey(1)
            && found.keySet().stream().allMatch(v -> v == 0 || v == LabelMap.IGNORE || ignored.contains(v))) {
            notes.add("masks have the values 0 and 255; 255 is taken as '" + classes.names().get(1) + "'");
            Map<Integer, Integer> map = new TreeMap<>(Map.of(LabelMap.IGNORE, 1));
            ignored.forEach(v -> map.put(v, LabelMap.IGNORE - 1));
            return map;
        }
        Map<Integer, Long> strange = new LinkedHashMap<>();
        found.keySet().stream().sorted().filter(v -> v >= named && v != LabelMap.IGNORE && !ignored.contains(v))
            .forEach(v -> strange.put(v, found.get(v)));
        if (!strange.isEmpty()) {
            throw HierVlException.data("masks have values that stand for no class: " + list(strange, Object::toString) + "; the " + k
                + " classes are 0 to " + (k - 1) + ", 255 is ignored" + advice(strange, k));
        }
        if (found.containsKey(LabelMap.IGNORE)) {
            notes.add("pixels with the value 255 are ignored");
        }
        List<Integer> absent = ignored.stream().filter(v -> !found.containsKey(v)).sorted().toList();
        if (!absent.isEmpty()) {
            notes.add("no mask has the values to ignore " + absent);
        }
        Map<Integer, Integer> map = new TreeMap<>();
        int next = 0;
        for (int v = 0; v < Math.max(named, 256); v++) {
            if (ignored.contains(v)) {
                if (v != LabelMap.IGNORE) {
                    map.put(v, LabelMap.IGNORE);
                }
            } else if (v < named) {
                if (v != next) {
                    map.put(v, next);
                }
                next++;
            }
        }
        return map;
    }

    private static String advice(Map<Integer, Long> strange, int k) {
        int largest = strange.keySet().stream().mapToInt(Integer::intValue).max().orElse(0);
        if (k == 2 && strange.size() > 1 && largest > SOFT) {
            return ". Masks with soft edges have to be made black and white first (above 127 is white)";
        }
        String values = strange.keySet().stream().map(String::valueOf).collect(Collectors.joining(","));
        String grey = String.valueOf(strange.keySet().iterator().next());
        return (largest > SOFT && strange.size() < k
            ? ". If they are the grey values of classes, give every class its own in the class list,"
                + " as 'cat " + grey + " " + grey + " " + grey + "'"
            : "")
            + (strange.size() <= FEW ? ". If they mean 'no label', add --ignore " + values : "") + (strange.size() == 1 && largest == k
                ? ". If classes are counted from 1, put the name of what 0 means (such as background) first" : "");
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
        if (k == 2 && transparent && found.size() == 1) {
            int only = found.keySet().iterator().next();
            notes.add("masks have one colour on a transparent ground; it is taken as '" + classes.names().get(1) + "'");
            return List.of(rgb(only == BLACK ? WHITE : BLACK), rgb(only));
        }
        if (k == 2 && found.keySet().stream().allMatch(c -> c == BLACK || c == WHITE)) {
            notes.add("masks are black and white pictures; white is taken as '" + classes.names().get(1) + "'");
            return List.of(rgb(BLACK), rgb(WHITE));
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
