package io.hiervl.data;

import io.hiervl.HierVlException;
import io.hiervl.image.LabelMap;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Class names in index order, with the colours that stand for them in RGB masks.
 *
 * @param names         two or more
 * @param colours       one [r, g, b] for each name, or empty
 * @param ignoreColours colours of pixels without a label
 */
public record ClassNames(List<String> names, List<List<Integer>> colours, List<List<Integer>> ignoreColours) {
    /** A colour or the value 255 with one of these names stands for no class. */
    private static final Set<String> NOTHING = Set.of("ignore", "ignored", "void", "unlabeled", "unlabelled");
    /** What labelme calls the value -1 and the value 0. */
    private static final String LABELME_IGNORE = "__ignore__";
    private static final String LABELME_BACKGROUND = "_background_";
    private static final String BACKGROUND = "background";
    /** "ignore 11", "void: 11", "ignore_index 255". */
    private static final Pattern RULE =
        Pattern.compile("(?i)(ignored?|ignore[_ -]?(index|label|value)|void|unlabell?ed)\\s*[=:>-]*\\s*\\d+(\\s*,?\\s*\\d+)*");
    private static final Pattern SENTENCE = Pattern.compile("(?i)\\d+(\\s*,?\\s*\\d+)*\\s+(is|are|means?)\\s+(ignored?|void|unlabell?ed)");

    /**
     * Reads one class a line: {@code cat}, {@code 1: cat}, {@code cat 64 0 0}, {@code cat (64, 0, 0)}, {@code cat #400000},
     * {@code 64 0 0 cat}, or a table with a header. A single class gets "background" in front of it. A colour named ignore, void or
     * unlabeled marks pixels without a label.
     *
     * @param source how messages call the text
     * @throws HierVlException no list of names, with the line
     */
    public static ClassNames parse(List<String> lines, String source) {
        return of(ClassText.read(lines, source), source);
    }

    /** Whether tools, or what reads their files, take a label of this name for "no class" or for the background. */
    public static boolean meansNothing(String name) {
        return NOTHING.contains(name.toLowerCase(Locale.ROOT)) || name.equals(LABELME_IGNORE) || name.equals(LABELME_BACKGROUND);
    }

    /**
     * The classes without those of some indices.
     *
     * @throws HierVlException fewer than two are left
     */
    ClassNames without(Set<Integer> indices) {
        List<Integer> kept = IntStream.range(0, names.size()).filter(i -> !indices.contains(i)).boxed().toList();
        if (kept.size() == names.size()) {
            return this;
        }
        if (kept.size() < 2) {
            throw HierVlException.usage("of the classes " + String.join(", ", names) + " the ignored ones leave " + kept.size()
                + "; at least two are needed");
        }
        return new ClassNames(kept.stream().map(names::get).toList(),
            colours.isEmpty() ? colours : kept.stream().map(colours::get).toList(),
            ignoreColours);
    }

    /** Puts entries into the order of their indices and takes those apart that stand for no class. */
    static ClassNames of(List<ClassEntry> entries, String source) {
        List<ClassEntry> classes = new ArrayList<>();
        List<List<Integer>> ignored = new ArrayList<>();
        for (ClassEntry e : entries) {
            refuseRule(e.name(), RULE, e.where());
            boolean nothing = NOTHING.contains(e.name().toLowerCase(Locale.ROOT));
            boolean outside = e.index() != null && (e.index() < 0 || e.index() == LabelMap.IGNORE);
            if (e.name().equals(LABELME_IGNORE) || outside && (nothing || e.index() < 0) || nothing && e.colour() != null
                && !isIndexed(e, entries)) {
                if (e.colour() != null) {
                    ignored.add(e.colour());
                }
                continue;
            }
            classes.add(e.name().equals(LABELME_BACKGROUND) ? new ClassEntry(BACKGROUND, e.index(), e.colour(), e.where()) : e);
        }
        if (classes.isEmpty()) {
            throw HierVlException.usage(source + " names no class");
        }
        if (classes.size() > LabelMap.MOST_CLASSES) {
            throw HierVlException
                .data(source + " names " + classes.size() + " classes, at most " + LabelMap.MOST_CLASSES + " are possible");
        }
        return named(ordered(classes, source), ignored, source);
    }

    /** Refuses a line that says in a sentence what is ignored. */
    static void refuseSentence(String line, String where) {
        refuseRule(line, SENTENCE, where);
    }

    private static void refuseRule(String text, Pattern rule, String where) {
        if (rule.matcher(text).matches()) {
            throw HierVlException.data(where + ": '" + text + "' reads like a rule and not like a class; leave it out of the list and "
                + "give 'data init' the option --ignore " + text.replaceAll("\\D+", " ").strip().replace(' ', ','));
        }
    }

    /** With an index of its own among the classes, "void" is a class like others. */
    private static boolean isIndexed(ClassEntry entry, List<ClassEntry> all) {
        return entry.index() != null && entry.index() >= 0 && entry.index() < all.size() - 1;
    }

    private static List<ClassEntry> ordered(List<ClassEntry> classes, String source) {
        long indexed = classes.stream().filter(e -> e.index() != null).count();
        if (indexed == 0) {
            return classes;
        }
        Map<Integer, ClassEntry> byIndex = new HashMap<>();
        for (ClassEntry e : classes) {
            if (e.index() == null) {
                throw HierVlException.data(e.where() + ": '" + e.name() + "' has no index, other classes have one");
            }
            ClassEntry other = byIndex.put(e.index(), e);
            if (other != null) {
                throw HierVlException.data(e.where() + ": the index " + e.index() + " is given to '" + other.name() + "' and '" + e.name()
                    + "'");
            }
        }
        for (int i = 0; i < classes.size(); i++) {
            if (!byIndex.containsKey(i)) {
                throw HierVlException.data(source + ": no class has the index " + i + "; the " + classes.size()
                    + " classes must have the indices 0 to "
                    + (classes.size() - 1) + (i == 0 ? ". Name what 0 means, such as background" : ""));
            }
        }
        return classes.stream().sorted(Comparator.comparing(ClassEntry::index)).toList();
    }

    private static ClassNames named(List<ClassEntry> classes, List<List<Integer>> ignored, String source) {
        List<String> names = new ArrayList<>();
        List<List<Integer>> colours = new ArrayList<>();
        for (ClassEntry e : classes) {
            if (names.contains(e.name())) {
                throw HierVlException.data(e.where() + ": the class '" + e.name() + "' is named twice");
            }
            names.stream().filter(n -> n.equalsIgnoreCase(e.name())).findFirst().ifPresent(n -> {
                throw HierVlException.data(e.where() + ": the classes '" + n + "' and '" + e.name()
                    + "' differ in case alone, which CLIP does not see; rename one of them");
            });
            names.add(e.name());
            if (e.colour() != null) {
                if (colours.contains(e.colour())) {
                    throw HierVlException.data(e.where() + ": '" + e.name() + "' has the colour " + e.colour() + " of '"
                        + names.get(colours.indexOf(e.colour())) + "'");
                }
                colours.add(e.colour());
            }
        }
        if (!colours.isEmpty() && colours.size() != names.size()) {
            throw HierVlException
                .data(source + ": " + colours.size() + " of " + names.size() + " classes have a colour; give all of them one, or none");
        }
        if (names.size() == 1) {
            names.add(0, BACKGROUND);
            if (!colours.isEmpty()) {
                colours.add(0, List.of(0, 0, 0));
            }
        }
        return new ClassNames(List.copyOf(names), List.copyOf(colours), List.copyOf(ignored));
    }
}
