package io.hiervl.data;

import io.hiervl.HierVlException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One class of a list, before the list is known to be complete.
 *
 * @param name   as written
 * @param index  that stands beside it, null if none
 * @param colour [r, g, b], null if none
 * @param where  file and line, or file and key, for messages
 */
record ClassEntry(String name, Integer index, List<Integer> colour, String where) {
    private static final int LONGEST = 80;
    private static final Pattern ODD = Pattern.compile("[{}\\[\\]<>\"\\\\=|\\p{Cntrl}]|://");
    private static final Pattern HEX = Pattern.compile("#?([0-9a-fA-F]{6})([0-9a-fA-F]{2})?");

    /** Nobody sees them; some turn the letters behind them around, in messages and tables too. */
    private static final String UNSEEN = "[\\u200B\\u2060\\uFEFF\\u00AD\\u061C\\u200E\\u200F\\u202A-\\u202E\\u2066-\\u2069]";

    ClassEntry {
        name = name.replaceAll(UNSEEN, "").replaceAll("[\\u00A0\\u202F\\u3000]", " ").strip();
        Matcher odd = ODD.matcher(name);
        if (name.isEmpty() || name.codePoints().noneMatch(Character::isLetterOrDigit)) {
            throw HierVlException.data(where + ": '" + name + "' is no class name; " + expected());
        }
        if (odd.find() || name.length() > LONGEST) {
            throw HierVlException.data(where + ": '" + (name.length() > LONGEST ? name.substring(0, LONGEST) + "..." : name)
                + "' is no class name: "
                + (name.length() > LONGEST ? "it has " + name.length() + " characters" : "it contains '" + odd.group() + "'") + "; "
                + expected());
        }
        if (colour != null && (colour.size() != 3 || colour.stream().anyMatch(v -> v < 0 || v > 255))) {
            throw HierVlException.data(where + ": the colour " + colour + " must be three values of 0 to 255");
        }
    }

    private static String expected() {
        return "expected one class a line, such as 'cat', '1: cat' or 'cat 64 0 0'";
    }

    /** A colour as six hexadecimal digits, with or without '#' and alpha; null if the text is none. */
    static List<Integer> hex(String text) {
        Matcher m = HEX.matcher(text.strip());
        if (!m.matches()) {
            return null;
        }
        int rgb = Integer.parseInt(m.group(1), 16);
        return List.of(rgb >> 16, rgb >> 8 & 255, rgb & 255);
    }
}
