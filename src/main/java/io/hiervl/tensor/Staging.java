package io.hiervl.tensor;

import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Bulk copies between dense off-heap arrays (FLOAT or DOUBLE, c order) and Java arrays, where loops run at full speed.
 * Positions count elements from the first element of the array. Safe to call from several threads.
 */
public final class Staging {
    private static final ThreadLocal<float[]> BUFFER = ThreadLocal.withInitial(() -> new float[4096]);

    private Staging() {
    }

    /** All elements as floats; for FLOAT arrays one memory copy. */
    public static float[] floats(Tensor a) {
        float[] result = new float[Math.toIntExact(a.length())];
        if (a.type() == ElementType.FLOAT) {
            new FloatPointer(address(a)).get(result);
        } else {
            double[] wide = doubles(a);
            for (int i = 0; i < result.length; i++) {
                result[i] = (float) wide[i];
            }
        }
        return result;
    }

    /** All elements as doubles. */
    public static double[] doubles(Tensor a) {
        double[] result = new double[Math.toIntExact(a.length())];
        read(a, 0, result, result.length);
        return result;
    }

    /** The first element. */
    public static double first(Tensor a) {
        double[] one = new double[1];
        read(a, 0, one, 1);
        return one[0];
    }

    /** Reads n elements from a position into the start of target. */
    public static void read(Tensor a, long position, double[] target, int n) {
        require(a);
        if (a.type() == ElementType.DOUBLE) {
            new DoublePointer(address(a)).position(position).get(target, 0, n);
            return;
        }
        float[] part = BUFFER.get();
        FloatPointer source = new FloatPointer(address(a));
        for (int done = 0; done < n;) {
            int count = Math.min(part.length, n - done);
            source.position(position + done).get(part, 0, count);
            for (int i = 0; i < count; i++) {
                target[done + i] = part[i];
            }
            done += count;
        }
    }

    /** Writes the first n elements of source to a position, rounding to the array's type. */
    public static void write(double[] source, int n, Tensor a, long position) {
        require(a);
        if (a.type() == ElementType.DOUBLE) {
            new DoublePointer(address(a)).position(position).put(source, 0, n);
            return;
        }
        float[] part = BUFFER.get();
        FloatPointer target = new FloatPointer(address(a));
        for (int done = 0; done < n;) {
            int count = Math.min(part.length, n - done);
            for (int i = 0; i < count; i++) {
                part[i] = (float) source[done + i];
            }
            target.position(position + done).put(part, 0, count);
            done += count;
        }
    }

    /** Writes all elements. */
    public static void write(double[] source, Tensor a) {
        requireLength(source.length, a);
        write(source, source.length, a, 0);
    }

    /** Writes all elements of a FLOAT array. */
    static void write(float[] source, Tensor a) {
        if (a.type() != ElementType.FLOAT) {
            throw new IllegalArgumentException("expected a FLOAT array, found " + a.type());
        }
        requireLength(source.length, a);
        new FloatPointer(address(a)).put(source);
    }

    /** Native memory has no bounds of its own. */
    private static void requireLength(int length, Tensor a) {
        if (length != a.length()) {
            throw new IllegalArgumentException(length + " values for an array of " + a.length());
        }
    }

    private static void require(Tensor a) {
        if (a.type() != ElementType.FLOAT && a.type() != ElementType.DOUBLE) {
            throw new IllegalArgumentException("expected FLOAT or DOUBLE, found " + a.type());
        }
    }

    private static Pointer address(Tensor a) {
        return a.pointer(0);
    }

    /** All elements of an array of ND4J as floats. */
    static float[] floats(INDArray a) {
        return floats(Nd4jTensors.of(a));
    }

    /** All elements of an array of ND4J as doubles. */
    public static double[] doubles(INDArray a) {
        return doubles(Nd4jTensors.of(a));
    }

    /** The same for a dense array of ND4J. */
    public static void read(INDArray a, long position, double[] target, int n) {
        read(Nd4jTensors.of(a), position, target, n);
    }

    /** The same for a dense array of ND4J. */
    public static void write(double[] source, int n, INDArray a, long position) {
        write(source, n, Nd4jTensors.of(a), position);
    }

    /** Writes all elements of a dense array of ND4J. */
    public static void write(double[] source, INDArray a) {
        write(source, Nd4jTensors.of(a));
    }

    /** Writes all elements of a dense FLOAT array of ND4J. */
    static void write(float[] source, INDArray a) {
        write(source, Nd4jTensors.of(a));
    }
}
