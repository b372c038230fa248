package io.hiervl.op.kernel;

/**
 * Sums over float arrays that the JIT compiler can vectorise: it never reorders the additions of one sum, so long sums are
 * made of {@value #LANES} sums side by side. Results are the same on every machine.
 */
final class FloatLoops {
    private static final int LANES = 1024;
    private static final ThreadLocal<float[]> SUMS = ThreadLocal.withInitial(() -> new float[LANES]);

    private FloatLoops() {
    }

    /** Sum of n elements. */
    static double sum(float[] x, int at, int n) {
        double total = 0;
        int rest = 0;
        if (n >= 4 * LANES) {
            float[] s = cleared();
            for (; rest + LANES <= n; rest += LANES) {
                add(x, at + rest, s);
            }
            total = fold(s);
        }
        double a = 0;
        double b = 0;
        double c = 0;
        double d = 0;
        for (; rest + 3 < n; rest += 4) {
            a += x[at + rest];
            b += x[at + rest + 1];
            c += x[at + rest + 2];
            d += x[at + rest + 3];
        }
        for (; rest < n; rest++) {
            a += x[at + rest];
        }
        return total + (a + b) + (c + d);
    }

    /** Sum of the products of n elements after subtracting a constant from those of x. */
    static double dot(float[] x, int at, float shift, float[] y, int aty, float shiftY, int n) {
        double total = 0;
        int rest = 0;
        if (n >= 4 * LANES) {
            float[] s = cleared();
            for (; rest + LANES <= n; rest += LANES) {
                addProducts(x, at + rest, shift, y, aty + rest, shiftY, s);
            }
            total = fold(s);
        }
        double a = 0;
        double b = 0;
        double c = 0;
        double d = 0;
        for (; rest + 3 < n; rest += 4) {
            a += (x[at + rest] - shift) * (y[aty + rest] - shiftY);
            b += (x[at + rest + 1] - shift) * (y[aty + rest + 1] - shiftY);
            c += (x[at + rest + 2] - shift) * (y[aty + rest + 2] - shiftY);
            d += (x[at + rest + 3] - shift) * (y[aty + rest + 3] - shiftY);
        }
        for (; rest < n; rest++) {
            a += (x[at + rest] - shift) * (y[aty + rest] - shiftY);
        }
        return total + (a + b) + (c + d);
    }

    /** x = factor x + offset for n elements. */
    static void affine(float[] x, int at, int n, float factor, float offset) {
        for (int i = at; i < at + n; i++) {
            x[i] = x[i] * factor + offset;
        }
    }

    private static float[] cleared() {
        float[] s = SUMS.get();
        java.util.Arrays.fill(s, 0);
        return s;
    }

    private static void add(float[] x, int at, float[] s) {
        for (int i = 0; i < LANES; i++) {
            s[i] += x[at + i];
        }
    }

    private static void addProducts(float[] x, int at, float shift, float[] y, int aty, float shiftY, float[] s) {
        for (int i = 0; i < LANES; i++) {
            s[i] += (x[at + i] - shift) * (y[aty + i] - shiftY);
        }
    }

    private static double fold(float[] s) {
        double a = 0;
        double b = 0;
        double c = 0;
        double d = 0;
        for (int i = 0; i < LANES; i += 4) {
            a += s[i];
            b += s[i + 1];
            c += s[i + 2];
            d += s[i + 3];
        }
        return (a + b) + (c + d);
    }
}
