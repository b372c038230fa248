package io.hiervl.text;

import java.text.Normalizer;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The text cleaning of OpenAI's CLIP: {@code ftfy.fix_text}, HTML references resolved twice, white space collapsed, lower
 * case. Of ftfy (6.3) everything is done but the guessing of encodings, which mends text that was decoded wrongly.
 */
final class TextCleaner {
    private static final Pattern SPACE = Pattern.compile("\\s+", Pattern.UNICODE_CHARACTER_CLASS);
    private static final Pattern TERMINAL = Pattern.compile("\u001b\\[[\\p{Nd};]*[a-zA-Z]");
    private static final Map<Integer, String> LIGATURES = new HashMap<>();

    static {
        String[] pairs = {"\u0132", "IJ", "\u0133", "ij", "\u0149", "\u02bcn", "\u01f1", "DZ", "\u01f2", "Dz", "\u01f3", "dz",
            "\u01c4", "D\u017d", "\u01c5", "D\u017e", "\u01c6", "d\u017e", "\u01c7", "LJ", "\u01c8", "Lj", "\u01c9", "lj",
            "\u01ca", "NJ", "\u01cb", "Nj", "\u01cc", "nj", "\ufb00", "ff", "\ufb01", "fi", "\ufb02", "fl", "\ufb03", "ffi",
            "\ufb04", "ffl", "\ufb05", "\u017ft", "\ufb06", "st"};
        for (int i = 0; i < pairs.length; i += 2) {
            LIGATURES.put(pairs[i].codePointAt(0), pairs[i + 1]);
        }
    }

    private TextCleaner() {
    }

    static String clean(String text) {
        String s = HtmlEntities.unescape(HtmlEntities.unescape(fix(text)));
        return SPACE.matcher(s).replaceAll(" ").strip().toLowerCase(Locale.ROOT);
    }

    /** ftfy works line by line and takes nothing for HTML once it has met a tag. */
    private static String fix(String text) {
        StringBuilder out = new StringBuilder(text.length());
        boolean html = true;
        for (int from = 0; from < text.length();) {
            int to = text.indexOf('\n', from) + 1;
            to = to == 0 ? text.length() : to;
            String line = text.substring(from, to);
            html &= line.indexOf('<') < 0;
            out.append(fixLine(line, html));
            from = to;
        }
        return out.toString();
    }

    private static String fixLine(String line, boolean html) {
        String before = null;
        String s = line;
        while (!s.equals(before)) {
            before = s;
            s = repair(html ? HtmlEntities.unescapeClosed(s) : s);
        }
        return s;
    }

    private static String repair(String text) {
        StringBuilder out = new StringBuilder(text.length());
        for (int i = 0; i < text.length();) {
            int c = text.codePointAt(i);
            i += Character.charCount(c);
            append(out, c >= 0x80 && c < 0xa0 ? HtmlEntities.windows1252(c) : c);
        }
        String s = TERMINAL.matcher(out).replaceAll("");
        StringBuilder kept = new StringBuilder(s.length());
        s.codePoints().filter(c -> !dropped(c)).forEach(kept::appendCodePoint);
        return Normalizer.normalize(kept, Normalizer.Form.NFC);
    }

    private static boolean dropped(int c) {
        return c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f' || c == 0x7f || c >= 0x206a && c <= 0x206f
            || c == 0xfeff || c >= 0xfff9 && c <= 0xfffc;
    }

    private static void append(StringBuilder out, int c) {
        if (LIGATURES.containsKey(c)) {
            LIGATURES.get(c).chars().forEach(part -> append(out, part));
        } else if (c >= 0x2018 && c <= 0x201b || c == 0x2bc) {
            out.append('\'');
        } else if (c >= 0x201c && c <= 0x201f) {
            out.append('"');
        } else if (c >= 0xff01 && c <= 0xffef) {
            out.append(Normalizer.normalize(Character.toString(c), Normalizer.Form.NFKC));
        } else if (c == 0x2028 || c == 0x2029) {
            out.append('\n');
        } else if (Character.getType(c) == Character.SURROGATE) {
            out.append('\ufffd');
        } else {
            out.appendCodePoint(c);
        }
    }
}
