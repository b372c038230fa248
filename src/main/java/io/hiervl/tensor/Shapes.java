package io.hiervl.tensor;

import java.util.Arrays;

/** Arithmetic on shapes, and shapes as integer arguments of ops: the rank followed by the lengths. */
public final class Shapes {
    private Shapes() {
    }

    public static long product(long[] shape) {
        return product(shape, 0, shape.length);
    }

    /** Product of shape[from..to-1]. */
    public static long product(long[] shape, int from, int to) {
        long p = 1;
        for (int i = from; i < to; i++) {
            p *= shape[i];
        }
        return p;
    }

    /** Shape of the result of numpy broadcasting; fails if the shapes do not fit. */
    public static long[] broadcast(long[] a, long[] b) {
        int rank = Math.max(a.length, b.length);
        long[] pa = pad(a, rank);
        long[] pb = pad(b, rank);
        long[] result = new long[rank];
        for (int i = 0; i < rank; i++) {
            if (pa[i] != pb[i] && pa[i] != 1 && pb[i] != 1) {
                throw new IllegalArgumentException("shapes " + Arrays.toString(a) + " and " + Arrays.toString(b) + " do not broadcast");
            }
            result[i] = pa[i] == 1 ? pb[i] : pa[i];
        }
        return result;
    }

    public static long[] pad(long[] shape, int rank) {
        long[] result = new long[rank];
        int missing = rank - shape.length;
        Arrays.fill(result, 0, missing, 1);
        System.arraycopy(shape, 0, result, missing, shape.length);
        return result;
    }

    /** Shapes one after the other as integer arguments. */
    static long[] encode(long[]... shapes) {
        int n = 0;
        for (long[] s : shapes) {
            n += 1 + s.length;
        }
        long[] result = new long[n];
        int at = 0;
        for (long[] s : shapes) {
            result[at++] = s.length;
            System.arraycopy(s, 0, result, at, s.length);
            at += s.length;
        }
        return result;
    }

    /** The shape number {@code which} of encoded arguments. */
    static long[] decode(long[] args, int which) {
        int at = 0;
        for (int i = 0; i < which; i++) {
            at += 1 + (int) args[at];
        }
        return Arrays.copyOfRange(args, at + 1, at + 1 + (int) args[at]);
    }

    static int intProduct(long[] shape) {
        return Math.toIntExact(product(shape));
    }

    /** Shape of a product of the last two axes; leading axes are equal, or b has rank 2 and serves all matrices of a. */
    public static long[] product(long[] a, long[] b, boolean transposeA, boolean transposeB) {
        long k = a[transposeA ? a.length - 2 : a.length - 1];
        boolean fits = k == b[transposeB ? b.length - 1 : b.length - 2]
            && (b.length == 2 || Arrays.equals(Arrays.copyOf(a, a.length - 2), Arrays.copyOf(b, b.length - 2)));
        if (!fits) {
            throw new IllegalArgumentException("matrix product of " + Arrays.toString(a) + (transposeA ? "^T" : "") + " and "
                + Arrays.toString(b) + (transposeB ? "^T" : ""));
        }
        long[] result = a.clone();
        result[a.length - 2] = a[transposeA ? a.length - 1 : a.length - 2];
        result[a.length - 1] = b[transposeB ? b.length - 2 : b.length - 1];
        return result;
    }

    /** The next multiple, the size itself if it is one. */
    public static int roundUp(int size, int multiple) {
        return (size + multiple - 1) / multiple * multiple;
    }
}
