package io.hiervl.cli;

import io.hiervl.Progress;
import java.io.PrintStream;
import java.util.Locale;

/**
 * Progress with an estimate of the time left. On a terminal one line that is rewritten and not longer than the terminal is wide, elsewhere
 * (log files) a line every nine seconds.
 */
final class ProgressLine implements Progress {
    private static final long TERMINAL_NANOS = 200_000_000L;
    private static final long LOG_NANOS = 9_000_000_000L;
    /** The time left follows from the pace since one of the last two marks, which lie at least so far apart. */
    private static final long MARK_NANOS = 20_000_000_000L;
    private static final int MARK_UNITS = 5;

    private final String label;
    private final PrintStream err;
    private final boolean terminal;
    private final int columns;
    private long first = -1;
    private long firstTime;
    private long marked;
    private long markedTime;
    private long paceFirst;
    private long paceTime;
    private long shown;
    private int width;
    private String state;

    /** @param columns longest line */
    ProgressLine(String label, PrintStream err, boolean terminal, int columns) {
        this.label = label;
        this.err = err;
        this.terminal = terminal;
        this.columns = columns;
        this.state = label;
    }

    @Override
    public void update(long done, long total, String note) {
        show(done, total, note);
    }

    /** Whether a line stands on the terminal that goes on to be rewritten. */
    synchronized boolean open() {
        return terminal && width > 0;
    }

    /** What was last reported, for a line of its own. */
    synchronized String state() {
        return state;
    }

    /** @return whether anything was written */
    synchronized boolean show(long done, long total, String note) {
        long now = System.nanoTime();
        if (first < 0 || done < first) {
            // Counted from the first report, so that a resumed run estimates from its own pace.
            first = done;
            firstTime = now;
            marked = done;
            markedTime = now;
            paceFirst = done;
            paceTime = now;
            shown = now - (terminal ? TERMINAL_NANOS : 0);
        }
        if (now - markedTime >= MARK_NANOS && done - marked >= MARK_UNITS) {
            // steps may become slower or faster on the way
            paceFirst = marked;
            paceTime = markedTime;
            marked = done;
            markedTime = now;
        }
        boolean last = total > 0 && done >= total;
        long from = last ? first : paceFirst;
        double seconds = (now - (last ? firstTime : paceTime)) / 1e9;
        String line = line(label, done, total, note, from, seconds, columns);
        state = last ? label + " done, next" : line(label, done, total, "", from, seconds, columns);
        if (!last && now - shown < (terminal ? TERMINAL_NANOS : LOG_NANOS)) {
            return false;
        }
        shown = now;
        if (terminal) {
            err.print("\r" + line + " ".repeat(Math.max(0, width - line.length())) + (last ? "\n" : ""));
            width = last ? 0 : line.length();
        } else {
            err.println(line);
        }
        err.flush();
        return true;
    }

    /**
     * A line of at most so many columns but one: at the edge some terminals begin a new line. Where the bar takes too much room it is left
     * out.
     */
    static String line(String label, long done, long total, String note, long first, double seconds, int columns) {
        String full = line(label, done, total, note, first, seconds);
        if (full.length() < columns) {
            return full;
        }
        String shorter = full.replaceFirst(" \\[[#.]+\\]", "");
        return shorter.length() < columns ? shorter : shorter.substring(0, Math.max(0, columns - 1));
    }

    static String line(String label, long done, long total, String note, long first, double seconds) {
        StringBuilder s = new StringBuilder(label);
        if (total > 0) {
            int filled = (int) (20 * done / total);
            s.append(" [").append("#".repeat(filled)).append(".".repeat(20 - filled)).append("] ").append(done).append('/').append(total);
        } else {
            s.append(' ').append(done);
        }
        if (total > 0 && done > first && done < total) {
            s.append(" left ").append(time(seconds / (done - first) * (total - done)));
        } else if (total > 0 && done >= total) {
            s.append(" in ").append(time(seconds));
        }
        return note.isEmpty() ? s.toString() : s.append("  ").append(note).toString();
    }

    static String time(double seconds) {
        long s = Math.round(seconds);
        return s >= 3600 ? String.format(Locale.ROOT, "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60)
            : String.format(Locale.ROOT, "%d:%02d", s / 60, s % 60);
    }
}
