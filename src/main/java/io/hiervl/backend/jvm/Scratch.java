package io.hiervl.backend.jvm;

import io.hiervl.backend.WorkingMemory;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.HostStorage;
import io.hiervl.tensor.Tensor;
import java.util.HashMap;
import java.util.Map;

/**
 * Working memory of kernels outside the heap, kept per thread and slot and grown when needed, because freeing through
 * the garbage collector comes too late. Contents are undefined; an array is longer than asked for at times, and valid
 * until the same slot is asked for again, or until the end of the op that runs in {@link #during}.
 */
public final class Scratch {
    /** Bytes that are worth borrowing. */
    private static final long LARGE = 1 << 20;
    private static final ThreadLocal<Scratch> OF_THREAD = ThreadLocal.withInitial(Scratch::new);

    private final Map<String, Tensor> slots = new HashMap<>();
    private final Map<String, WorkingMemory.Loan> loans = new HashMap<>();
    private WorkingMemory.Lender lender;

    private Scratch() {
    }

    /** A vector of at least {@code length} elements. */
    public static Tensor get(String slot, ElementType type, long length) {
        return OF_THREAD.get().find(slot + type, type, Math.max(16, length));
    }

    private Tensor find(String key, ElementType type, long length) {
        if (lender != null && length * type.width() >= LARGE) {
            WorkingMemory.Loan loan = loans.get(key);
            if (loan == null || loan.array().length() < length) {
                if (loan != null) {
                    loan.giveBack().run();
                }
                loan = lender.lend(type, length);
                loans.put(key, loan);
            }
            return loan.array();
        }
        Tensor a = slots.get(key);
        if (a == null || a.length() < length) {
            close(a);
            a = Tensor.onHost(type, length);
            slots.put(key, a);
        }
        return a;
    }

    private static void close(Tensor a) {
        if (a != null && a.storage() instanceof HostStorage host) {
            host.free();
        }
    }

    /** Runs an op of this thread, whose large working memory comes from the lender and goes back to it afterwards. */
    static void during(WorkingMemory.Lender lender, Runnable op) {
        Scratch own = OF_THREAD.get();
        WorkingMemory.Lender before = own.lender;
        own.lender = lender;
        try {
            op.run();
        } finally {
            own.lender = before;
            own.loans.values().forEach(loan -> loan.giveBack().run());
            own.loans.clear();
        }
    }

    /** Frees the memory of the calling thread. */
    static void release() {
        Scratch own = OF_THREAD.get();
        own.slots.values().forEach(Scratch::close);
        own.slots.clear();
    }
}
