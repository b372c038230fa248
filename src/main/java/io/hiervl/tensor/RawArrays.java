package io.hiervl.tensor;

import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.concurrency.AffinityManager;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The host memory of dense arrays, for loops that stage blocks in Java arrays. The pointers are views: they keep nothing
 * alive, so the array must be reachable while they are used. Positions are 64-bit, arrays may exceed 2 GiB.
 */
public final class RawArrays {
    private RawArrays() {
    }

    /** The array itself when its elements lie one after the other in c order, else a copy that does. */
    public static INDArray dense(INDArray a) {
        return isDense(a) ? a : a.dup('c');
    }

    /** Whether the elements lie one after the other in c order. */
    public static boolean isDense(INDArray a) {
        if (a.isScalar() || a.length() == 1) {
            return true;
        }
        long expected = 1;
        for (int d = a.rank() - 1; d >= 0; d--) {
            if (a.size(d) != 1 && a.stride(d) != expected) {
                return false;
            }
            expected *= a.size(d);
        }
        return true;
    }

    /** Fails unless the elements lie one after the other in c order, as arrays changed in place must. */
    public static void requireDense(String name, INDArray a) {
        if (dense(a) != a) {
            throw new IllegalArgumentException("array " + name + " is a strided view; it must be dense in c order");
        }
    }

    /** First element of a dense float array. */
    public static FloatPointer floats(INDArray a) {
        return new FloatPointer(host(a));
    }

    /** First element of a dense double array. */
    public static DoublePointer doubles(INDArray a) {
        return new DoublePointer(host(a));
    }

    /** First byte of a dense array of any type, in the byte order of the machine. */
    public static BytePointer bytes(INDArray a) {
        long size = a.length() * a.dataType().width();
        return new BytePointer(host(a)).capacity(size);
    }

    /** Declares that the host memory was written; matters on a GPU only. */
    public static void written(INDArray a) {
        Nd4j.getAffinityManager().tagLocation(a, AffinityManager.Location.HOST);
    }

    private static Pointer host(INDArray a) {
        Nd4j.getAffinityManager().ensureLocation(a, AffinityManager.Location.HOST);
        return a.data().addressPointer();
    }
}
