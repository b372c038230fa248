package io.hiervl.op.kernel;

/**
 * Multi-scale deformable attention in single precision (Deformable DETR, ops/functions/ms_deform_attn_func.py; bilinear
 * sampling as torch grid_sample with align_corners False and zero padding). One task per batch item and head works on a
 * contiguous copy of that head's values, so gradients of the values are added without races.
 * {@link DeformableDouble} is the same in double precision.
 */
public final class DeformableFloat {
    private final DeformableShape s;
    private final float[] value;
    private final float[] offsets;
    private final float[] weights;
    private final float[] reference;

    /** Arrays laid out as in {@code Ops.deformableAttention}. */
    public DeformableFloat(DeformableShape shape, float[] value, float[] offsets, float[] weights, float[] reference) {
        this.s = shape;
        this.value = value;
        this.offsets = offsets;
        this.weights = weights;
        this.reference = reference;
    }

    /** Result (B,Q,D). */
    public float[] forward() {
        float[] out = new float[s.batch() * s.queries() * s.width()];
        Parallel.forEach(s.batch() * s.heads(), task -> forward(task / s.heads(), task % s.heads(), out));
        return out;
    }

    private void forward(int b, int head, float[] out) {
        int n = s.headWidth();
        float[] v = gather(value, b, head);
        float[] attention = new float[s.samples()];
        float[] row = new float[n];
        for (int q = 0; q < s.queries(); q++) {
            int sample0 = s.sample0(b, q, head);
            softmax(sample0, attention);
            java.util.Arrays.fill(row, 0);
            int start = 0;
            int k = 0;
            for (int l = 0; l < s.levels(); l++) {
                int h = s.height(l);
                int w = s.width(l);
                float baseX = reference[2 * q] * w - 0.5f;
                float baseY = reference[2 * q + 1] * h - 0.5f;
                for (int p = 0; p < s.points(); p++, k++) {
                    float x = baseX + offsets[2 * (sample0 + k)];
                    float y = baseY + offsets[2 * (sample0 + k) + 1];
                    if (!(x > -1 && y > -1 && x < w && y < h)) {
                        continue;
                    }
                    int x0 = floor(x);
                    int y0 = floor(y);
                    float a = attention[k];
                    float right = x - x0;
                    float low = y - y0;
                    int at = (start + y0 * w + x0) * n;
                    if (x0 >= 0 && y0 >= 0 && x0 + 1 < w && y0 + 1 < h) {
                        addFour(a * (1 - low) * (1 - right), a * (1 - low) * right, a * low * (1 - right), a * low * right, v, at, at + w * n, row, n);
                        continue;
                    }
                    if (y0 >= 0) {
                        if (x0 >= 0) {
                            add(a * (1 - low) * (1 - right), v, at, row, 0, n);
                        }
                        if (x0 + 1 < w) {
                            add(a * (1 - low) * right, v, at + n, row, 0, n);
                        }
                    }
                    if (y0 + 1 < h) {
                        if (x0 >= 0) {
                            add(a * low * (1 - right), v, at + w * n, row, 0, n);
                        }
                        if (x0 + 1 < w) {
                            add(a * low * right, v, at + w * n + n, row, 0, n);
                        }
                    }
                }
                start += h * w;
            }
            System.arraycopy(row, 0, out, (b * s.queries() + q) * s.width() + head * n, n);
        }
    }

    /**
     * Gradients for the cotangent of the result; an array that is null is not computed. The arrays must be zero.
     */
    public void backward(float[] cotangent, float[] dValue, float[] dOffsets, float[] dWeights) {
        Parallel.forEach(s.batch() * s.heads(), task -> backward(task / s.heads(), task % s.heads(), cotangent, dValue, dOffsets, dWeights));
    }

    private void backward(int b, int head, float[] cotangent, float[] dValue, float[] dOffsets, float[] dWeights) {
        int n = s.headWidth();
        float[] v = gather(value, b, head);
        float[] dv = dValue == null ? null : new float[v.length];
        float[] attention = new float[s.samples()];
        float[] dAttention = new float[s.samples()];
        float[] g = new float[n];
        float[] dots = new float[4];
        for (int q = 0; q < s.queries(); q++) {
            int sample0 = s.sample0(b, q, head);
            softmax(sample0, attention);
            System.arraycopy(cotangent, (b * s.queries() + q) * s.width() + head * n, g, 0, n);
            int start = 0;
            int k = 0;
            for (int l = 0; l < s.levels(); l++) {
                int h = s.height(l);
                int w = s.width(l);
                float baseX = reference[2 * q] * w - 0.5f;
                float baseY = reference[2 * q + 1] * h - 0.5f;
                for (int p = 0; p < s.points(); p++, k++) {
                    dAttention[k] = 0;
                    float x = baseX + offsets[2 * (sample0 + k)];
                    float y = baseY + offsets[2 * (sample0 + k) + 1];
                    if (!(x > -1 && y > -1 && x < w && y < h)) {
                        continue;
                    }
                    int x0 = floor(x);
                    int y0 = floor(y);
                    float a = attention[k];
                    float right = x - x0;
                    float low = y - y0;
                    float left = 1 - right;
                    float up = 1 - low;
                    int at = (start + y0 * w + x0) * n;
                    boolean top = y0 >= 0;
                    boolean bottom = y0 + 1 < h;
                    boolean west = x0 >= 0;
                    boolean east = x0 + 1 < w;
                    float d00;
                    float d01;
                    float d10;
                    float d11;
                    if (dv != null && top && bottom && west && east) {
                        four(a * up * left, a * up * right, a * low * left, a * low * right, v, dv, at, at + w * n, g, dots);
                        d00 = dots[0];
                        d01 = dots[1];
                        d10 = dots[2];
                        d11 = dots[3];
                    } else {
                        d00 = top && west ? corner(a * up * left, v, dv, at, g) : 0;
                        d01 = top && east ? corner(a * up * right, v, dv, at + n, g) : 0;
                        d10 = bottom && west ? corner(a * low * left, v, dv, at + w * n, g) : 0;
                        d11 = bottom && east ? corner(a * low * right, v, dv, at + w * n + n, g) : 0;
                    }
                    dAttention[k] = up * (left * d00 + right * d01) + low * (left * d10 + right * d11);
                    if (dOffsets != null) {
                        dOffsets[2 * (sample0 + k)] = a * (up * (d01 - d00) + low * (d11 - d10));
                        dOffsets[2 * (sample0 + k) + 1] = a * (left * (d10 - d00) + right * (d11 - d01));
                    }
                }
                start += h * w;
            }
            if (dWeights != null) {
                float mean = dot(attention, 0, dAttention, s.samples());
                for (int i = 0; i < s.samples(); i++) {
                    dWeights[sample0 + i] = attention[i] * (dAttention[i] - mean);
                }
            }
        }
        if (dv != null) {
            for (int i = 0; i < s.tokens(); i++) {
                System.arraycopy(dv, i * n, dValue, (b * s.tokens() + i) * s.width() + head * n, n);
            }
        }
    }

    /** Math.floor without its detour over doubles. */
    private static int floor(float x) {
        int towardsZero = (int) x;
        return towardsZero > x ? towardsZero - 1 : towardsZero;
    }

    /** Adds the four corners of a sample that lies inside, in one loop: the loops are short, and their start costs most. */
    private static void addFour(float f00, float f01, float f10, float f11, float[] v, int top, int bottom, float[] row, int n) {
        for (int i = 0; i < n; i++) {
            row[i] += f00 * v[top + i] + f01 * v[top + n + i] + f10 * v[bottom + i] + f11 * v[bottom + n + i];
        }
    }

    /** {@link #corner} for all four corners; results in {@code dots}. */
    private static void four(float f00, float f01, float f10, float f11, float[] v, float[] dv, int top, int bottom, float[] g, float[] dots) {
        int n = g.length;
        float d00 = 0;
        float d01 = 0;
        float d10 = 0;
        float d11 = 0;
        for (int i = 0; i < n; i++) {
            float c = g[i];
            d00 += v[top + i] * c;
            d01 += v[top + n + i] * c;
            d10 += v[bottom + i] * c;
            d11 += v[bottom + n + i] * c;
            dv[top + i] += f00 * c;
            dv[top + n + i] += f01 * c;
            dv[bottom + i] += f10 * c;
            dv[bottom + n + i] += f11 * c;
        }
        dots[0] = d00;
        dots[1] = d01;
        dots[2] = d10;
        dots[3] = d11;
    }

    /** Adds one corner's share to the gradient of the values; returns the product of corner value and cotangent. */
    private static float corner(float factor, float[] v, float[] dv, int at, float[] g) {
        if (dv != null) {
            add(factor, g, 0, dv, at, g.length);
        }
        return dot(v, at, g, g.length);
    }

    private float[] gather(float[] all, int b, int head) {
        int n = s.headWidth();
        float[] part = new float[s.tokens() * n];
        for (int i = 0; i < s.tokens(); i++) {
            System.arraycopy(all, (b * s.tokens() + i) * s.width() + head * n, part, i * n, n);
        }
        return part;
    }

    private void softmax(int first, float[] result) {
        float max = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < result.length; i++) {
            max = Math.max(max, weights[first + i]);
        }
        float sum = 0;
        for (int i = 0; i < result.length; i++) {
            result[i] = (float) Math.exp(weights[first + i] - max);
            sum += result[i];
        }
        for (int i = 0; i < result.length; i++) {
            result[i] /= sum;
        }
    }

    private static void add(float factor, float[] x, int xi, float[] y, int yi, int n) {
        for (int i = 0; i < n; i++) {
            y[yi + i] += factor * x[xi + i];
        }
    }

    private static float dot(float[] a, int ai, float[] b, int n) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        int i = 0;
        for (; i + 3 < n; i += 4) {
            s0 += a[ai + i] * b[i];
            s1 += a[ai + i + 1] * b[i + 1];
            s2 += a[ai + i + 2] * b[i + 2];
            s3 += a[ai + i + 3] * b[i + 3];
        }
        for (; i < n; i++) {
            s0 += a[ai + i] * b[i];
        }
        return s0 + s1 + s2 + s3;
    }
}
