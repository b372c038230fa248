package io.hiervl.train;

import io.hiervl.HierVlException;
import java.nio.file.Path;
import java.util.function.LongConsumer;

/**
 * Saves what was trained when a run cannot go on, and says how it can.
 *
 * @param run   run folder
 * @param saved step of the newest checkpoint, at most 0 if there is none
 * @param done  finished steps
 * @param save  writes a checkpoint
 */
record Rescue(Path run, long saved, long done, LongConsumer save) {

    private boolean unsaved() {
        return done > Math.max(0, saved);
    }

    /**
     * The data of the next step cannot be had.
     *
     * @return the failure to throw, which says how to go on
     */
    RuntimeException data(RuntimeException failure) {
        if (unsaved()) {
            try {
                save.accept(done);
            } catch (RuntimeException e) {
                failure.addSuppressed(e);
                return failure instanceof HierVlException known ? new HierVlException(known.kind(), known.getMessage()
                    + "; and step " + done + " could not be saved: " + e.getMessage(), known) : failure;
            }
        }
        if (!(failure instanceof HierVlException known)) {
            return failure;
        }
        return new HierVlException(known.kind(),
            known.getMessage() + (done == 0 ? "; no step was finished, start again when the data are repaired"
                : "; step " + done + " is saved in " + run + ": repair the data, then the same command with --resume goes on"),
            known);
    }

    /**
     * A device cannot go on, mostly for lack of memory. It has not touched the weights.
     *
     * @return the failure to throw, which says how to go on
     */
    RuntimeException device(HierVlException failure) {
        if (failure.kind() != HierVlException.Kind.ENVIRONMENT) {
            return failure;
        }
        String ending = done == 0 ? "; no step was finished"
            : "; step " + done + " is saved in " + run + ": a run with smaller sizes starts from its weights with --init-from " + run;
        if (unsaved()) {
            try {
                save.accept(done);
            } catch (RuntimeException e) {
                failure.addSuppressed(e);
                ending = saved > 0 ? "; the checkpoint of step " + saved + " in " + run + " is whole" : "; no step could be saved";
            }
        }
        return new HierVlException(failure.kind(), failure.getMessage() + ending, failure);
    }
}
