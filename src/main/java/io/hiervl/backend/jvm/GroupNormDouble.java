package io.hiervl.backend.jvm;

import io.hiervl.tensor.Tensor;

/**
 * Group norm in double precision, see {@link GroupNormFloat} for the other.
 *
 * @param batch    B
 * @param groups   number of groups
 * @param perGroup channels of a group
 * @param plane    values of a channel
 * @param eps      added to the variance
 */
record GroupNormDouble(int batch, int groups, int perGroup, int plane, double eps) {
    static GroupNormDouble of(Tensor x, Tensor gamma, int groups, double eps) {
        int batch = (int) x.size(0);
        int channels = (int) gamma.length();
        return new GroupNormDouble(batch, groups, channels / groups, (int) (x.length() / batch / channels), eps);
    }

    void forward(Tensor input, Tensor scales, Tensor shifts, Tensor result) {
        int row = perGroup * plane;
        Slab x = Slab.of(input);
        Slab gamma = Slab.of(scales);
        Slab beta = Slab.of(shifts);
        Slab y = Slab.of(result);
        Parallel.forRange((long) batch * groups, Math.max(1, 16_384 / row), (from, to) -> {
            double[] v = new double[row];
            for (int r = from; r < to; r++) {
                x.get(r * row, v, 0, row);
                JavaNormKernels.normalize(v, row, eps);
                for (int c = 0; c < perGroup; c++) {
                    int channel = r % groups * perGroup + c;
                    double scale = gamma.get(channel);
                    double shift = beta.get(channel);
                    for (int i = c * plane; i < (c + 1) * plane; i++) {
                        v[i] = v[i] * scale + shift;
                    }
                }
                y.put(r * row, v, 0, row);
            }
        });
    }

    void backward(Tensor input, Tensor scaling, Tensor cotangent, Tensor dInput, Tensor dGamma, Tensor dBeta) {
        int row = perGroup * plane;
        int channels = groups * perGroup;
        Slab x = Slab.of(input);
        Slab gamma = Slab.of(scaling);
        Slab g = Slab.of(cotangent);
        Slab dx = dInput == null ? null : Slab.of(dInput);
        // one row of sums per image, added up in order afterwards
        double[][] scales = new double[batch][channels];
        double[][] shifts = new double[batch][channels];
        Parallel.forRange((long) batch * groups, Math.max(1, 16_384 / row), (from, to) -> {
            double[] v = new double[row];
            double[] d = new double[row];
            for (int r = from; r < to; r++) {
                x.get(r * row, v, 0, row);
                g.get(r * row, d, 0, row);
                double inverse = JavaNormKernels.normalize(v, row, eps);
                for (int c = 0; c < perGroup; c++) {
                    int channel = r % groups * perGroup + c;
                    double scale = gamma.get(channel);
                    double sumScale = 0;
                    double sumShift = 0;
                    for (int i = c * plane; i < (c + 1) * plane; i++) {
                        sumShift += d[i];
                        sumScale += d[i] * v[i];
                        d[i] *= scale;
                    }
                    scales[r / groups][channel] = sumScale;
                    shifts[r / groups][channel] = sumShift;
                }
                if (dx != null) {
                    JavaNormKernels.normalizeGradient(v, d, row, inverse);
                    dx.put(r * row, d, 0, row);
                }
            }
        });
        JavaNormKernels.putSum(scales, dGamma, channels);
        JavaNormKernels.putSum(shifts, dBeta, channels);
    }
}
