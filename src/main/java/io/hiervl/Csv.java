package io.hiervl;

import java.text.Normalizer;

/** Cells of comma-separated tables. */
public final class Csv {
    private Csv() {
    }

    /** What spreadsheets begin a formula with; East Asian forms of these characters count as well. */
    private static final String FORMULA = "=+-@";

    /**
     * A text as a cell. Spreadsheets take a cell that begins with {@code = + - @} for a formula and run it; an apostrophe in
     * front makes it a text. Spaces and characters that nobody sees may stand before.
     */
    public static String cell(String text) {
        String safe = isFormula(text) ? "'" + text : text;
        return safe.matches("[^\",\r\n]*") ? safe : '"' + safe.replace("\"", "\"\"") + '"';
    }

    private static boolean isFormula(String text) {
        int at = 0;
        while (at < text.length() && isUnseen(text.charAt(at))) {
            at++;
        }
        boolean control = !text.isEmpty() && Character.isISOControl(text.charAt(0));
        return control || at < text.length() && FORMULA.contains(Normalizer.normalize(text.substring(at, at + 1), Normalizer.Form.NFKC));
    }

    private static boolean isUnseen(char c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || Character.isISOControl(c)
            || Character.getType(c) == Character.FORMAT;
    }
}
