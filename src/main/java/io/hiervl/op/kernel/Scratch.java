package io.hiervl.op.kernel;

import java.util.HashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Working memory of kernels outside the heap, kept per thread and slot and grown when needed, because freeing through
 * the garbage collector comes too late. Contents are undefined; an array is longer than asked for at times, and valid
 * until the same slot is asked for again, or until the end of the op that runs in {@link #during}.
 */
public final class Scratch {
    /** Bytes that are worth borrowing. */
    private static final long LARGE = 1 << 20;
    private static final ThreadLocal<Scratch> OF_THREAD = ThreadLocal.withInitial(Scratch::new);

    private final Map<String, INDArray> slots = new HashMap<>();
    private final Map<String, Loan> loans = new HashMap<>();
    private Lender lender;

    private Scratch() {
    }

    /** Has memory that is free during an op. */
    public interface Lender {
        /** An array of at least this many elements. */
        Loan lend(DataType type, long length);
    }

    /**
     * Memory for the time of an op.
     *
     * @param array  the memory
     * @param giveBack to be called when it is not needed any more
     */
    public record Loan(INDArray array, Runnable giveBack) {
    }

    /** A vector of at least {@code length} elements. */
    public static INDArray get(String slot, DataType type, long length) {
        return OF_THREAD.get().find(slot + type, type, Math.max(16, length));
    }

    private INDArray find(String key, DataType type, long length) {
        if (lender != null && length * type.width() >= LARGE) {
            Loan loan = loans.get(key);
            if (loan == null || loan.array.length() < length) {
                if (loan != null) {
                    loan.giveBack.run();
                }
                loan = lender.lend(type, length);
                loans.put(key, loan);
            }
            return loan.array;
        }
        INDArray a = slots.get(key);
        if (a == null || a.length() < length) {
            close(a);
            a = Nd4j.createUninitializedDetached(type, length);
            slots.put(key, a);
        }
        return a;
    }

    private static void close(INDArray a) {
        if (a != null && a.closeable()) {
            a.close();
        }
    }

    /** Runs an op of this thread, whose large working memory comes from the lender and goes back to it afterwards. */
    public static void during(Lender lender, Runnable op) {
        Scratch own = OF_THREAD.get();
        Lender before = own.lender;
        own.lender = lender;
        try {
            op.run();
        } finally {
            own.lender = before;
            own.loans.values().forEach(loan -> loan.giveBack.run());
            own.loans.clear();
        }
    }

    /** Frees the memory of the calling thread. */
    public static void release() {
        Scratch own = OF_THREAD.get();
        own.slots.values().forEach(Scratch::close);
        own.slots.clear();
    }
}
