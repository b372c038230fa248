package io.hiervl.text;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Character references of HTML, resolved as Python's {@code html.unescape} and the library ftfy do, because CLIP's token ids
 * were made with them. The table of names is that of the HTML standard. jsoup 1.18.3 was tried in its place: it agrees on
 * all names, with and without semicolon, but not on numbers, where it keeps what Python drops or replaces (0, controls,
 * surrogates, noncharacters: 144 of 12374 references), and ftfy's capitals need the names themselves.
 */
final class HtmlEntities {
    private static final Pattern REFERENCE = Pattern.compile("&(#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\\t\\n\\f <&#;]{1,32};?)");
    private static final Pattern CLOSED = Pattern.compile("&#?[0-9A-Za-z]{1,24};");
    /** Windows-1252 meanings of 128 to 159, as HTML prescribes. */
    private static final String CP1252 = "\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152"
        + "\u008d\u017d\u008f\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178";
    /** With the semicolon where the name needs one. */
    private static final Map<String, String> NAMES = read();
    /** Capitals that the standard does not have: ftfy reads &amp;EACUTE; too. */
    private static final Map<String, String> CAPITALS = capitals();

    private HtmlEntities() {
    }

    private static Map<String, String> read() {
        Map<String, String> names = new HashMap<>();
        try (BufferedReader in = new BufferedReader(new InputStreamReader(
            HtmlEntities.class.getResourceAsStream("html5-entities.txt"), StandardCharsets.US_ASCII))) {
            in.lines().filter(line -> !line.startsWith("# ")).forEach(line -> {
                String[] parts = line.split(" ");
                StringBuilder value = new StringBuilder();
                for (int i = 1; i < parts.length; i++) {
                    value.appendCodePoint(Integer.parseInt(parts[i], 16));
                }
                names.put(parts[0], value.toString());
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return names;
    }

    private static Map<String, String> capitals() {
        Map<String, String> out = new HashMap<>();
        NAMES.forEach((name, value) -> {
            String upper = name.toUpperCase(Locale.ROOT);
            if (name.endsWith(";") && name.equals(name.toLowerCase(Locale.ROOT)) && unescape("&" + upper).equals("&" + upper)) {
                out.put(upper, value.toUpperCase(Locale.ROOT));
            }
        });
        return out;
    }

    /** Every reference, as browsers read them: old names need no semicolon. */
    static String unescape(String s) {
        if (s.indexOf('&') < 0) {
            return s;
        }
        Matcher m = REFERENCE.matcher(s);
        StringBuilder out = new StringBuilder(s.length());
        while (m.find()) {
            String body = m.group(1);
            m.appendReplacement(out, Matcher.quoteReplacement(body.charAt(0) == '#' ? numeric(body) : named(body)));
        }
        return m.appendTail(out).toString();
    }

    /** Only what nobody can have meant otherwise: names with a semicolon, capitals included. */
    static String unescapeClosed(String s) {
        if (s.indexOf('&') < 0) {
            return s;
        }
        Matcher m = CLOSED.matcher(s);
        StringBuilder out = new StringBuilder(s.length());
        while (m.find()) {
            m.appendReplacement(out, Matcher.quoteReplacement(closed(m.group())));
        }
        return m.appendTail(out).toString();
    }

    private static String closed(String reference) {
        if (reference.charAt(1) == '#') {
            String value = unescape(reference);
            return value.contains(";") ? reference : value;
        }
        String name = reference.substring(1);
        return NAMES.getOrDefault(name, CAPITALS.getOrDefault(name, reference));
    }

    private static String named(String name) {
        String value = NAMES.get(name);
        for (int n = name.length() - 1; value == null && n >= 2; n--) {
            String start = NAMES.get(name.substring(0, n));
            value = start == null ? null : start + name.substring(n);
        }
        return value == null ? "&" + name : value;
    }

    private static String numeric(String body) {
        String digits = body.endsWith(";") ? body.substring(1, body.length() - 1) : body.substring(1);
        boolean hex = Character.toLowerCase(digits.charAt(0)) == 'x';
        long c = parse(hex ? digits.substring(1) : digits, hex ? 16 : 10);
        if (c >= 128 && c < 160) {
            return CP1252.substring((int) c - 128, (int) c - 127);
        }
        if (c == 0 || c >= 0xd800 && c < 0xe000 || c > 0x10ffff) {
            return "\ufffd";
        }
        boolean invalid =
            c < 32 && c != 9 && c != 10 && c != 12 && c != 13 || c == 127 || c >= 0xfdd0 && c <= 0xfdef || (c & 0xfffe) == 0xfffe;
        return invalid ? "" : Character.toString((int) c);
    }

    /** More digits than any code point has are as good as the largest number. */
    private static long parse(String digits, int radix) {
        String significant = digits.replaceFirst("^0+(?=.)", "");
        return significant.length() > 10 ? Long.MAX_VALUE : Long.parseLong(significant, radix);
    }

    /** Character of a byte 128 to 159 in Windows-1252. */
    static char windows1252(int c) {
        return CP1252.charAt(c - 128);
    }
}
