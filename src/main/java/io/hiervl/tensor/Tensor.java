package io.hiervl.tensor;

import java.util.Arrays;
import org.bytedeco.javacpp.Pointer;

/**
 * An array of one device: shape, type and where its elements lie, one after the other in c order. What ops and kernels see; ND4J's
 * {@code INDArray} appears only where SameDiff hands arrays over. A tensor owns no memory, and its content is not part of it.
 */
public final class Tensor {
    private final Storage storage;
    private final long offset;
    private final ElementType type;
    private final long[] shape;
    private final long length;

    /**
     * @param storage memory
     * @param offset  first element, counted in elements of the type
     * @param shape   lengths of the axes; empty for a scalar
     */
    public Tensor(Storage storage, long offset, ElementType type, long... shape) {
        this.storage = storage;
        this.offset = offset;
        this.type = type;
        this.shape = shape.clone();
        this.length = Shapes.product(shape);
        if ((offset + length) * type.width() > storage.bytes()) {
            throw new IllegalArgumentException(
                "a tensor " + Arrays.toString(shape) + " of " + type + " from element " + offset + " on needs more than the "
                    + storage.bytes() + " bytes there are");
        }
    }

    /** New host memory with undefined content. */
    public static Tensor onHost(ElementType type, long... shape) {
        return new Tensor(HostStorage.allocate(Math.max(1, Shapes.product(shape)) * type.width()), 0, type, shape);
    }

    public Storage storage() {
        return storage;
    }

    /** First element, counted in elements of the type. */
    public long offset() {
        return offset;
    }

    public ElementType type() {
        return type;
    }

    /** Lengths of the axes; a copy. */
    public long[] shape() {
        return shape.clone();
    }

    /** Length of an axis. */
    public long size(int axis) {
        return shape[axis];
    }

    public int rank() {
        return shape.length;
    }

    /** Number of elements. */
    public long length() {
        return length;
    }

    /** Length of the last axis. */
    public long columns() {
        return shape[shape.length - 1];
    }

    /** The same elements in another shape of the same length. */
    public Tensor reshape(long... to) {
        if (Shapes.product(to) != length) {
            throw new IllegalArgumentException("shape " + Arrays.toString(shape) + " has not as many elements as " + Arrays.toString(to));
        }
        return new Tensor(storage, offset, type, to);
    }

    /** Rows from..to-1 of the first axis, in the same memory. */
    public Tensor rows(long from, long to) {
        if (from == 0 && to == shape[0]) {
            return this;
        }
        long[] part = shape.clone();
        part[0] = to - from;
        return new Tensor(storage, offset + from * (length / shape[0]), type, part);
    }

    /** Address of an element in the memory of this process; fails for tensors of another device. */
    public long address(long element) {
        if (storage instanceof HostStorage host) {
            return host.address() + (offset + element) * type.width();
        }
        throw new IllegalStateException("a tensor " + this + " was read by the host");
    }

    /** An element as JavaCPP's libraries take it; fails for tensors of another device. It does not keep the memory alive. */
    public Pointer pointer(long element) {
        return new Address(address(element));
    }

    private static final class Address extends Pointer {
        Address(long address) {
            this.address = address;
        }
    }

    @Override
    public String toString() {
        return type + Arrays.toString(shape) + " on " + storage.place();
    }
}
