package io.hiervl;

/** Cells of comma-separated tables. */
public final class Csv {
    private Csv() {
    }

    /**
     * A text as a cell. Spreadsheets take a cell that begins with {@code = + - @} for a formula and run it; an apostrophe in
     * front makes it a text.
     */
    public static String cell(String text) {
        String safe = !text.isEmpty() && "=+-@\t\r".indexOf(text.charAt(0)) >= 0 ? "'" + text : text;
        return safe.matches("[^\",\r\n]*") ? safe : '"' + safe.replace("\"", "\"\"") + '"';
    }
}
