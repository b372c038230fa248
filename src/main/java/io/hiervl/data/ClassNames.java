package io.hiervl.data;

import io.hiervl.HierVlException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Class names in index order, with the colours that stand for them in RGB masks.
 *
 * @param names         two or more
 * @param colours       one [r, g, b] for each name, or empty
 * @param ignoreColours colours of pixels without a label
 */
public record ClassNames(List<String> names, List<List<Integer>> colours, List<List<Integer>> ignoreColours) {
    private static final String NUMBER = "(\\d{1,3})";
    private static final String GAP = "[\\s,;:]+";
    private static final Pattern NAME_FIRST = Pattern.compile("(.+?)" + GAP + NUMBER + GAP + NUMBER + GAP + NUMBER);
    private static final Pattern COLOUR_FIRST = Pattern.compile(NUMBER + GAP + NUMBER + GAP + NUMBER + GAP + "(.+)");
    private static final Pattern HEX = Pattern.compile("(.+?)" + GAP + "#([0-9a-fA-F]{6})");
    private static final Pattern HEADER = Pattern.compile("(name|class|label)" + GAP + "r(ed)?" + GAP + "g(reen)?" + GAP + "b(lue)?");
    /** A colour with one of these names stands for no class. */
    private static final Set<String> NOTHING = Set.of("ignore", "void", "unlabeled", "unlabelled");

    private record Line(String name, List<Integer> colour) {
    }

    /**
     * Reads one class a line: {@code cat}, {@code cat 64 0 0}, {@code cat #400000} or {@code 64 0 0 cat}. A single class
     * gets "background" in front of it. A colour named ignore, void or unlabeled marks pixels without a label.
     *
     * @param source how messages call the text
     */
    public static ClassNames parse(List<String> lines, String source) {
        List<String> names = new ArrayList<>();
        List<List<Integer>> colours = new ArrayList<>();
        List<List<Integer>> ignored = new ArrayList<>();
        int number = 0;
        for (String text : lines) {
            number++;
            String entry = text.replace("\uFEFF", "").strip();
            if (entry.isEmpty() || HEADER.matcher(entry.toLowerCase(Locale.ROOT)).matches()) {
                continue;
            }
            Line line = line(entry, source + ":" + number);
            if (line.colour != null && NOTHING.contains(line.name.toLowerCase(Locale.ROOT))) {
                ignored.add(line.colour);
                continue;
            }
            names.add(line.name);
            if (line.colour != null) {
                colours.add(line.colour);
            }
        }
        if (names.isEmpty()) {
            throw HierVlException.usage(source + " names no class");
        }
        if (!colours.isEmpty() && colours.size() != names.size()) {
            throw HierVlException.data(source + ": " + colours.size() + " of " + names.size() + " classes have a colour; give all of them one, or none");
        }
        if (names.size() == 1) {
            names.add(0, "background");
            if (!colours.isEmpty()) {
                colours.add(0, List.of(0, 0, 0));
            }
        }
        return new ClassNames(List.copyOf(names), List.copyOf(colours), List.copyOf(ignored));
    }

    private static Line line(String entry, String where) {
        Matcher hex = HEX.matcher(entry);
        if (hex.matches()) {
            int rgb = Integer.parseInt(hex.group(2), 16);
            return new Line(hex.group(1), List.of(rgb >> 16, rgb >> 8 & 255, rgb & 255));
        }
        Matcher after = NAME_FIRST.matcher(entry);
        if (after.matches()) {
            return new Line(after.group(1), colour(after, 2, where));
        }
        Matcher before = COLOUR_FIRST.matcher(entry);
        return before.matches() ? new Line(before.group(4), colour(before, 1, where)) : new Line(entry, null);
    }

    private static List<Integer> colour(Matcher m, int from, String where) {
        List<Integer> colour = List.of(Integer.parseInt(m.group(from)), Integer.parseInt(m.group(from + 1)), Integer.parseInt(m.group(from + 2)));
        if (colour.stream().anyMatch(v -> v > 255)) {
            throw HierVlException.data(where + ": the colour " + colour + " has a value above 255");
        }
        return colour;
    }
}
