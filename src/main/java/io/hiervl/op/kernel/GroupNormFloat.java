package io.hiervl.op.kernel;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Group norm of FLOAT arrays (B,C,plane): statistics are added up in double precision, everything else is single precision
 * and one visit to memory.
 *
 * @param batch    B
 * @param groups   groups of neighbouring channels
 * @param perGroup channels of a group
 * @param plane    elements of a channel
 * @param eps      added to the variance
 */
public record GroupNormFloat(int batch, int groups, int perGroup, int plane, double eps) {
    private static final ThreadLocal<float[][]> ROWS = ThreadLocal.withInitial(() -> new float[2][0]);

    private int row() {
        return perGroup * plane;
    }

    private float[] buffer(int which) {
        float[][] rows = ROWS.get();
        if (rows[which].length < row()) {
            rows[which] = new float[row()];
        }
        return rows[which];
    }

    private void forGroups(Parallel.Range body) {
        Parallel.forRange((long) batch * groups, Math.max(1, 32_768 / row()), body);
    }

    /** Mean and 1 / standard deviation of a row. */
    private double[] statistics(float[] x) {
        int n = row();
        double mean = FloatLoops.sum(x, 0, n) / n;
        float shift = (float) mean;
        // the mean as it was rounded: the variance is that of the values which are shifted by it
        double rest = mean - shift;
        double variance = FloatLoops.dot(x, 0, shift, x, 0, shift, n) / n - rest * rest;
        return new double[] {mean, 1 / Math.sqrt(variance + eps)};
    }

    /** y = normalised x * gamma + beta, gamma and beta (C). */
    public void forward(INDArray x, INDArray gamma, INDArray beta, INDArray y) {
        Slab in = Slab.of(x);
        Slab out = Slab.of(y);
        float[] scale = Staging.floats(gamma);
        float[] shift = Staging.floats(beta);
        forGroups((from, to) -> {
            float[] v = buffer(0);
            for (int r = from; r < to; r++) {
                in.get(r * row(), v, 0, row());
                double[] s = statistics(v);
                for (int c = 0; c < perGroup; c++) {
                    int channel = r % groups * perGroup + c;
                    double factor = s[1] * scale[channel];
                    FloatLoops.affine(v, c * plane, plane, (float) factor, (float) (shift[channel] - s[0] * factor));
                }
                out.put(r * row(), v, 0, row());
            }
        });
    }

    /** Gradients for the cotangent g; each target may be null. */
    public void backward(INDArray x, INDArray gamma, INDArray g, INDArray dx, INDArray dGamma, INDArray dBeta) {
        Slab in = Slab.of(x);
        Slab cotangent = Slab.of(g);
        Slab out = dx == null ? null : Slab.of(dx);
        float[] scale = Staging.floats(gamma);
        double[][] scales = new double[batch][groups * perGroup];
        double[][] shifts = new double[batch][groups * perGroup];
        forGroups((from, to) -> {
            float[] v = buffer(0);
            float[] d = buffer(1);
            for (int r = from; r < to; r++) {
                in.get(r * row(), v, 0, row());
                cotangent.get(r * row(), d, 0, row());
                double[] s = statistics(v);
                double sum = 0;
                double dot = 0;
                for (int c = 0; c < perGroup; c++) {
                    int channel = r % groups * perGroup + c;
                    double plain = FloatLoops.sum(d, c * plane, plane);
                    double product = (FloatLoops.dot(v, c * plane, (float) s[0], d, c * plane, 0, plane) - (s[0] - (float) s[0]) * plain) * s[1];
                    shifts[r / groups][channel] = plain;
                    scales[r / groups][channel] = product;
                    sum += plain * scale[channel];
                    dot += product * scale[channel];
                }
                if (out != null) {
                    // dx = inverse (gamma g - mean(gamma g) - normalised x mean(gamma g normalised x))
                    double byX = -s[1] * s[1] * dot / row();
                    double constant = -s[1] * sum / row() - byX * s[0];
                    for (int c = 0; c < perGroup; c++) {
                        combine(v, d, c * plane, (float) byX, (float) (s[1] * scale[r % groups * perGroup + c]), (float) constant);
                    }
                    out.put(r * row(), d, 0, row());
                }
            }
        });
        JavaKernels.putSum(scales, dGamma, groups * perGroup);
        JavaKernels.putSum(shifts, dBeta, groups * perGroup);
    }

    private void combine(float[] x, float[] d, int at, float byX, float byD, float constant) {
        for (int i = at; i < at + plane; i++) {
            d[i] = byD * d[i] + (byX * x[i] + constant);
        }
    }
}
