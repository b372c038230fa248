package io.hiervl.fuzz;

import io.hiervl.HierVlException;

/** What the program made of a damaged file. */
enum Verdict {
    /** One sentence of ours. */
    REFUSED,
    /** Read with the same result. */
    EQUAL,
    /** Read with another result; allowed for formats without a checksum. */
    CHANGED,
    /** Another exception, a message that is none, or a change in a format with a checksum. */
    FAULT;

    private static final int LONGEST = 2000;

    /** Why a failure is not one sentence of ours, or null if it is. */
    static String complaint(Throwable e) {
        if (!(e instanceof HierVlException)) {
            return e.toString();
        }
        String message = e.getMessage();
        if (message == null || message.isBlank() || message.endsWith("null") || message.contains(": null")) {
            return "message '" + message + "'";
        }
        if (message.lines().count() > 1 || message.length() > LONGEST) {
            return "message of " + message.lines().count() + " lines and " + message.length() + " characters: "
                + message.substring(0, Math.min(300, message.length()));
        }
        return null;
    }
}
