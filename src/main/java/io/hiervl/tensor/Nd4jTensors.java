package io.hiervl.tensor;

import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The border to ND4J: its host arrays as tensors and back, without copies of elements. */
public final class Nd4jTensors {
    private Nd4jTensors() {
    }

    /** An array as a tensor over the same memory; a copy's memory if the array is a view with gaps. Null for null. */
    public static Tensor of(INDArray array) {
        if (array == null) {
            return null;
        }
        INDArray a = RawArrays.dense(array);
        DataBuffer buffer = a.data();
        ElementType type = type(a.dataType());
        long address = buffer.address() + buffer.offset() * type.width();
        return new Tensor(HostStorage.at(address, a.length() * type.width(), a), 0, type, a.shape());
    }

    /** A host tensor as an array over the same memory, valid as long as the memory is. Null for null. */
    public static INDArray array(Tensor tensor) {
        if (tensor == null) {
            return null;
        }
        long[] shape = tensor.shape();
        if (tensor.storage() instanceof HostStorage host && host.owner() instanceof INDArray a && tensor.offset() == 0
            && a.length() == tensor.length()) {
            // a view keeps the memory alive, a buffer over an address does not
            INDArray same = java.util.Arrays.equals(a.shape(), shape) ? a : a.reshape('c', shape);
            if (same.data().address() == a.data().address()) {
                return same;
            }
        }
        DataBuffer buffer = Nd4j.createBuffer(new Memory(tensor.address(0), tensor), tensor.length(), type(tensor.type()));
        return Nd4j.create(buffer, shape, Nd4j.getStrides(shape, 'c'), 0, 'c');
    }

    /** Type of ND4J's elements. */
    public static DataType type(ElementType type) {
        return DataType.valueOf(type.name());
    }

    /**
     * @throws IllegalArgumentException if kernels do not work on this type
     */
    public static ElementType type(DataType type) {
        return switch (type) {
            case FLOAT -> ElementType.FLOAT;
            case DOUBLE -> ElementType.DOUBLE;
            case BFLOAT16 -> ElementType.BFLOAT16;
            default -> throw new IllegalArgumentException("kernels work on FLOAT and DOUBLE, not on " + type);
        };
    }

    /** Memory that somebody else frees; it keeps its owner alive. */
    private static final class Memory extends Pointer {
        private final Tensor owner;

        Memory(long address, Tensor owner) {
            this.address = address;
            this.limit = owner.length();
            this.capacity = owner.length();
            this.owner = owner;
        }

        @Override
        public String toString() {
            return "memory of " + owner;
        }
    }
}
