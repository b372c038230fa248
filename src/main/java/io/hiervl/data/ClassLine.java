package io.hiervl.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One line of a class list as people write it: a name with numbers before and behind it, which are an index, a colour, or both.
 *
 * @param name   what stands between the numbers, with them where they are part of it
 * @param before numbers before the name
 * @param after  numbers behind it
 * @param hex    colour in hexadecimal digits, null if none
 * @param loose  whether only a blank stands between the name and the number behind it
 * @param text   the whole line
 */
record ClassLine(String name, List<Integer> before, List<Integer> after, List<Integer> hex, boolean loose, String text) {
    private static final String GAP = "[\\s,;:]+";
    private static final Pattern BRACKETS = Pattern.compile("[(\\[]\\s*(\\d{1,3})\\s*,\\s*(\\d{1,3})\\s*,\\s*(\\d{1,3})\\s*"
        + "(?:,\\s*\\d{1,3}\\s*)?[)\\]]");
    private static final Pattern PARTS = Pattern.compile("((?:-?\\d{1,3}(?:" + GAP + "|\\s*[.)]\\s+))*)(.*?)((?:" + GAP + "-?\\d{1,3})*)");
    private static final Pattern HEX_BEHIND = Pattern.compile("(.+?)" + GAP + "(#[0-9a-fA-F]{6})");
    private static final Pattern HEX_BEFORE = Pattern.compile("(#[0-9a-fA-F]{6})" + GAP + "(.+)");

    /** @param line without blanks at its ends, no comment */
    static ClassLine of(String line) {
        String plain = BRACKETS.matcher(unquoted(line)).replaceAll(" $1 $2 $3").replaceAll("[\\s,;:]+$", "").strip();
        List<Integer> hex = null;
        Matcher behind = HEX_BEHIND.matcher(plain);
        Matcher before = HEX_BEFORE.matcher(plain);
        if (behind.matches()) {
            hex = ClassEntry.hex(behind.group(2));
            plain = behind.group(1);
        } else if (before.matches()) {
            hex = ClassEntry.hex(before.group(1));
            plain = before.group(2);
        }
        Matcher m = PARTS.matcher(plain);
        if (!m.matches() || m.group(2).isBlank()) {
            return new ClassLine(plain, List.of(), List.of(), hex, false, plain);
        }
        return new ClassLine(m.group(2).strip(), numbers(m.group(1)), numbers(m.group(3)), hex, m.group(3).matches("\\s+-?\\d+"), plain);
    }

    /** Quotes around cells are those of CSV files and Python lists. */
    private static String unquoted(String line) {
        return line.replaceAll("(^|[\\s,;:])([\"'])([^\"']*)\\2(?=$|[\\s,;:])", "$1$3");
    }

    private static List<Integer> numbers(String text) {
        List<Integer> out = new ArrayList<>();
        Arrays.stream(text.split("[^\\d-]+")).filter(n -> !n.isEmpty() && !n.equals("-")).forEach(n -> out.add(Integer.parseInt(n)));
        return out;
    }

    /** The colour, if three numbers stand on one side and fit no other reading; null if none. */
    List<Integer> colour() {
        if (hex != null) {
            return hex;
        }
        List<Integer> side = after.size() >= 3 ? after : before;
        return side.size() == 3 ? side : side.size() == 4 ? side.get(3) == 255 ? side.subList(0, 3) : side.subList(1, 4)
            : side.size() == 5 ? side.subList(1, 4) : null;
    }

    /** A number that can only be the index, because it stands beside a colour; null if none. */
    Integer indexBesideColour() {
        if (hex != null) {
            return before.size() == 1 ? before.get(0) : after.size() == 1 ? after.get(0) : null;
        }
        List<Integer> side = after.size() >= 3 ? after : before;
        List<Integer> other = after.size() >= 3 ? before : after;
        return other.size() == 1 ? other.get(0) : side.size() == 5 || side.size() == 4 && side.get(3) != 255 ? side.get(0) : null;
    }
}
