package io.hiervl.data;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * One line of a list. A tab always separates photo and mask. A blank, comma or semicolon separates them unless the files show that it is
 * part of a name.
 */
final class ListLine {
    private static final Pattern HEADER = Pattern.compile("\"?(image|photo|img|filename|file|path)(_?(path|name|file))?\"?[,;\t ]"
        + "\\s*\"?(mask|label|annotation|seg)(_?(path|name|file))?\"?",
        Pattern.CASE_INSENSITIVE);
    private static final Pattern WINDOWS = Pattern.compile("[A-Za-z]:/.*");

    private ListLine() {
    }

    /** Whether a line names the columns, as CSV files begin. */
    static boolean isHeader(String entry) {
        return HEADER.matcher(entry).matches();
    }

    /** Whether commas or semicolons stand in a line. */
    static boolean isSeparated(String entry) {
        return entry.contains(",") || entry.contains(";");
    }

    static boolean isAbsolute(String entry) {
        return entry.startsWith("/") || WINDOWS.matcher(entry.replace('\\', '/')).matches();
    }

    /**
     * Reads a line.
     *
     * @param raw with '/' between folders
     * @throws IllegalArgumentException what is wrong with it
     */
    static Sample read(String raw, Roots roots, int number) {
        String entry = raw.strip();
        List<String> parts = raw.contains("\t") ? split(raw.strip(), "\t+") : parts(entry, roots);
        if (parts.isEmpty() || parts.size() > 2) {
            throw new IllegalArgumentException("expected 'image mask' or 'image', found " + parts.size() + " parts");
        }
        String image = roots.relative(unquoted(parts.get(0)));
        String mask = parts.size() == 2 ? roots.relative(unquoted(parts.get(1))) : null;
        Path photo = roots.resolve(image);
        int invisible = invisible(entry);
        if (invisible >= 0 && !Files.exists(photo)) {
            throw new IllegalArgumentException(String.format(Locale.ROOT, "invisible character U+%04X at position %d",
                (int) entry.charAt(invisible), invisible + 1));
        }
        return new Sample(image, mask, photo, mask == null ? null : roots.resolve(mask), number);
    }

    private static String unquoted(String part) {
        String plain = part.strip();
        return plain.length() > 2 && plain.startsWith("\"") && plain.endsWith("\"") ? plain.substring(1, plain.length() - 1) : plain;
    }

    private static List<String> split(String text, String by) {
        List<String> parts = new ArrayList<>();
        for (String part : text.split(by)) {
            if (!part.isBlank()) {
                parts.add(part.strip());
            }
        }
        return parts;
    }

    private static List<String> parts(String entry, Roots roots) {
        List<String> blanks = split(entry, " +");
        boolean separated = isSeparated(entry);
        if (blanks.size() == 1 && !separated || !separated && blanks.size() == 2 && exists(blanks.get(0), roots)) {
            return blanks;
        }
        // The files decide what is one name.
        if (exists(entry, roots)) {
            return List.of(entry);
        }
        for (int at = 1; at < entry.length() - 1; at++) {
            if (" ,;".indexOf(entry.charAt(at)) >= 0) {
                String first = unquoted(entry.substring(0, at));
                String second = unquoted(entry.substring(at + 1).replaceFirst("^[ ,;]+", ""));
                if (exists(first, roots) && exists(second, roots)) {
                    return List.of(first, second);
                }
            }
        }
        return separated ? split(entry, " *[,;] *") : blanks;
    }

    private static boolean exists(String name, Roots roots) {
        try {
            return Files.exists(roots.resolve(roots.relative(name)));
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** Characters that editors do not show: zero-width ones, no-break blanks, controls. Some names have them on purpose. */
    private static int invisible(String entry) {
        for (int i = 0; i < entry.length(); i++) {
            char c = entry.charAt(i);
            if (Character.isISOControl(c) && c != '\t' || Character.getType(c) == Character.FORMAT || c == '\u00A0' || c == '\u202F') {
                return i;
            }
        }
        return -1;
    }
}
