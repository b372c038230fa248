package io.hiervl.data.importing;

import io.hiervl.HierVlException;
import io.hiervl.data.ClassNames;
import io.hiervl.image.LabelMap;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The value of every label in label maps.
 *
 * @param classes class names in index order
 * @param values  label of the tool to class index, or to 255 for "no label"
 */
record LabelTable(List<String> classes, Map<String, Integer> values) {
    private static final String BACKGROUND = "background";
    private static final Set<String> IGNORED = Set.of("__ignore__", "ignore", "void");

    /**
     * Background first, then the labels: in the tool's own order, or sorted where it has none.
     *
     * @param wanted classes of the user, null for all labels
     */
    static LabelTable of(Imported imported, ClassNames wanted, List<String> notes) {
        Map<String, Integer> counts = new LinkedHashMap<>();
        imported.labels().forEach(l -> counts.put(l, 0));
        new TreeSet<>(imported.photos().stream().flatMap(p -> p.marks().stream()).map(Imported.Mark::label).toList())
            .forEach(l -> counts.putIfAbsent(l, 0));
        imported.photos().forEach(p -> p.marks().forEach(m -> counts.merge(m.label(), 1, Integer::sum)));
        List<String> classes = new ArrayList<>(wanted == null ? classes(counts.keySet()) : wanted.names());
        if (classes.size() < 2) {
            List<String> why = notes.stream().filter(n -> n.startsWith("left out")).toList();
            throw HierVlException.data("the export has no label" + (why.isEmpty() ? "" : "; " + String.join("; ", why)));
        }
        if (classes.size() > LabelMap.MOST_CLASSES) {
            throw HierVlException.data("the export has " + classes.size() + " labels, at most " + LabelMap.MOST_CLASSES
                + " are possible; --classes chooses some");
        }
        Map<String, Integer> values = new HashMap<>();
        List<String> unused = new ArrayList<>();
        counts.forEach((label, count) -> {
            int index = index(classes, label);
            if (index >= 0) {
                values.put(label, index);
            } else if (IGNORED.contains(label.toLowerCase(Locale.ROOT))) {
                values.put(label, LabelMap.IGNORE);
                notes.add("pixels with the label '" + label + "' are ignored");
            } else {
                unused.add("'" + label + "' (" + count + ")");
            }
        });
        if (!unused.isEmpty()) {
            notes.add("left out: shapes of labels that are not among the classes: " + String.join(", ", unused));
        }
        if (Collections.disjoint(values.values(), List.of(1)) && values.values().stream().noneMatch(v -> v > 0 && v < LabelMap.IGNORE)) {
            throw HierVlException.data("none of the labels " + counts.keySet() + " is among the classes " + classes);
        }
        return new LabelTable(List.copyOf(classes), values);
    }

    private static Set<String> classes(Set<String> labels) {
        Set<String> classes = new LinkedHashSet<>(List.of(BACKGROUND));
        labels.stream().filter(l -> !IGNORED.contains(l.toLowerCase(Locale.ROOT)) && !isBackground(l)).forEach(l -> classes.add(l.strip()));
        return classes;
    }

    private static boolean isBackground(String label) {
        return label.equals("_background_") || label.equalsIgnoreCase(BACKGROUND);
    }

    private static int index(List<String> classes, String label) {
        if (classes.contains(label.strip())) {
            return classes.indexOf(label.strip());
        }
        for (int i = 0; i < classes.size(); i++) {
            if (folded(classes.get(i)).equals(folded(label)) || isBackground(label) && isBackground(classes.get(i))) {
                return i;
            }
        }
        return -1;
    }

    private static String folded(String name) {
        return name.toLowerCase(Locale.ROOT).replaceAll("[\\s_-]+", " ").strip();
    }

    /** Whether all pixels have the value that no mark gives. */
    boolean isUnmarked(LabelMap drawn) {
        byte nothing = (byte) (isBackground(classes.get(0)) ? 0 : LabelMap.IGNORE);
        for (byte value : drawn.values()) {
            if (value != nothing) {
                return false;
            }
        }
        return true;
    }

    /** The label map of a photo. */
    LabelMap draw(Imported.Labelled photo) {
        byte[] labels = new byte[Math.multiplyExact(photo.width(), photo.height())];
        if (!isBackground(classes.get(0))) {
            java.util.Arrays.fill(labels, (byte) LabelMap.IGNORE);
        }
        for (Imported.Mark mark : photo.marks()) {
            Integer value = values.get(mark.label());
            if (value != null) {
                mark.area().paint(labels, photo.width(), photo.height(), value.byteValue());
            }
        }
        return new LabelMap(labels, photo.width(), photo.height());
    }
}
