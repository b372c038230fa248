package io.hiervl.backend.jvm;

import io.hiervl.backend.DeformableShape;
import io.hiervl.tensor.Staging;
import io.hiervl.tensor.Tensor;
import java.util.Arrays;

/**
 * Multi-scale deformable attention in single precision (Deformable DETR, ops/functions/ms_deform_attn_func.py; bilinear
 * sampling as torch grid_sample with align_corners False and zero padding), on weights that sum to 1. One task per batch item and head
 * works on copies of that head's values, so gradients of the values are added without races. Every token is a Java array of its own:
 * the compiler makes vector instructions only of loops in which all arrays have the same index.
 * {@link DeformableDouble} is the definition in double precision. Forward and backward pass walk over the samples in code of their own:
 * places and shares of the corners, computed once for both and kept in arrays, made the forward pass a third slower.
 */
final class DeformableFloat {
    /** Copies of values, and of their gradients, that a thread keeps. */
    private static final ThreadLocal<float[][][]> TOKENS = ThreadLocal.withInitial(() -> new float[2][0][0]);

    private final DeformableShape s;
    private final Slab value;
    private final Slab offsets;
    private final Slab attention;
    private final float[] reference;

    /**
     * Arrays laid out as in {@code Ops.deformableAttention}.
     *
     * @param attention the weights after the softmax over a query's samples
     */
    DeformableFloat(DeformableShape shape, Tensor value, Tensor offsets, Tensor attention, Tensor reference) {
        this.s = shape;
        this.value = Slab.of(value);
        this.offsets = Slab.of(offsets);
        this.attention = Slab.of(attention);
        this.reference = Staging.floats(reference);
    }

    private float[][] tokens(int slot) {
        float[][][] kept = TOKENS.get();
        if (kept[slot].length < s.tokens() || kept[slot].length > 0 && kept[slot][0].length != s.headWidth()) {
            kept[slot] = new float[s.tokens()][s.headWidth()];
        }
        return kept[slot];
    }

    private float[][] values(int b, int head) {
        float[][] v = tokens(0);
        for (int i = 0; i < s.tokens(); i++) {
            value.get((b * s.tokens() + i) * s.width() + head * s.headWidth(), v[i], 0, s.headWidth());
        }
        return v;
    }

    /** Writes the result (B,Q,D). */
    void forward(Tensor result) {
        Slab out = Slab.of(result);
        Parallel.forEach(s.batch() * s.heads(), task -> forward(task / s.heads(), task % s.heads(), out));
    }

    private void forward(int b, int head, Slab out) {
        int n = s.headWidth();
        float[][] v = values(b, head);
        float[] at = new float[2 * s.samples()];
        float[] weight = new float[s.samples()];
        float[] row = new float[n];
        for (int q = 0; q < s.queries(); q++) {
            int sample0 = s.sample0(b, q, head);
            offsets.get(2 * sample0, at, 0, at.length);
            attention.get(sample0, weight, 0, weight.length);
            Arrays.fill(row, 0);
            int start = 0;
            int k = 0;
            for (int l = 0; l < s.levels(); l++) {
                int h = s.height(l);
                int w = s.width(l);
                float baseX = reference[2 * q] * w - 0.5f;
                float baseY = reference[2 * q + 1] * h - 0.5f;
                for (int p = 0; p < s.points(); p++, k++) {
                    float x = baseX + at[2 * k];
                    float y = baseY + at[2 * k + 1];
                    if (!(x > -1 && y > -1 && x < w && y < h)) {
                        continue;
                    }
                    int x0 = floor(x);
                    int y0 = floor(y);
                    float a = weight[k];
                    float right = x - x0;
                    float low = y - y0;
                    int token = start + y0 * w + x0;
                    boolean top = y0 >= 0;
                    boolean bottom = y0 + 1 < h;
                    boolean west = x0 >= 0;
                    boolean east = x0 + 1 < w;
                    if (top && bottom && west && east) {
                        addFour(a * (1 - low) * (1 - right), a * (1 - low) * right, a * low * (1 - right), a * low * right,
                            v[token], v[token + 1], v[token + w], v[token + w + 1], row);
                        continue;
                    }
                    if (top && west) {
                        add(a * (1 - low) * (1 - right), v[token], row);
                    }
                    if (top && east) {
                        add(a * (1 - low) * right, v[token + 1], row);
                    }
                    if (bottom && west) {
                        add(a * low * (1 - right), v[token + w], row);
                    }
                    if (bottom && east) {
                        add(a * low * right, v[token + w + 1], row);
                    }
                }
                start += h * w;
            }
            out.put((b * s.queries() + q) * s.width() + head * n, row, 0, n);
        }
    }

    /**
     * Writes the gradients for the cotangent of the result; each may be null. {@code dAttention} is that of the weights after the softmax.
     */
    void backward(Tensor cotangent, Tensor dValue, Tensor dOffsets, Tensor dAttention) {
        Slab g = Slab.of(cotangent);
        Slab toValue = dValue == null ? null : Slab.of(dValue);
        Slab toOffsets = dOffsets == null ? null : Slab.of(dOffsets);
        Slab toAttention = dAttention == null ? null : Slab.of(dAttention);
        Parallel.forEach(s.batch() * s.heads(), task -> backward(task / s.heads(), task % s.heads(), g, toValue, toOffsets, toAttention));
    }

    private void backward(int b, int head, Slab cotangent, Slab dValue, Slab dOffsets, Slab dAttention) {
        int n = s.headWidth();
        float[][] v = values(b, head);
        float[][] dv = dValue == null ? null : tokens(1);
        for (int i = 0; dv != null && i < s.tokens(); i++) {
            Arrays.fill(dv[i], 0);
        }
        float[] at = new float[2 * s.samples()];
        float[] weight = new float[s.samples()];
        float[] dAt = new float[2 * s.samples()];
        float[] dWeight = new float[s.samples()];
        float[] g = new float[n];
        float[] dots = new float[4];
        for (int q = 0; q < s.queries(); q++) {
            int sample0 = s.sample0(b, q, head);
            offsets.get(2 * sample0, at, 0, at.length);
            attention.get(sample0, weight, 0, weight.length);
            cotangent.get((b * s.queries() + q) * s.width() + head * n, g, 0, n);
            Arrays.fill(dAt, 0);
            Arrays.fill(dWeight, 0);
            int start = 0;
            int k = 0;
            for (int l = 0; l < s.levels(); l++) {
                int h = s.height(l);
                int w = s.width(l);
                float baseX = reference[2 * q] * w - 0.5f;
                float baseY = reference[2 * q + 1] * h - 0.5f;
                for (int p = 0; p < s.points(); p++, k++) {
                    float x = baseX + at[2 * k];
                    float y = baseY + at[2 * k + 1];
                    if (!(x > -1 && y > -1 && x < w && y < h)) {
                        continue;
                    }
                    int x0 = floor(x);
                    int y0 = floor(y);
                    float a = weight[k];
                    float right = x - x0;
                    float low = y - y0;
                    float left = 1 - right;
                    float up = 1 - low;
                    int token = start + y0 * w + x0;
                    boolean top = y0 >= 0;
                    boolean bottom = y0 + 1 < h;
                    boolean west = x0 >= 0;
                    boolean east = x0 + 1 < w;
                    if (top && bottom && west && east) {
                        dotFour(g, v[token], v[token + 1], v[token + w], v[token + w + 1], dots);
                        if (dv != null) {
                            spreadFour(a * up * left, a * up * right, a * low * left, a * low * right, g,
                                dv[token], dv[token + 1], dv[token + w], dv[token + w + 1]);
                        }
                    } else {
                        dots[0] = top && west ? corner(a * up * left, v, dv, token, g) : 0;
                        dots[1] = top && east ? corner(a * up * right, v, dv, token + 1, g) : 0;
                        dots[2] = bottom && west ? corner(a * low * left, v, dv, token + w, g) : 0;
                        dots[3] = bottom && east ? corner(a * low * right, v, dv, token + w + 1, g) : 0;
                    }
                    dWeight[k] = up * (left * dots[0] + right * dots[1]) + low * (left * dots[2] + right * dots[3]);
                    dAt[2 * k] = a * (up * (dots[1] - dots[0]) + low * (dots[3] - dots[2]));
                    dAt[2 * k + 1] = a * (left * (dots[2] - dots[0]) + right * (dots[3] - dots[1]));
                }
                start += h * w;
            }
            if (dOffsets != null) {
                dOffsets.put(2 * sample0, dAt, 0, dAt.length);
            }
            if (dAttention != null) {
                dAttention.put(sample0, dWeight, 0, dWeight.length);
            }
        }
        for (int i = 0; dv != null && i < s.tokens(); i++) {
            dValue.put((b * s.tokens() + i) * s.width() + head * n, dv[i], 0, n);
        }
    }

    /** Math.floor without its detour over doubles. */
    private static int floor(float x) {
        int towardsZero = (int) x;
        return towardsZero > x ? towardsZero - 1 : towardsZero;
    }

    private static void addFour(float f00, float f01, float f10, float f11, float[] v00, float[] v01, float[] v10, float[] v11,
                                float[] row) {
        for (int i = 0; i < row.length; i++) {
            row[i] += f00 * v00[i] + f01 * v01[i] + f10 * v10[i] + f11 * v11[i];
        }
    }

    private static void spreadFour(float f00, float f01, float f10, float f11, float[] g, float[] d00, float[] d01, float[] d10,
                                   float[] d11) {
        for (int i = 0; i < g.length; i++) {
            float c = g[i];
            d00[i] += f00 * c;
            d01[i] += f01 * c;
            d10[i] += f10 * c;
            d11[i] += f11 * c;
        }
    }

    /** Products of the cotangent and four corners: sums are not turned into vector instructions, but four run beside each other. */
    private static void dotFour(float[] g, float[] v00, float[] v01, float[] v10, float[] v11, float[] dots) {
        float d00 = 0;
        float d01 = 0;
        float d10 = 0;
        float d11 = 0;
        for (int i = 0; i < g.length; i++) {
            float c = g[i];
            d00 += v00[i] * c;
            d01 += v01[i] * c;
            d10 += v10[i] * c;
            d11 += v11[i] * c;
        }
        dots[0] = d00;
        dots[1] = d01;
        dots[2] = d10;
        dots[3] = d11;
    }

    /** Adds one corner's share to the gradient of the values; returns the product of corner value and cotangent. */
    private static float corner(float factor, float[][] v, float[][] dv, int token, float[] g) {
        if (dv != null) {
            add(factor, g, dv[token]);
        }
        float dot = 0;
        for (int i = 0; i < g.length; i++) {
            dot += v[token][i] * g[i];
        }
        return dot;
    }

    private static void add(float factor, float[] x, float[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] += factor * x[i];
        }
    }
}
