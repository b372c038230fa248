package io.hiervl.text;

import java.text.Normalizer;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * The text cleaning of OpenAI's CLIP: repair of unicode junk, HTML entities resolved twice, white space collapsed,
 * lower case. Of the repairs that the Python library ftfy makes there, those are done that need no guessing of
 * encodings: NFC, control characters, curly quotes, ligatures, full-width forms, lone surrogates.
 */
final class TextCleaner {
    private static final Pattern SPACE = Pattern.compile("\\s+", Pattern.UNICODE_CHARACTER_CLASS);

    private TextCleaner() {
    }

    static String clean(String text) {
        String s = HtmlEntities.unescape(HtmlEntities.unescape(repair(text)));
        return SPACE.matcher(repair(s)).replaceAll(" ").strip().toLowerCase(Locale.ROOT);
    }

    private static String repair(String text) {
        StringBuilder out = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            i += Character.charCount(c);
            if (Character.getType(c) == Character.SURROGATE) {
                out.append('\ufffd');
            } else if (!dropped(c)) {
                append(out, c);
            }
        }
        return Normalizer.normalize(out, Normalizer.Form.NFC);
    }

    private static boolean dropped(int c) {
        return c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f' || c == 0x7f || c >= 0x206a && c <= 0x206f
                || c == 0xfeff || c >= 0xfff9 && c <= 0xfffb;
    }

    private static void append(StringBuilder out, int c) {
        if (c >= 0x2018 && c <= 0x201b) {
            out.append('\'');
        } else if (c >= 0x201c && c <= 0x201f) {
            out.append('"');
        } else if (c >= 0xfb00 && c <= 0xfb06 || c >= 0xff01 && c <= 0xff5e) {
            out.append(Normalizer.normalize(Character.toString(c), Normalizer.Form.NFKC));
        } else if (c == 0x2028 || c == 0x2029 || c == 0x85) {
            out.append('\n');
        } else {
            out.appendCodePoint(c);
        }
    }
}
