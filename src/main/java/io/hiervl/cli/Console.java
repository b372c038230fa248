package io.hiervl.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.HierVlException;
import io.hiervl.Progress;
import java.io.PrintStream;

/** Where commands write: results to standard output, everything else to standard error. */
public final class Console {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final PrintStream out;
    private final PrintStream err;
    private final Pulse pulse;
    private boolean quiet;
    private boolean verbose;
    private volatile ProgressLine rewritten;

    Console(PrintStream out, PrintStream err) {
        this.out = out;
        this.err = err;
        this.pulse = new Pulse(this::note);
    }

    /** The console of a process that is not the command line's own. */
    public static Console standard() {
        return new Console(System.out, System.err);
    }

    /** Leaves out remarks and progress; results, warnings and errors stay. */
    void quiet(boolean on) {
        quiet = on;
    }

    /** Shows all terms of the loss in the line of progress. */
    void verbose(boolean on) {
        verbose = on;
    }

    boolean verbose() {
        return verbose;
    }

    /** Says at least every ten seconds what the program does; see {@link Pulse}. */
    Pulse pulse() {
        return pulse;
    }

    /** A line of the result. */
    public void println(String line) {
        print(HierVlException.visible(line));
    }

    /** The one JSON document of a command run with {@code --json}. */
    public void json(Object document) {
        print(document(document));
    }

    private void print(String line) {
        pulse.spoken();
        out.println(line);
        out.flush();
    }

    /** A result as one line of JSON. */
    public static String document(Object document) {
        try {
            return JSON.writeValueAsString(document);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("result cannot be written as JSON", e);
        }
    }

    /** A remark for people. */
    public void note(String line) {
        if (!quiet) {
            warn(line);
        }
    }

    /** What people must see even if they want no remarks. */
    public void warn(String line) {
        pulse.spoken();
        if (rewritten != null && rewritten.open()) {
            err.println();
        }
        rewritten = null;
        err.println(HierVlException.visible(line));
        err.flush();
    }

    /** What happens now; the {@link Pulse} says it unless it is over within a second and a half. */
    public void begin(String work) {
        pulse.begin(work);
    }

    /** A progress line on standard error. */
    public Progress progress(String label) {
        if (quiet) {
            return Progress.NONE;
        }
        ProgressLine line = new ProgressLine(label, err, onTerminal(), onTerminal() ? Terminal.columns() : Integer.MAX_VALUE);
        return (done, total, note) -> {
            if (line.show(done, total, note)) {
                rewritten = line;
                pulse.spoken();
            }
            pulse.doing(line::state);
        };
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
