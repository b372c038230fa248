package io.hiervl.backend.cuda;

import io.hiervl.HierVlException;
import java.util.List;

/**
 * NVIDIA's library of sums over GPUs, where the machine has it. System property {@code hiervl.cuda.nccl} names a file, or is {@code none}:
 * then sums go through the host.
 */
final class Nccl {
    static final String PROPERTY = "hiervl.cuda.nccl";
    private static final int FLOAT = 7;
    private static final int SUM = 0;

    private static String loaded;

    private Nccl() {
    }

    static native int ncclCommInitAll(long[] communicators, int devices, int[] ordinals);

    static native int ncclAllReduce(long from, long to, long count, int type, int operation, long communicator, long stream);

    /**
     * Loads the library; false where there is none or none is wanted.
     *
     * @throws HierVlException of the environment if a library that was asked for cannot be loaded
     */
    static synchronized boolean load() {
        String asked = System.getProperty(PROPERTY);
        if ("none".equals(asked)) {
            return false;
        }
        for (String name : loaded != null ? List.<String>of() : asked != null ? List.of(asked) : List.of("libnccl.so.2", "libnccl.so")) {
            String reason = NativeFile.bind(Nccl.class, name);
            if (reason == null) {
                loaded = name;
                break;
            }
            if (asked != null) {
                throw HierVlException.environment("NCCL cannot be loaded: " + reason);
            }
        }
        return loaded != null;
    }

    /** A communicator for each device, in their order. */
    static long[] join(int[] ordinals) {
        long[] communicators = new long[ordinals.length];
        check(ncclCommInitAll(communicators, ordinals.length, ordinals), "ncclCommInitAll");
        return communicators;
    }

    /** Starts a sum in place. */
    static void sum(long address, long count, long communicator, long stream) {
        check(ncclAllReduce(address, address, count, FLOAT, SUM, communicator, stream), "ncclAllReduce");
    }

    private static void check(int result, String what) {
        if (result != 0) {
            throw HierVlException.environment("the GPUs cannot add up: " + what + " says " + result + "; -D" + PROPERTY
                + "=none lets sums go through the host");
        }
    }
}
