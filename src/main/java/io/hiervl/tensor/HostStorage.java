package io.hiervl.tensor;

import org.bytedeco.javacpp.BytePointer;

/** Memory of this process outside the heap. */
public final class HostStorage implements Storage {
    /** A line of the cache, and the widest vector register. */
    private static final long ALIGNMENT = 64;

    private final long address;
    private final long bytes;
    /** Keeps the memory alive as long as this object is; the memory itself where it was allocated here. */
    private final Object owner;

    private HostStorage(long address, long bytes, Object owner) {
        this.address = address;
        this.bytes = bytes;
        this.owner = owner;
    }

    /** New memory with undefined content; it counts against JavaCPP's limits. */
    public static HostStorage allocate(long bytes) {
        BytePointer memory = new BytePointer(bytes + ALIGNMENT);
        long first = (memory.address() + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        return new HostStorage(first, bytes, memory);
    }

    /** Memory of somebody else. */
    public static HostStorage at(long address, long bytes, Object owner) {
        return new HostStorage(address, bytes, owner);
    }

    /** Address of the first byte. */
    public long address() {
        return address;
    }

    @Override
    public long bytes() {
        return bytes;
    }

    /** The object whose memory this is. */
    public Object owner() {
        return owner;
    }

    /** Frees memory that was {@linkplain #allocate allocated} here; any later use is a fault of the caller. */
    public void free() {
        if (owner instanceof BytePointer memory) {
            memory.deallocate();
        }
    }

    @Override
    public String place() {
        return "host";
    }
}
