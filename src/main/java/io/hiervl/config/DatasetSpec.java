package io.hiervl.config;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * A data set as {@code dataset.yaml} describes it.
 *
 * @param name            for tables and reports
 * @param classes         class names in index order, 2 to 255
 * @param ignore          value of pixels without a label; null: 255
 * @param lists           paths, relative to the folder, of the lists {@code labeled}, {@code unlabeled} and {@code val};
 *                        null: labeled.txt, unlabeled.txt, val.txt
 * @param concepts        per class the texts that describe it to CLIP; null: the class names
 * @param backgroundFirst class 0 is the background; null: if it is called so
 * @param things          classes with countable objects; null: all but the background
 * @param labels          how mask values become class indices; null: they are class indices
 * @param palette         colours [r, g, b] of classes in pictures; null: VOC's
 */
public record DatasetSpec(String name, List<String> classes, @Nullable Integer ignore, @Nullable Map<String, String> lists,
        @Nullable Map<String, List<String>> concepts, @Nullable Boolean backgroundFirst, @Nullable List<String> things,
        @Nullable LabelRules labels, @Nullable List<List<Integer>> palette) {

    /** The lists a data set can have. */
    public static final List<String> ROLES = List.of("labeled", "unlabeled", "val");

    /** Classes alone, everything else as usual. */
    public static DatasetSpec of(String name, List<String> classes) {
        return new DatasetSpec(name, classes, null, null, null, null, null, null, null);
    }

    public DatasetSpec {
        classes = List.copyOf(classes);
        Check.that(classes.size() >= 2 && classes.size() <= 255, "classes has " + classes.size() + " names, it must have 2 to 255");
        Set<String> names = new HashSet<>();
        for (String c : classes) {
            Check.that(!c.isBlank(), "classes contains an empty name");
            Check.that(names.add(c), "classes names '" + c + "' twice");
        }
        ignore = ignore == null ? 255 : ignore;
        Check.range("ignore", ignore, classes.size(), 255);
        lists = lists == null ? Map.of("labeled", "labeled.txt", "unlabeled", "unlabeled.txt", "val", "val.txt") : Map.copyOf(lists);
        lists.keySet().forEach(k -> Check.that(ROLES.contains(k), "lists has the key '" + k + "', known are " + String.join(", ", ROLES)));
        concepts = concepts == null ? Map.of() : Map.copyOf(concepts);
        concepts.forEach((c, texts) -> {
            Check.that(names.contains(c), "concepts names '" + c + "', which is not among the classes");
            Check.that(!texts.isEmpty(), "concepts has no text for '" + c + "'");
        });
        backgroundFirst = backgroundFirst == null ? classes.get(0).toLowerCase(Locale.ROOT).equals("background") : backgroundFirst;
        things = things == null ? classes.subList(backgroundFirst ? 1 : 0, classes.size()) : List.copyOf(things);
        things.forEach(c -> Check.that(names.contains(c), "things names '" + c + "', which is not among the classes"));
        labels = labels == null ? LabelRules.PLAIN : labels;
        int count = classes.size();
        int ignored = ignore;
        labels.map().values().forEach(v -> Check.that(v < count || v == ignored,
            "labels.map leads to " + v + ", neither one of the " + count + " classes nor the ignore value " + ignored));
        Check.that(labels.colours().isEmpty() || labels.colours().size() == classes.size(),
            "labels.colours has " + labels.colours().size() + " colours for " + classes.size() + " classes");
        palette = palette == null ? List.of() : List.copyOf(palette);
        Check.that(palette.size() <= 256, "palette has " + palette.size() + " colours, at most 256 are possible");
        checkColours("palette", palette);
    }

    /** The texts that describe a class to CLIP. */
    public List<String> conceptsOf(int index) {
        String c = classes.get(index);
        return concepts.getOrDefault(c, List.of(c));
    }

    static void checkColours(String key, List<List<Integer>> colours) {
        for (List<Integer> c : colours) {
            Check.that(c.size() == 3 && c.stream().allMatch(v -> v >= 0 && v <= 255), key + " has the colour " + c + ", expected [r, g, b] of 0 to 255");
        }
    }
}
