package io.hiervl;

/** Receives the progress of long work; implementations must be cheap and safe to call from the working thread. */
@PublicApi
@FunctionalInterface
public interface Progress {
    /** Ignores everything. */
    Progress NONE = (done, total, note) -> {};

    /**
     * @param done  units finished
     * @param total units in all, 0 if unknown
     * @param note  a short text for people, never null
     */
    void update(long done, long total, String note);
}
