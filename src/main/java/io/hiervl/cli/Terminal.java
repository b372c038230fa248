package io.hiervl.cli;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/** The terminal's width. */
final class Terminal {
    private static final int USUAL = 80;

    private Terminal() {
    }

    /** Columns of the terminal; 80 if nobody knows. */
    static int columns() {
        int given = number(System.getenv("COLUMNS"));
        if (given > 0) {
            return given;
        }
        File tty = new File("/dev/tty");
        if (!tty.exists()) {
            return USUAL;
        }
        try {
            Process stty = new ProcessBuilder("stty", "size").redirectInput(tty).redirectErrorStream(true).start();
            String text = new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
            stty.waitFor(1, TimeUnit.SECONDS);
            int columns = number(text.substring(text.indexOf(' ') + 1));
            return columns > 0 ? columns : USUAL;
        } catch (IOException e) {
            return USUAL;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return USUAL;
        }
    }

    private static int number(String text) {
        return text != null && text.matches("\\d{1,5}") ? Integer.parseInt(text) : 0;
    }
}
