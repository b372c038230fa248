package io.hiervl.backend.cuda;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.Pointer;

/**
 * Memory of the host that the device reads by itself. What is to be copied up is copied here first: then nobody waits until the device has
 * come to it. A block is used again when the event behind its copy has happened.
 */
final class PinnedBlocks {
    /** The driver stages smaller copies itself, without waiting. */
    private static final long LEAST = 64 << 10;
    /** Pinned memory is taken from everybody else. */
    private static final long MOST = 1L << 30;
    /** Events without time are cheaper. */
    private static final int NO_TIMING = 2;

    private record Block(long address, long bytes, long event) {
    }

    private static final class Address extends Pointer {
        Address(long address) {
            this.address = address;
        }
    }

    private final List<Block> blocks = new ArrayList<>();
    private long total;

    /** Starts a copy through a block; false if it is none for these blocks or all are in use. */
    synchronized boolean upload(long device, long host, long bytes, long stream) {
        Block block = bytes < LEAST ? null : free(bytes);
        if (block == null) {
            return false;
        }
        Pointer.memcpy(new Address(block.address), new Address(host), bytes);
        Driver.check(Driver.cuMemcpyHtoDAsync_v2(device, block.address, bytes, stream), "a copy to the device");
        Driver.check(Driver.cuEventRecord(block.event, stream), "cuEventRecord");
        return true;
    }

    private Block free(long bytes) {
        for (Block b : blocks) {
            if (b.bytes >= bytes && b.bytes <= 4 * bytes && Driver.cuEventQuery(b.event) == 0) {
                return b;
            }
        }
        long size = Long.highestOneBit(bytes - 1) << 1;
        if (total + size > MOST) {
            return null;
        }
        long[] address = new long[1];
        long[] event = new long[1];
        if (Driver.cuMemHostAlloc(address, size, 0) != 0) {
            return null;
        }
        Driver.check(Driver.cuEventCreate(event, NO_TIMING), "cuEventCreate");
        total += size;
        Block made = new Block(address[0], size, event[0]);
        blocks.add(made);
        return made;
    }
}
