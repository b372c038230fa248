package io.hiervl.config;

import io.hiervl.PublicApi;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * A data set as {@code dataset.yaml} describes it. Safe for several threads.
 *
 * @param name     for tables and reports
 * @param meanings what the classes are called and what is known about them
 * @param masks    how values of masks become classes, and their colours
 * @param layout   where lists and files lie
 * @param photos   how photo files become pixels; null: upright, and white is the largest number of their type
 */
@PublicApi
public record DatasetSpec(String name, @Group Meanings meanings, @Group Masks masks, @Group Layout layout, @Nullable PhotoRules photos) {

    /** The lists a data set can have. */
    public static final List<String> ROLES = List.of("labeled", "unlabeled", "val");

    /**
     * The classes.
     *
     * @param classes         names in index order, 2 to 255
     * @param concepts        per class the texts that describe it to CLIP; null: the class names
     * @param backgroundFirst class 0 is the background; null: if it is called so
     * @param things          classes with countable objects; null: all but the background
     * @param spellings       other spellings of class names, by the name of the spelling; null: none
     * @param spelling        the spelling to use; afterwards null, the classes carry their new names
     */
    public record Meanings(List<String> classes, @Nullable Map<String, List<String>> concepts, @Nullable Boolean backgroundFirst,
        @Nullable List<String> things, @Nullable Map<String, Map<String, String>> spellings, @Nullable String spelling) {
        public Meanings {
            spellings = spellings == null ? Map.of() : Map.copyOf(spellings);
            List<String> own = classes;
            spellings.forEach((key, words) -> words.keySet()
                .forEach(c -> Check.that(own.contains(c), "spellings." + key + " names '" + c + "', which is not among the classes")));
            if (spelling != null) {
                Check.that(spellings.containsKey(spelling),
                    "there is no spelling '" + spelling + "'" + NearMatches.hint(spelling, spellings.keySet()));
                Map<String, String> words = spellings.get(spelling);
                classes = respelt(classes, words);
                things = things == null ? null : respelt(things, words);
                concepts = concepts == null ? null : respelt(concepts, words);
                spellings = Map.of();
                spelling = null;
            }
            classes = List.copyOf(classes);
            Set<String> names = requireNames(classes);
            concepts = concepts == null ? Map.of() : Map.copyOf(concepts);
            concepts.forEach((c, texts) -> {
                Check.that(names.contains(c), "concepts names '" + c + "', which is not among the classes");
                Check.that(!texts.isEmpty(), "concepts has no text for '" + c + "'");
            });
            backgroundFirst = backgroundFirst == null ? classes.get(0).toLowerCase(Locale.ROOT).equals("background") : backgroundFirst;
            things = things == null ? classes.subList(backgroundFirst ? 1 : 0, classes.size()) : List.copyOf(things);
            things.forEach(c -> Check.that(names.contains(c), "things names '" + c + "', which is not among the classes"));
        }

        private static Set<String> requireNames(List<String> classes) {
            Check.that(classes.size() >= 2 && classes.size() <= 255, "classes has " + classes.size() + " names, it must have 2 to 255");
            Set<String> names = new HashSet<>();
            for (String c : classes) {
                Check.that(!c.isBlank(), "classes contains an empty name");
                Check.that(names.add(c), "classes names '" + c + "' twice");
            }
            return names;
        }

        private static List<String> respelt(List<String> names, Map<String, String> words) {
            return names.stream().map(n -> words.getOrDefault(n, n)).toList();
        }

        private static Map<String, List<String>> respelt(Map<String, List<String>> byName, Map<String, String> words) {
            Map<String, List<String>> out = new LinkedHashMap<>();
            byName.forEach((name, texts) -> out.put(words.getOrDefault(name, name), texts));
            return out;
        }
    }

    /**
     * Label maps.
     *
     * @param ignore  value of pixels without a label; null: 255
     * @param labels  how mask values become class indices; null: they are class indices
     * @param palette colours [r, g, b] of classes in pictures; null: those of {@code labels}, else VOC's
     */
    public record Masks(@Nullable Integer ignore, @Nullable LabelRules labels, @Nullable List<List<Integer>> palette) {
        public Masks {
            ignore = ignore == null ? 255 : ignore;
            labels = labels == null ? LabelRules.PLAIN : labels;
            palette = palette == null ? List.of() : List.copyOf(palette);
            Check.that(palette.size() <= 256, "palette has " + palette.size() + " colours, at most 256 are possible");
            checkColours("palette", palette);
        }

        /** Fails where a rule leads to a class that does not exist. */
        void requireClasses(int count) {
            Check.range("ignore", ignore, count, 255);
            checkTargets("labels.map", labels.map(), count);
            labels.variants().forEach(v -> checkTargets("labels.variants: " + v.suffix(), v.map(), count));
            Check.that(labels.colours().isEmpty() || labels.colours().size() == count,
                "labels.colours has " + labels.colours().size() + " colours for " + count + " classes");
            Check.that(labels.transparent() == null || labels.transparent() < count || labels.transparent().equals(ignore),
                "labels.transparent is " + labels.transparent() + ", neither one of the " + count + " classes nor the ignore value "
                    + ignore);
        }

        private void checkTargets(String key, Map<Integer, Integer> map, int classes) {
            map.values().forEach(v -> Check.that(v < classes || v.equals(ignore),
                key + " leads to " + v + ", neither one of the " + classes + " classes nor the ignore value " + ignore));
        }
    }

    /**
     * Places.
     *
     * @param lists paths, relative to the folder, of the lists {@code labeled}, {@code unlabeled} and {@code val};
     *              null: labeled.txt, unlabeled.txt, val.txt
     * @param files where photos, masks and annotations lie; null: where the lists say
     */
    public record Layout(@Nullable Map<String, String> lists, @Nullable FileRules files) {
        public Layout {
            lists = lists == null ? Map.of("labeled", "labeled.txt", "unlabeled", "unlabeled.txt", "val", "val.txt") : Map.copyOf(lists);
            lists.keySet()
                .forEach(k -> Check.that(ROLES.contains(k), "lists has the key '" + k + "', known are " + String.join(", ", ROLES)));
            lists.forEach((role, path) -> Check.inside("lists." + role, path));
            files = files == null ? FileRules.PLAIN : files;
        }
    }

    public DatasetSpec {
        Check.inside("name", name); // published split lists lie in a folder of this name
        masks.requireClasses(meanings.classes().size());
        photos = photos == null ? PhotoRules.PLAIN : photos;
    }

    /** A description with nothing but a name and classes. */
    public static DatasetSpec of(String name, List<String> classes) {
        return new DatasetSpec(name, new Meanings(classes, null, null, null, null, null), new Masks(null, null, null),
            new Layout(null, null), null);
    }

    /** Class names in index order. */
    public List<String> classes() {
        return meanings.classes();
    }

    /** The texts that describe classes to CLIP, without those that are described by their name. */
    public Map<String, List<String>> concepts() {
        return meanings.concepts();
    }

    /** Whether class 0 is the background. */
    public boolean backgroundFirst() {
        return meanings.backgroundFirst();
    }

    /** Classes with countable objects. */
    public List<String> things() {
        return meanings.things();
    }

    /** Value of pixels without a label. */
    public int ignore() {
        return masks.ignore();
    }

    /** How mask values become class indices. */
    public LabelRules labels() {
        return masks.labels();
    }

    /** Paths of the lists by role. */
    public Map<String, String> lists() {
        return layout.lists();
    }

    /** Where photos, masks and annotations lie. */
    public FileRules files() {
        return layout.files();
    }

    /** The texts that describe a class to CLIP. */
    public List<String> conceptsOf(int index) {
        String c = classes().get(index);
        return concepts().getOrDefault(c, List.of(c));
    }

    /** Colours [r, g, b] of the classes in pictures: the palette, else the colours of RGB masks; empty: VOC's. */
    public List<List<Integer>> pictureColours() {
        return masks.palette().isEmpty() ? labels().colours() : masks.palette();
    }

    static void checkColours(String key, List<List<Integer>> colours) {
        for (List<Integer> c : colours) {
            Check.that(c.size() == 3 && c.stream().allMatch(v -> v >= 0 && v <= 255),
                key + " has the colour " + c + ", expected [r, g, b] of 0 to 255");
        }
    }
}
