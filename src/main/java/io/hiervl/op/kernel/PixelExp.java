package io.hiervl.op.kernel;

import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The softmax over the classes of FLOAT score maps z (B,K,...) in pieces of pixels, with the exponentials of all pixels
 * computed at once by the kernels.
 */
final class PixelExp {
    private static final int PIECE = 1024;

    private final INDArray z;
    private final int classes;
    private final int plane;
    private final double factor;
    /** exp(factor z - max), laid out as z. */
    private final INDArray exp;
    /** Largest factor z of each pixel, and the sum of the exponentials. */
    private final float[] max;
    private final float[] sum;

    private PixelExp(INDArray z, double factor) {
        this.z = z;
        this.classes = (int) z.size(1);
        this.plane = (int) (z.length() / z.size(0) / classes);
        this.factor = factor;
        this.exp = Scratch.get("pixel-exp", DataType.FLOAT, z.length());
        this.max = new float[(int) z.size(0) * plane];
        this.sum = new float[max.length];
    }

    /** The softmax of factor z, or null if these kernels have no fast exponential. */
    static PixelExp of(INDArray z, double factor) {
        Kernels kernels = KernelChoice.of(z);
        if (z.dataType() != DataType.FLOAT || !kernels.preferProducts()) {
            return null;
        }
        PixelExp p = new PixelExp(z, factor);
        p.subtractMax();
        kernels.map(Kernels.Function.EXP, p.exp, p.exp, z.length());
        p.addUp();
        return p;
    }

    /** A piece of neighbouring pixels of one image. */
    final class Piece {
        /** Index of the first pixel in (B,H,W). */
        final int first;
        final int n;
        /** Scores (K,n) times the factor; filled by {@link #readScores}. */
        final float[][] scores = new float[classes][PIECE];
        /** Exponentials (K,n); filled by {@link #readExp}. */
        final float[][] exps = new float[classes][PIECE];

        private Piece(int first, int n) {
            this.first = first;
            this.n = n;
        }

        private int position(int k) {
            return (first / plane * classes + k) * plane + first % plane;
        }

        private void read(INDArray from, float[][] to) {
            Slab slab = Slab.of(from);
            for (int k = 0; k < classes; k++) {
                slab.get(position(k), to[k], 0, n);
            }
        }

        float[][] readScores() {
            read(z, scores);
            float f = (float) factor;
            for (float[] row : scores) {
                for (int i = 0; i < n; i++) {
                    row[i] *= f;
                }
            }
            return scores;
        }

        float[][] readExp() {
            read(exp, exps);
            return exps;
        }

        void write(float[][] rows, INDArray to) {
            Slab slab = Slab.of(to);
            for (int k = 0; k < classes; k++) {
                slab.put(position(k), rows[k], 0, n);
            }
        }

        float max(int i) {
            return max[first + i];
        }

        float sum(int i) {
            return sum[first + i];
        }
    }

    interface Body {
        void run(Piece piece, int part);
    }

    private int perImage() {
        return (plane + PIECE - 1) / PIECE;
    }

    /** Number of pieces. */
    int pieces() {
        return max.length / plane * perImage();
    }

    /** Runs the body for every piece. */
    void forPieces(Body body) {
        int per = perImage();
        Parallel.forEach(pieces(), p -> {
            int at = p % per * PIECE;
            body.run(new Piece(p / per * plane + at, Math.min(PIECE, plane - at)), p);
        });
    }

    private void subtractMax() {
        forPieces((piece, part) -> {
            float[][] v = piece.readScores();
            float[] m = new float[piece.n];
            Arrays.fill(m, Float.NEGATIVE_INFINITY);
            for (float[] row : v) {
                for (int i = 0; i < m.length; i++) {
                    m[i] = Math.max(m[i], row[i]);
                }
            }
            for (float[] row : v) {
                for (int i = 0; i < m.length; i++) {
                    row[i] -= m[i];
                }
            }
            piece.write(v, exp);
            System.arraycopy(m, 0, max, piece.first, m.length);
        });
    }

    private void addUp() {
        forPieces((piece, part) -> {
            float[] s = new float[piece.n];
            for (float[] row : piece.readExp()) {
                for (int i = 0; i < s.length; i++) {
                    s[i] += row[i];
                }
            }
            System.arraycopy(s, 0, sum, piece.first, s.length);
        });
    }
}
