package io.hiervl.data;

import io.hiervl.AtomicFile;
import io.hiervl.Folders;
import io.hiervl.HierVlException;
import io.hiervl.InputFiles;
import io.hiervl.PublicApi;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A list of samples in UniMatch's format: {@code image mask} or {@code image} a line, relative to the data folder,
 * separated by a blank, a tab, a comma or a semicolon ({@link ListLine}). Safe for several threads.
 *
 * @param file    the list
 * @param samples its lines in order
 * @param faults  lines that name no usable sample
 * @param notes   what was tolerated: byte order mark, CRLF, blank lines, backslashes
 */
@PublicApi
public record SplitList(Path file, List<Sample> samples, List<Fault> faults, List<String> notes) {
    private static final long MAX_BYTES = 256L << 20;

    /** A line that cannot be used. */
    public record Fault(int line, String text, String why) {
    }

    public int size() {
        return samples.size();
    }

    /** Tells lists of other images apart: 12 hexadecimal digits of SHA-256 over the image paths, whatever their order. */
    public String fingerprint() {
        String names = samples.stream().map(Sample::image).sorted().collect(Collectors.joining("\n"));
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(names.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash).substring(0, 12);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /**
     * Reads a list and refuses it at the first fault.
     *
     * @throws HierVlException missing or empty list, or a faulty line (list and line named)
     */
    public static SplitList read(Path file, Path root) {
        return checked(parse(file, root));
    }

    static SplitList read(Path file, Roots roots) {
        return checked(parse(file, roots));
    }

    /** Reads a list and keeps faulty lines apart. */
    public static SplitList parse(Path file, Path root) {
        return parse(file, new Roots(root, Map.of()));
    }

    static SplitList parse(Path file, Roots roots) {
        String text = text(file);
        List<String> notes = new ArrayList<>();
        if (text.startsWith("\uFEFF")) {
            notes.add("begins with a byte order mark");
            text = text.substring(1);
        }
        if (text.contains("\r\n")) {
            notes.add("has Windows line ends");
        }
        List<Sample> samples = new ArrayList<>();
        List<Fault> faults = new ArrayList<>();
        int blank = 0;
        int backslashes = 0;
        int commas = 0;
        int absolute = 0;
        int number = 0;
        for (String line : text.lines().toList()) {
            number++;
            String entry = line.strip();
            if (entry.isEmpty()) {
                blank++;
                continue;
            }
            if (number == 1 && ListLine.isHeader(entry)) {
                notes.add("begins with the header '" + entry + "'");
                continue;
            }
            try {
                if (entry.contains("\\")) {
                    backslashes++;
                }
                Sample sample = ListLine.read(line.replace('\\', '/'), roots, number);
                commas += !entry.contains("\t") && ListLine.isSeparated(entry) && !sample.image().matches(".*[,;].*") ? 1 : 0;
                absolute += ListLine.isAbsolute(entry) ? 1 : 0;
                samples.add(sample);
            } catch (InvalidPathException e) {
                faults.add(new Fault(number, entry, "not a path: " + e.getReason()));
            } catch (IllegalArgumentException e) {
                faults.add(new Fault(number, entry, e.getMessage()));
            }
        }
        if (commas > 0) {
            notes.add("has commas or semicolons between photo and mask in " + commas + (commas == 1 ? " line" : " lines"));
        }
        if (absolute > 0) {
            notes.add("has absolute paths in " + absolute + (absolute == 1 ? " line" : " lines"));
        }
        if (blank > 0) {
            notes.add("has " + blank + (blank == 1 ? " blank line" : " blank lines"));
        }
        if (backslashes > 0) {
            notes.add("has '\\' in " + backslashes + (backslashes == 1 ? " line" : " lines") + ", read as '/'");
        }
        return new SplitList(file, List.copyOf(samples), List.copyOf(faults), List.copyOf(notes));
    }

    /**
     * Writes samples as a list; the folder is made if needed.
     *
     * @throws HierVlException the list cannot be written
     */
    public static void write(Path file, List<Sample> samples) {
        StringBuilder text = new StringBuilder();
        for (Sample s : samples) {
            requireWritable(s.image());
            requireWritable(s.hasMask() ? s.mask() : "");
            boolean plain = (s.image() + (s.hasMask() ? s.mask() : "")).chars().noneMatch(c -> c == ' ' || c == ',' || c == ';');
            // A tab at the end says that a name with blanks is one name.
            text.append(s.image()).append(s.hasMask() ? (plain ? " " : "\t") + s.mask() : plain ? "" : "\t").append('\n');
        }
        Folders.create(file.toAbsolutePath().getParent());
        AtomicFile.write(file, text.toString());
    }

    /** A list is read by lines and tabs, and a backslash stands between folders in lists of Windows. */
    private static void requireWritable(String name) {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c == '\\' || c == '\t' || c == '\n' || c == '\r') {
                throw HierVlException.data("'" + name.replaceAll("\\p{Cntrl}", "?") + "' has "
                    + (c == '\\' ? "a backslash" : c == '\t' ? "a tab" : "a line end")
                    + " in its name, which no list can hold; rename the file");
            }
        }
    }

    private static SplitList checked(SplitList list) {
        if (!list.faults.isEmpty()) {
            Fault f = list.faults.get(0);
            throw HierVlException.data(list.file + ":" + f.line() + ": " + f.why() + " ('"
                + (f.text().length() > 200 ? f.text().substring(0, 200) + "..." : f.text()) + "')");
        }
        if (list.samples.isEmpty()) {
            throw HierVlException.data(list.file + " names no image");
        }
        return list;
    }

    private static String text(Path file) {
        if (!Files.exists(file)) {
            throw HierVlException.data("the list " + file + " does not exist");
        }
        byte[] bytes = InputFiles.read(file, "a list", MAX_BYTES, HierVlException.Kind.DATA);
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException e) {
            throw HierVlException.data("the list " + file + " is not a text file in UTF-8", e);
        }
    }
}
