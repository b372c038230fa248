package io.hiervl.backend.jvm;

import java.util.Arrays;

/**
 * Sums over pieces of FLOAT slabs in loops that the JIT compiler turns into vector instructions. It never reorders the
 * additions of one sum, so a sum is made of {@value #LANES} sums side by side, which are joined in the end; and it wants the
 * same index into all arrays of a loop, so data comes in pieces of that length. Results are the same on every machine. An
 * instance serves one thread.
 */
final class FloatMoments {
    /** Two pieces and four arrays of sums stay in the first-level cache. */
    private static final int LANES = 1024;
    private static final int FOLDED = 32;

    private final float[] x = new float[LANES];
    private final float[] g = new float[LANES];
    private final float[] plain = new float[LANES];
    private final float[] square = new float[LANES];
    private final float[] other = new float[LANES];
    private final float[] product = new float[LANES];
    private double sum;
    private double squares;
    private double others;
    private double products;

    /** Takes the n elements of {@code in} from {@code at}: their differences to {@code shift} and the squares of these. */
    void take(Slab in, int at, int n, float shift) {
        int lanes = start(n, plain, square);
        for (int done = 0; done < n; done += LANES) {
            int now = Math.min(LANES, n - done);
            in.get(at + done, x, 0, now);
            add(x, now, shift, plain, square);
        }
        sum = fold(plain, lanes);
        squares = fold(square, lanes);
    }

    /** The same, and the sums of the elements of {@code cotangent} at the same place and of their products with the differences. */
    void take(Slab in, Slab cotangent, int at, int n, float shift) {
        int lanes = start(n, plain, square, other, product);
        for (int done = 0; done < n; done += LANES) {
            int now = Math.min(LANES, n - done);
            in.get(at + done, x, 0, now);
            cotangent.get(at + done, g, 0, now);
            add(x, now, shift, plain, square);
            addProducts(x, g, now, shift, other, product);
        }
        sum = fold(plain, lanes);
        squares = fold(square, lanes);
        others = fold(other, lanes);
        products = fold(product, lanes);
    }

    private static int start(int n, float[]... sums) {
        int lanes = Math.min(n, LANES);
        for (float[] s : sums) {
            Arrays.fill(s, 0, lanes, 0);
        }
        return lanes;
    }

    private static void add(float[] x, int n, float shift, float[] sum, float[] square) {
        for (int i = 0; i < n; i++) {
            float a = x[i] - shift;
            sum[i] += a;
            square[i] += a * a;
        }
    }

    private static void addProducts(float[] x, float[] g, int n, float shift, float[] sum, float[] product) {
        for (int i = 0; i < n; i++) {
            sum[i] += g[i];
            product[i] += g[i] * (x[i] - shift);
        }
    }

    /** Sum of the first n lanes, which are lost; x serves as working memory. */
    private double fold(float[] lanes, int n) {
        int width = n;
        while (width > FOLDED) {
            int half = (width + 1) / 2;
            System.arraycopy(lanes, half, x, 0, width - half);
            join(lanes, x, width - half);
            width = half;
        }
        double total = 0;
        for (int i = 0; i < width; i++) {
            total += lanes[i];
        }
        return total;
    }

    private static void join(float[] lanes, float[] upper, int n) {
        for (int i = 0; i < n; i++) {
            lanes[i] += upper[i];
        }
    }

    /** Sum of the differences. */
    double sum() {
        return sum;
    }

    /** Sum of their squares. */
    double squares() {
        return squares;
    }

    /** Sum of the cotangents. */
    double others() {
        return others;
    }

    /** Sum of the products of cotangents and differences. */
    double products() {
        return products;
    }
}
