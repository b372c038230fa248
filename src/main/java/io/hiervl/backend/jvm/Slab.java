package io.hiervl.backend.jvm;

import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Tensor;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * The elements of a dense array in c order, read and written in pieces as doubles. One source of kernels thus serves
 * both precisions; a double holds every float exactly, so copies do not round. Safe for use by several threads on
 * disjoint pieces.
 */
public abstract class Slab {
    private static final int PIECE = 2048;
    private static final ThreadLocal<float[]> FLOATS = ThreadLocal.withInitial(() -> new float[PIECE]);

    /** Keeps the array alive while its memory is used. */
    private final Tensor owner;
    private final int length;

    private Slab(Tensor owner) {
        this.owner = owner;
        this.length = Math.toIntExact(owner.length());
    }

    /** The elements of a FLOAT or DOUBLE array. */
    public static Slab of(Tensor a) {
        if (a.type() == ElementType.DOUBLE) {
            return new Doubles(a);
        }
        if (a.type() == ElementType.FLOAT) {
            return new Floats(a);
        }
        throw new IllegalArgumentException("kernels work on FLOAT and DOUBLE, not on " + a.type());
    }

    /** Element of the array in native memory. */
    public static Pointer pointer(Tensor a, long elements) {
        return a.pointer(elements);
    }

    final int length() {
        return length;
    }

    final Tensor owner() {
        return owner;
    }

    /** Copies elements index..index+n-1 to {@code to}. */
    public abstract void get(int index, double[] to, int at, int n);

    /** Overwrites elements index..index+n-1. */
    public abstract void put(int index, double[] from, int at, int n);

    /** Copies elements index..index+n-1 to {@code to}, rounding doubles. */
    public abstract void get(int index, float[] to, int at, int n);

    /** Overwrites elements index..index+n-1. */
    abstract void put(int index, float[] from, int at, int n);

    /** Copies from another slab of the same type. */
    abstract void copy(int index, Slab from, int fromIndex, int n);

    abstract double get(int index);

    abstract void put(int index, double value);

    /** Sets elements index..index+n-1 to one value. */
    final void fill(int index, int n, double value) {
        double[] row = new double[Math.min(n, PIECE)];
        java.util.Arrays.fill(row, value);
        for (int done = 0; done < n; done += PIECE) {
            put(index + done, row, 0, Math.min(PIECE, n - done));
        }
    }

    private static final class Doubles extends Slab {
        private final DoubleBuffer buffer;

        Doubles(Tensor a) {
            super(a);
            buffer = new DoublePointer(pointer(a, 0)).capacity(a.length()).asBuffer();
        }

        @Override
        public void get(int index, double[] to, int at, int n) {
            buffer.get(index, to, at, n);
        }

        @Override
        public void put(int index, double[] from, int at, int n) {
            buffer.put(index, from, at, n);
        }

        @Override
        public void get(int index, float[] to, int at, int n) {
            for (int i = 0; i < n; i++) {
                to[at + i] = (float) buffer.get(index + i);
            }
        }

        @Override
        public void put(int index, float[] from, int at, int n) {
            for (int i = 0; i < n; i++) {
                buffer.put(index + i, from[at + i]);
            }
        }

        @Override
        public void copy(int index, Slab from, int fromIndex, int n) {
            buffer.put(index, ((Doubles) from).buffer, fromIndex, n);
        }

        @Override
        public double get(int index) {
            return buffer.get(index);
        }

        @Override
        public void put(int index, double value) {
            buffer.put(index, value);
        }
    }

    private static final class Floats extends Slab {
        private final FloatBuffer buffer;

        Floats(Tensor a) {
            super(a);
            buffer = new FloatPointer(pointer(a, 0)).capacity(a.length()).asBuffer();
        }

        @Override
        public void get(int index, double[] to, int at, int n) {
            float[] piece = FLOATS.get();
            for (int done = 0; done < n; done += PIECE) {
                int now = Math.min(PIECE, n - done);
                buffer.get(index + done, piece, 0, now);
                int base = at + done;
                for (int i = 0; i < now; i++) {
                    to[base + i] = piece[i];
                }
            }
        }

        @Override
        public void put(int index, double[] from, int at, int n) {
            float[] piece = FLOATS.get();
            for (int done = 0; done < n; done += PIECE) {
                int now = Math.min(PIECE, n - done);
                int base = at + done;
                for (int i = 0; i < now; i++) {
                    piece[i] = (float) from[base + i];
                }
                buffer.put(index + done, piece, 0, now);
            }
        }

        @Override
        public void get(int index, float[] to, int at, int n) {
            buffer.get(index, to, at, n);
        }

        @Override
        public void put(int index, float[] from, int at, int n) {
            buffer.put(index, from, at, n);
        }

        @Override
        public void copy(int index, Slab from, int fromIndex, int n) {
            buffer.put(index, ((Floats) from).buffer, fromIndex, n);
        }

        @Override
        public double get(int index) {
            return buffer.get(index);
        }

        @Override
        public void put(int index, double value) {
            buffer.put(index, (float) value);
        }
    }
}
