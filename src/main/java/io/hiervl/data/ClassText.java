package io.hiervl.data;

import io.hiervl.HierVlException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Class lists with one class a line: plain names, with indices, with colours, and tables with a header. */
final class ClassText {
    private static final Pattern COMMENT = Pattern.compile("//.*|#(?![0-9a-fA-F]{6}[\\s,;:]).*");
    /** Behind a name a blank on both sides makes the comment: "cat #400000" has a colour, "C# code" is a name. */
    private static final Pattern COMMENT_BEHIND = Pattern.compile("\\s+(?:#|//)\\s.*$");
    private static final String NAME = "name";
    private static final String INDEX = "index";
    private static final String SKIP = "skip";
    /** What columns are called, in small letters without blanks. */
    private static final Map<String, String> COLUMNS = Map.ofEntries(Map.entry("name", NAME), Map.entry("class", NAME),
        Map.entry("label", NAME),
        Map.entry("classname", NAME), Map.entry("classes", NAME), Map.entry("labels", NAME), Map.entry("category", NAME),
        Map.entry("title", NAME),
        Map.entry("id", INDEX), Map.entry("index", INDEX), Map.entry("value", INDEX), Map.entry("pixelvalue", INDEX),
        Map.entry("classid", INDEX),
        Map.entry("idx", INDEX), Map.entry("r", "r"), Map.entry("red", "r"), Map.entry("g", "g"), Map.entry("green", "g"),
        Map.entry("b", "b"),
        Map.entry("blue", "b"), Map.entry("a", SKIP), Map.entry("alpha", SKIP), Map.entry("color", "hex"), Map.entry("colour", "hex"),
        Map.entry("hex", "hex"), Map.entry("rgb", "hex"), Map.entry("parts", SKIP), Map.entry("actions", SKIP),
        Map.entry("supercategory", SKIP));

    /** A row of CVAT's and datumaro's labelmap.txt: label:color_rgb:parts:actions. The label is any text. */
    private static final Pattern LABEL_MAP = Pattern.compile("(.+):(\\d{1,3}),(\\d{1,3}),(\\d{1,3}):[^:]*:[^:]*");

    private record Numbered(int number, String text) {
    }

    private ClassText() {
    }

    static List<ClassEntry> read(List<String> lines, String source) {
        List<ClassEntry> labelMap = labelMap(lines, source);
        if (!labelMap.isEmpty()) {
            return labelMap;
        }
        List<Numbered> entries = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            String text = COMMENT_BEHIND.matcher(lines.get(i).replace("\uFEFF", "")).replaceFirst("").strip();
            if (!text.isEmpty() && !COMMENT.matcher(text).matches()) {
                entries.add(new Numbered(i + 1, text));
            }
        }
        if (entries.isEmpty()) {
            return List.of();
        }
        if (entries.size() == 1) {
            entries = inOneLine(entries.get(0));
        }
        String separator = separator(entries.get(0).text);
        List<String> header = cells(entries.get(0).text, separator).stream()
            .map(c -> COLUMNS.get(c.toLowerCase(Locale.ROOT).replaceAll("[\\s_-]", ""))).toList();
        boolean table = header.stream().allMatch(c -> c != null) && header.contains(NAME) && (entries.size() > 1 || header.size() > 1);
        return table ? table(entries.subList(1, entries.size()), header, separator, source) : plain(entries, source);
    }

    /** The rows of a labelmap.txt; none if a line is of another form. */
    private static List<ClassEntry> labelMap(List<String> lines, String source) {
        List<ClassEntry> out = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            String text = lines.get(i).replace("\uFEFF", "").strip();
            Matcher row = LABEL_MAP.matcher(text);
            if (row.matches()) {
                String where = source + ":" + (i + 1);
                out.add(new ClassEntry(row.group(1), null, List.of(number(row.group(2), where), number(row.group(3), where),
                    number(row.group(4), where)), where));
            } else if (!text.isEmpty() && !text.startsWith("#")) {
                return List.of();
            }
        }
        return out;
    }

    /** All names in one line, as on the command line: "background,cat,dog". */
    private static List<Numbered> inOneLine(Numbered line) {
        String separator = separator(line.text);
        List<String> cells = cells(line.text, separator);
        boolean names = !separator.equals("\\s+") && cells.size() > 1
            && cells.stream().allMatch(c -> c.codePoints().anyMatch(Character::isLetter) && ClassEntry.hex(c) == null)
            && cells.stream().anyMatch(c -> !COLUMNS.containsKey(c.toLowerCase(Locale.ROOT)));
        return names ? cells.stream().map(c -> new Numbered(line.number, c)).toList() : List.of(line);
    }

    private static String separator(String line) {
        return line.contains("\t") ? "\t" : line.contains(";") ? ";" : line.contains(",") ? "," : "\\s+";
    }

    private static List<String> cells(String line, String separator) {
        List<String> cells = new ArrayList<>();
        for (String cell : line.split(separator + "(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", -1)) {
            String plain = cell.strip();
            cells.add(plain.length() > 1 && plain.startsWith("\"") && plain.endsWith("\"") ? plain.substring(1, plain.length() - 1)
                .replace("\"\"", "\"") : plain);
        }
        return cells;
    }

    private static List<ClassEntry> table(List<Numbered> rows, List<String> header, String separator, String source) {
        List<ClassEntry> out = new ArrayList<>();
        for (Numbered row : rows) {
            String where = source + ":" + row.number;
            List<String> cells = cells(row.text, header.size() == 1 ? "\u0000" : separator);
            if (cells.size() < header.size() && ClassLine.of(row.text).colour() != null) {
                out.add(new ClassEntry(ClassLine.of(row.text).name(), ClassLine.of(row.text).indexBesideColour(), ClassLine.of(row.text)
                    .colour(), where));
                continue;
            }
            if (cells.size() < header.size()) {
                throw HierVlException.data(where + ": '" + row.text + "' has " + cells.size() + " columns, the header names "
                    + header.size());
            }
            List<Integer> colour = null;
            if (header.contains("r") && header.contains("g") && header.contains("b")) {
                colour = List.of(number(cells.get(header.indexOf("r")), where), number(cells.get(header.indexOf("g")), where),
                    number(cells.get(header.indexOf("b")), where));
            } else if (header.contains("hex")) {
                String text = cells.get(header.indexOf("hex"));
                colour = ClassEntry.hex(text);
                if (colour == null) {
                    throw HierVlException.data(where + ": the colour '" + text + "' is not written as #RRGGBB");
                }
            }
            Integer index = header.contains(INDEX) ? Integer.valueOf(number(cells.get(header.indexOf(INDEX)), where)) : null;
            out.add(new ClassEntry(cells.get(header.indexOf(NAME)), index, colour, where));
        }
        return out;
    }

    private static int number(String cell, String where) {
        try {
            return Integer.parseInt(cell);
        } catch (NumberFormatException e) {
            throw HierVlException.data(where + ": expected a number, found '" + cell + "'");
        }
    }

    private static List<ClassEntry> plain(List<Numbered> entries, String source) {
        entries.forEach(e -> ClassNames.refuseSentence(e.text, source + ":" + e.number));
        List<ClassLine> lines = entries.stream().map(e -> ClassLine.of(e.text)).toList();
        boolean leading = lines.stream().anyMatch(l -> l.before().size() == 1 && l.colour() == null);
        boolean trailing = !leading && lines.stream().allMatch(l -> l.after().size() == 1 && l.colour() == null)
            && (lines.stream().noneMatch(ClassLine::loose) || inOrder(lines));
        List<ClassEntry> out = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            ClassLine line = lines.get(i);
            String where = source + ":" + entries.get(i).number;
            List<Integer> colour = line.colour();
            if (leading && line.before().isEmpty()) {
                throw HierVlException.data(where + ": '" + line.text() + "' has no index before its name, other lines have one");
            }
            if (colour != null) {
                out.add(new ClassEntry(line.name(), line.indexBesideColour(), colour, where));
            } else if (leading && line.before().size() == 1) {
                out.add(new ClassEntry(line.after().isEmpty() ? line.name() : line.text().replaceFirst("^-?\\d+[\\s,;:.)]+", ""),
                    line.before().get(0), null, where));
            } else if (trailing) {
                out.add(new ClassEntry(line.name(), line.after().get(0), null, where));
            } else {
                out.add(new ClassEntry(line.text(), null, null, where));
            }
        }
        return out;
    }

    /** "route 66" is a name; "cat 0", "dog 1", ... are indices. */
    private static boolean inOrder(List<ClassLine> lines) {
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).after().get(0) != i) {
                return false;
            }
        }
        return lines.size() > 1;
    }
}
