package io.hiervl.backend.jvm;

import io.hiervl.backend.DeformableShape;
import io.hiervl.tensor.Staging;
import io.hiervl.tensor.Tensor;

/**
 * Multi-scale deformable attention in double precision, corner by corner as it is defined (Deformable DETR,
 * ops/functions/ms_deform_attn_func.py; bilinear sampling as torch grid_sample with align_corners False and zero padding), on weights that
 * sum to 1. It serves gradient checks; {@link DeformableFloat} computes the same fast.
 */
final class DeformableDouble {
    private final DeformableShape s;
    private final double[] value;
    private final double[] offsets;
    private final double[] attention;
    private final double[] reference;

    /** Arrays as for {@link DeformableFloat}; {@code attention} may be longer, as working memory is. */
    DeformableDouble(DeformableShape shape, Tensor value, Tensor offsets, Tensor attention, Tensor reference) {
        this.s = shape;
        this.value = Staging.doubles(value);
        this.offsets = Staging.doubles(offsets);
        this.attention = Staging.doubles(attention);
        this.reference = Staging.doubles(reference);
    }

    /** One of the up to four tokens around a sample. */
    private interface Corner {
        /**
         * @param sample in arrays (B,Q,heads,levels,points)
         * @param token  of its level and all levels before
         * @param share  of the token in the sample, with its derivatives by the sample's position in pixels
         */
        void at(int sample, int token, double share, double alongX, double alongY);
    }

    private void corners(int b, int q, int head, Corner corner) {
        int sample = s.sample0(b, q, head);
        int start = 0;
        for (int l = 0; l < s.levels(); l++) {
            int h = s.height(l);
            int w = s.width(l);
            for (int p = 0; p < s.points(); p++, sample++) {
                double x = reference[2 * q] * w - 0.5 + offsets[2 * sample];
                double y = reference[2 * q + 1] * h - 0.5 + offsets[2 * sample + 1];
                // false for what is not a number, too
                boolean near = x > -1 && y > -1 && x < w && y < h;
                for (int i = 0; near && i < 4; i++) {
                    int column = (int) Math.floor(x) + i % 2;
                    int row = (int) Math.floor(y) + i / 2;
                    if (column >= 0 && column < w && row >= 0 && row < h) {
                        double acrossX = 1 - Math.abs(x - column);
                        double acrossY = 1 - Math.abs(y - row);
                        corner.at(sample, start + row * w + column, acrossX * acrossY, i % 2 == 0 ? -acrossY : acrossY,
                            i / 2 == 0 ? -acrossX : acrossX);
                    }
                }
            }
            start += h * w;
        }
    }

    /** Position of a token's, or a query's, channels of a head. */
    private int channels(int b, int row, int rows, int head) {
        return (b * rows + row) * s.width() + head * s.headWidth();
    }

    /** Writes the result (B,Q,D). */
    void forward(Tensor result) {
        double[] out = new double[s.batch() * s.queries() * s.width()];
        forHeads((b, head) -> {
            for (int q = 0; q < s.queries(); q++) {
                int to = channels(b, q, s.queries(), head);
                corners(b, q, head, (sample, token, share, alongX, alongY) -> {
                    int from = channels(b, token, s.tokens(), head);
                    for (int i = 0; i < s.headWidth(); i++) {
                        out[to + i] += attention[sample] * share * value[from + i];
                    }
                });
            }
        });
        Staging.write(out, result);
    }

    /** As {@link DeformableFloat#backward}. */
    void backward(Tensor cotangent, Tensor dValue, Tensor dOffsets, Tensor dAttention) {
        double[] g = Staging.doubles(cotangent);
        double[] dv = new double[value.length];
        double[] dOffset = new double[offsets.length];
        double[] dWeight = new double[s.rows() * s.samples()];
        forHeads((b, head) -> {
            for (int q = 0; q < s.queries(); q++) {
                int from = channels(b, q, s.queries(), head);
                corners(b, q, head, (sample, token, share, alongX, alongY) -> {
                    int at = channels(b, token, s.tokens(), head);
                    double a = attention[sample];
                    double dot = 0;
                    for (int i = 0; i < s.headWidth(); i++) {
                        dot += value[at + i] * g[from + i];
                        dv[at + i] += a * share * g[from + i];
                    }
                    dWeight[sample] += share * dot;
                    dOffset[2 * sample] += a * alongX * dot;
                    dOffset[2 * sample + 1] += a * alongY * dot;
                });
            }
        });
        write(dv, dValue);
        write(dOffset, dOffsets);
        write(dWeight, dAttention);
    }

    private static void write(double[] values, Tensor target) {
        if (target != null) {
            Staging.write(values, target);
        }
    }

    private interface Head {
        void run(int b, int head);
    }

    /** Heads write to channels and samples of their own. */
    private void forHeads(Head body) {
        Parallel.forEach(s.batch() * s.heads(), task -> body.run(task / s.heads(), task % s.heads()));
    }
}
