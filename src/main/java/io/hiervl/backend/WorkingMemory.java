package io.hiervl.backend;

import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Tensor;

/** Memory that an op needs for its own time. */
public final class WorkingMemory {
    private WorkingMemory() {
    }

    /** Has memory that is free during an op. */
    public interface Lender {
        /** An array of at least this many elements. */
        Loan lend(ElementType type, long length);
    }

    /**
     * Memory for the time of an op.
     *
     * @param array    the memory
     * @param giveBack to be called when it is not needed any more
     */
    public record Loan(Tensor array, Runnable giveBack) {
    }
}
