package io.hiervl.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.Progress;
import java.io.PrintStream;

/** Where commands write: results to standard output, everything else to standard error. */
final class Console {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final PrintStream out;
    private final PrintStream err;

    Console(PrintStream out, PrintStream err) {
        this.out = out;
        this.err = err;
    }

    /** A line of the result. */
    void println(String line) {
        out.println(line);
        out.flush();
    }

    /** The one JSON document of a command run with {@code --json}. */
    void json(Object document) {
        println(document(document));
    }

    /** A result as one line of JSON. */
    static String document(Object document) {
        try {
            return JSON.writeValueAsString(document);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("result cannot be written as JSON", e);
        }
    }

    /** A remark for people. */
    void note(String line) {
        err.println(line);
        err.flush();
    }

    /** A progress line on standard error. */
    Progress progress(String label) {
        return new ProgressLine(label, err, onTerminal());
    }

    /** Since Java 22 there may be a console without a terminal, and a method that tells. */
    @SuppressWarnings("SystemConsoleNull") // the method is asked too
    private static boolean onTerminal() {
        java.io.Console console = System.console();
        try {
            return console != null && (Boolean) java.io.Console.class.getMethod("isTerminal").invoke(console);
        } catch (ReflectiveOperationException e) {
            return true;
        }
    }
}
