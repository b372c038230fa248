package io.hiervl.backend.jvm;

import io.hiervl.backend.HostMath;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Tensor;
import java.util.Arrays;

/**
 * The softmax over the classes of FLOAT score maps z (B,K,...), in pieces of pixels that stay in the cache; the exponentials
 * of a piece are computed at once by the kernels.
 */
final class PixelExp {
    /** Scores of a piece, 256 kB of them. */
    private static final int SCORES = 65_536;
    private static final int MOST = 4096;
    private static final int FEWEST = 64;
    private static final ThreadLocal<Rows> ROWS = ThreadLocal.withInitial(() -> new Rows(0, 0));

    private final HostMath math;
    private final Tensor z;
    private final int images;
    private final int classes;
    private final int plane;
    private final float factor;
    private final int most;

    private PixelExp(HostMath math, Tensor z, double factor) {
        this.math = math;
        this.z = z;
        this.images = (int) z.size(0);
        this.classes = (int) z.size(1);
        this.plane = (int) (z.length() / images / classes);
        this.factor = (float) factor;
        this.most = Math.max(FEWEST, Math.min(MOST, SCORES / classes / FEWEST * FEWEST));
    }

    /** The softmax of factor z, or null if these kernels have no fast exponential. */
    static PixelExp of(HostMath math, Tensor z, double factor) {
        return z.type() != ElementType.FLOAT || !math.hasFastExp(z.type()) ? null : new PixelExp(math, z, factor);
    }

    /** What a thread works on. */
    private static final class Rows {
        final float[][] scores;
        final float[][] exps;
        final float[] max;
        final float[] sum;

        Rows(int classes, int pixels) {
            scores = new float[classes][pixels];
            exps = new float[classes][pixels];
            max = new float[pixels];
            sum = new float[pixels];
        }
    }

    /** Neighbouring pixels of one image; its arrays are valid while the body runs and may be longer than {@link #n}. */
    final class Piece {
        /** Index of the first pixel in (B,H,W). */
        final int first;
        final int n;
        private final Rows rows;

        private Piece(int first, int n, Rows rows) {
            this.first = first;
            this.n = n;
            this.rows = rows;
        }

        private int position(int k) {
            return (first / plane * classes + k) * plane + first % plane;
        }

        /** factor z (K,n). */
        float[][] scores() {
            return rows.scores;
        }

        /** exp(factor z - max) (K,n). */
        float[][] exps() {
            return rows.exps;
        }

        /** Largest factor z of each pixel. */
        float[] max() {
            return rows.max;
        }

        /** Sum of the exponentials. */
        float[] sum() {
            return rows.sum;
        }

        void write(float[][] from, Slab to) {
            for (int k = 0; k < classes; k++) {
                to.put(position(k), from[k], 0, n);
            }
        }

        private void compute(Slab in) {
            float[] max = rows.max;
            Arrays.fill(max, 0, n, Float.NEGATIVE_INFINITY);
            for (int k = 0; k < classes; k++) {
                in.get(position(k), rows.scores[k], 0, n);
                if (factor != 1) {
                    scale(rows.scores[k], factor, n);
                }
                largest(rows.scores[k], max, n);
            }
            Tensor all = Scratch.get("pixel-exp", ElementType.FLOAT, (long) classes * n);
            Slab slab = Slab.of(all);
            for (int k = 0; k < classes; k++) {
                subtract(rows.scores[k], max, rows.exps[k], n);
                slab.put(k * n, rows.exps[k], 0, n);
            }
            math.exp(all, all, (long) classes * n);
            Arrays.fill(rows.sum, 0, n, 0);
            for (int k = 0; k < classes; k++) {
                slab.get(k * n, rows.exps[k], 0, n);
                add(rows.exps[k], rows.sum, n);
            }
        }
    }

    private static void scale(float[] x, float factor, int n) {
        for (int i = 0; i < n; i++) {
            x[i] *= factor;
        }
    }

    private static void largest(float[] x, float[] max, int n) {
        for (int i = 0; i < n; i++) {
            max[i] = Math.max(max[i], x[i]);
        }
    }

    private static void subtract(float[] x, float[] max, float[] y, int n) {
        for (int i = 0; i < n; i++) {
            y[i] = x[i] - max[i];
        }
    }

    private static void add(float[] x, float[] sum, int n) {
        for (int i = 0; i < n; i++) {
            sum[i] += x[i];
        }
    }

    interface Body {
        void run(Piece piece, int part);
    }

    private int perImage() {
        return (plane + most - 1) / most;
    }

    /** Number of pieces. */
    int pieces() {
        return images * perImage();
    }

    private Rows rows() {
        Rows rows = ROWS.get();
        if (rows.scores.length < classes || rows.max.length < most) {
            rows = new Rows(classes, most);
            ROWS.set(rows);
        }
        return rows;
    }

    /** Runs the body for every piece. */
    void forPieces(Body body) {
        int per = perImage();
        Slab in = Slab.of(z);
        Parallel.forEach(pieces(), p -> {
            int at = p % per * most;
            Piece piece = new Piece(p / per * plane + at, Math.min(most, plane - at), rows());
            piece.compute(in);
            body.run(piece, p);
        });
    }

    int classes() {
        return classes;
    }
}
