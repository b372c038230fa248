package io.hiervl.spark;

import io.hiervl.HierVlException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Carries a failure with its exit code from an executor to the driver: Spark hands over the text of exceptions alone. */
final class TaskFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private static final Pattern TEXT = Pattern.compile("TaskFailure: \\[(USAGE|DATA|MODEL|DIVERGED|ENVIRONMENT)\\] ([^\\r\\n]*)");

    TaskFailure(HierVlException cause) {
        super("[" + cause.kind() + "] " + cause.getMessage(), cause);
    }

    /** Work of a task. */
    @FunctionalInterface
    interface Work<T> {
        T run() throws Exception;
    }

    /** Runs the work of a task. */
    static <T> T named(Work<T> work) throws Exception {
        try {
            return work.run();
        } catch (HierVlException e) {
            throw new TaskFailure(e);
        }
    }

    /** The known failure inside a failed job; null if it is none of this program's. */
    static HierVlException in(Throwable failure) {
        for (Throwable t = failure; t != null; t = t.getCause()) {
            if (t instanceof HierVlException known) {
                return known;
            }
            Matcher m = TEXT.matcher(String.valueOf(t.getMessage()));
            if (m.find()) {
                return new HierVlException(HierVlException.Kind.valueOf(m.group(1)), m.group(2), failure);
            }
        }
        return null;
    }

    /** What a command throws when its job failed. */
    static HierVlException of(Throwable failure) {
        HierVlException known = in(failure);
        if (known != null) {
            return known;
        }
        String text = String.valueOf(failure.getMessage());
        String first = text.lines().findFirst().orElse("");
        return HierVlException.environment("the Spark job failed: " + first, failure);
    }
}
