package io.hiervl.notebooks;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The form in which one notebook file runs in BeakerX, in JJava and in the tests: no magics but jars on the classpath, no
 * star imports (BeakerX has classes of its own under common names), no {@code return}, {@code package} or comment-only
 * cells.
 */
final class PortableForm {
    static final String CLASSPATH = "%classpath add jar ";

    private static final Pattern STAR_IMPORT = Pattern.compile("(?m)^\\s*import\\s+[\\w.]+\\.\\*");
    private static final Pattern TOP_LEVEL = Pattern.compile("(?m)^(return|package)\\b");

    private PortableForm() {
    }

    static void check(String source, String where) {
        source.lines().filter(line -> line.startsWith("%") && !line.startsWith(CLASSPATH)).findFirst().ifPresent(line -> {
            throw new AssertionError(where + "magic not portable: " + line);
        });
        refuse(STAR_IMPORT, source, where + "star imports clash with BeakerX's classes: ");
        refuse(TOP_LEVEL, source, where + "not portable: ");
        if (source.replaceAll("(?m)^\\s*//.*$|^%.*$", "").isBlank() && !source.contains("%")) {
            throw new AssertionError(where + "a cell of comments alone fails in BeakerX");
        }
    }

    private static void refuse(Pattern pattern, String source, String message) {
        Matcher found = pattern.matcher(source);
        if (found.find()) {
            throw new AssertionError(message + found.group());
        }
    }
}
