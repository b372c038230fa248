package io.hiervl.backend.jvm;

import io.hiervl.tensor.Staging;
import io.hiervl.tensor.Tensor;

/**
 * Group norm of FLOAT arrays (B,C,plane) in two visits: sums, then values. A group of the network's largest map (512 kB)
 * stays in the second-level cache between the two, and loops work on pieces that stay in the first.
 *
 * @param batch    B
 * @param groups   groups of neighbouring channels
 * @param perGroup channels of a group
 * @param plane    elements of a channel
 * @param eps      added to the variance
 */
public record GroupNormFloat(int batch, int groups, int perGroup, int plane, double eps) {
    /** Elements of a piece. */
    private static final int PIECE = 4096;
    private static final ThreadLocal<FloatMoments> MOMENTS = ThreadLocal.withInitial(FloatMoments::new);

    static GroupNormFloat of(Tensor x, Tensor gamma, int groups, double eps) {
        int batch = (int) x.size(0);
        int channels = (int) gamma.length();
        return new GroupNormFloat(batch, groups, channels / groups, (int) (x.length() / batch / channels), eps);
    }

    private int row() {
        return perGroup * plane;
    }

    private void forGroups(Parallel.Range body) {
        Parallel.forRange((long) batch * groups, Math.max(1, 32_768 / row()), body);
    }

    /** Mean and 1 / standard deviation from the sums of n differences to {@code shift} and of their squares. */
    private double[] statistics(double sum, double squares, double shift) {
        double mean = sum / row();
        return new double[] {mean + shift, 1 / Math.sqrt(Math.max(0, squares / row() - mean * mean) + eps)};
    }

    /** y = normalised x * gamma + beta, gamma and beta (C). */
    public void forward(Tensor x, Tensor gamma, Tensor beta, Tensor y) {
        Slab in = Slab.of(x);
        Slab out = Slab.of(y);
        float[] scale = Staging.floats(gamma);
        float[] shift = Staging.floats(beta);
        forGroups((from, to) -> {
            float[] v = HeapTiles.get(0, PIECE);
            FloatMoments moments = MOMENTS.get();
            for (int r = from; r < to; r++) {
                // differences to some value of the row: the variance of values far from 0 does not cancel
                float origin = (float) in.get(r * row());
                moments.take(in, r * row(), row(), origin);
                double[] s = statistics(moments.sum(), moments.squares(), origin);
                // backwards: what was read last is still in the cache
                for (int c = perGroup - 1; c >= 0; c--) {
                    int channel = r % groups * perGroup + c;
                    double factor = s[1] * scale[channel];
                    normalise(in, out, (r * perGroup + c) * plane, v, (float) factor, (float) (shift[channel] - s[0] * factor));
                }
            }
        });
    }

    private void normalise(Slab in, Slab out, int at, float[] v, float factor, float offset) {
        for (int done = 0; done < plane; done += PIECE) {
            int n = Math.min(PIECE, plane - done);
            in.get(at + done, v, 0, n);
            affine(v, n, factor, offset);
            out.put(at + done, v, 0, n);
        }
    }

    private static void affine(float[] x, int n, float factor, float offset) {
        for (int i = 0; i < n; i++) {
            x[i] = x[i] * factor + offset;
        }
    }

    /** Gradients for the cotangent g; each target may be null. */
    public void backward(Tensor x, Tensor gamma, Tensor g, Tensor dx, Tensor dGamma, Tensor dBeta) {
        Slab in = Slab.of(x);
        Slab cotangent = Slab.of(g);
        Slab out = dx == null ? null : Slab.of(dx);
        float[] scale = Staging.floats(gamma);
        double[][] scales = new double[batch][groups * perGroup];
        double[][] shifts = new double[batch][groups * perGroup];
        forGroups((from, to) -> {
            float[] v = HeapTiles.get(0, PIECE);
            float[] d = HeapTiles.get(1, PIECE);
            FloatMoments moments = MOMENTS.get();
            double[] products = new double[perGroup];
            for (int r = from; r < to; r++) {
                float origin = (float) in.get(r * row());
                double all = 0;
                double squares = 0;
                for (int c = 0; c < perGroup; c++) {
                    moments.take(in, cotangent, (r * perGroup + c) * plane, plane, origin);
                    all += moments.sum();
                    squares += moments.squares();
                    shifts[r / groups][r % groups * perGroup + c] = moments.others();
                    products[c] = moments.products();
                }
                double[] s = statistics(all, squares, origin);
                double sum = 0;
                double dot = 0;
                for (int c = 0; c < perGroup; c++) {
                    int channel = r % groups * perGroup + c;
                    double plain = shifts[r / groups][channel];
                    double product = (products[c] - (s[0] - origin) * plain) * s[1];
                    scales[r / groups][channel] = product;
                    sum += plain * scale[channel];
                    dot += product * scale[channel];
                }
                if (out != null) {
                    // dx = inverse (gamma g - mean(gamma g) - normalised x mean(gamma g normalised x))
                    double byX = -s[1] * s[1] * dot / row();
                    double constant = -s[1] * sum / row() - byX * s[0];
                    for (int c = perGroup - 1; c >= 0; c--) {
                        int at = (r * perGroup + c) * plane;
                        float byD = (float) (s[1] * scale[r % groups * perGroup + c]);
                        for (int done = 0; done < plane; done += PIECE) {
                            int n = Math.min(PIECE, plane - done);
                            in.get(at + done, v, 0, n);
                            cotangent.get(at + done, d, 0, n);
                            combine(v, d, n, (float) byX, byD, (float) constant);
                            out.put(at + done, d, 0, n);
                        }
                    }
                }
            }
        });
        JavaKernels.putSum(scales, dGamma, groups * perGroup);
        JavaKernels.putSum(shifts, dBeta, groups * perGroup);
    }

    private static void combine(float[] x, float[] d, int n, float byX, float byD, float constant) {
        for (int i = 0; i < n; i++) {
            d[i] = byD * d[i] + (byX * x[i] + constant);
        }
    }
}
