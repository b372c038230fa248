package io.hiervl;

/**
 * A failure whose cause lies outside the program; carries the exit code that the command line returns for it.
 * Safe for several threads.
 */
@PublicApi
public final class HierVlException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private static final int LONGEST = 8000;

    /** Exit codes of the command line; 0 is success and 1 a bug in the program. */
    public enum Kind {
        USAGE(2), DATA(3), MODEL(4), DIVERGED(5), ENVIRONMENT(6);

        private final int exitCode;

        Kind(int exitCode) {
            this.exitCode = exitCode;
        }

        public int exitCode() {
            return exitCode;
        }
    }

    private final Kind kind;

    public HierVlException(Kind kind, String message, Throwable cause) {
        super(oneLine(message), cause);
        this.kind = kind;
    }

    /** Names that come from files may hold line breaks and control characters, which could forge lines of a log. */
    private static String oneLine(String message) {
        String text = String.valueOf(message);
        if (text.length() > LONGEST) {
            // A line of a foreign file can have millions of characters.
            text = text.substring(0, LONGEST * 3 / 4) + " ... " + text.substring(text.length() - LONGEST / 4);
        }
        return visible(text.replaceAll("\\s*\\R\\s*", " "));
    }

    /**
     * A text for terminals and logs: control characters, also those that turn the direction of writing, become question marks. Names
     * from files could move the cursor, change colours or show other letters than they have.
     */
    public static String visible(String text) {
        return text.replaceAll("[\\p{Cc}\\u202A-\\u202E\\u2066-\\u2069&&[^\\t\\n]]", "?");
    }

    public Kind kind() {
        return kind;
    }

    public static HierVlException usage(String message) {
        return new HierVlException(Kind.USAGE, message, null);
    }

    public static HierVlException data(String message) {
        return new HierVlException(Kind.DATA, message, null);
    }

    public static HierVlException data(String message, Throwable cause) {
        return new HierVlException(Kind.DATA, message, cause);
    }

    public static HierVlException config(String message) {
        return new HierVlException(Kind.DATA, message, null);
    }

    public static HierVlException model(String message) {
        return new HierVlException(Kind.MODEL, message, null);
    }

    public static HierVlException model(String message, Throwable cause) {
        return new HierVlException(Kind.MODEL, message, cause);
    }

    public static HierVlException diverged(String message) {
        return new HierVlException(Kind.DIVERGED, message, null);
    }

    public static HierVlException environment(String message) {
        return new HierVlException(Kind.ENVIRONMENT, message, null);
    }

    public static HierVlException environment(String message, Throwable cause) {
        return new HierVlException(Kind.ENVIRONMENT, message, cause);
    }
}
