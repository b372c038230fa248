package io.hiervl.backend.jvm;

import io.hiervl.backend.NormKernels;
import io.hiervl.tensor.Activation;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Tensor;

/** Norms, softmax and point-wise functions in plain Java; sums are made in double. */
abstract class JavaNormKernels extends JavaShapeKernels implements NormKernels {
    /** Elements per task of a parallel loop. */
    private static final int TASK = 16_384;

    static long rowsPerTask(int columns) {
        return Math.max(1, TASK / Math.max(1, columns));
    }

    @Override
    public void softmax(Tensor x, Tensor y, int rows, int columns) {
        Slab in = Slab.of(x);
        Slab out = Slab.of(y);
        Parallel.forRange(rows, rowsPerTask(columns), (from, to) -> {
            double[] row = new double[columns];
            for (int r = from; r < to; r++) {
                in.get(r * columns, row, 0, columns);
                softmax(row, columns);
                out.put(r * columns, row, 0, columns);
            }
        });
    }

    private static void softmax(double[] row, int n) {
        double max = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < n; i++) {
            max = Math.max(max, row[i]);
        }
        double sum = 0;
        for (int i = 0; i < n; i++) {
            row[i] = Math.exp(row[i] - max);
            sum += row[i];
        }
        double scale = 1 / sum;
        for (int i = 0; i < n; i++) {
            row[i] *= scale;
        }
    }

    @Override
    public void softmaxGradient(Tensor y, Tensor g, Tensor dx, int rows, int columns) {
        Slab sy = Slab.of(y);
        Slab sg = Slab.of(g);
        Slab out = Slab.of(dx);
        Parallel.forRange(rows, rowsPerTask(columns), (from, to) -> {
            double[] p = new double[columns];
            double[] d = new double[columns];
            for (int r = from; r < to; r++) {
                sy.get(r * columns, p, 0, columns);
                sg.get(r * columns, d, 0, columns);
                double dot = 0;
                for (int i = 0; i < columns; i++) {
                    dot += p[i] * d[i];
                }
                for (int i = 0; i < columns; i++) {
                    d[i] = p[i] * (d[i] - dot);
                }
                out.put(r * columns, d, 0, columns);
            }
        });
    }

    @Override
    public void layerNorm(Tensor x, Tensor gamma, Tensor beta, Tensor y, int rows, int columns, double eps) {
        Slab in = Slab.of(x);
        Slab out = Slab.of(y);
        double[] scale = vector(gamma, columns);
        double[] shift = vector(beta, columns);
        Parallel.forRange(rows, rowsPerTask(columns), (from, to) -> {
            double[] row = new double[columns];
            for (int r = from; r < to; r++) {
                in.get(r * columns, row, 0, columns);
                normalize(row, columns, eps);
                for (int i = 0; i < columns; i++) {
                    row[i] = row[i] * scale[i] + shift[i];
                }
                out.put(r * columns, row, 0, columns);
            }
        });
    }

    /** Makes mean 0 and variance 1 in place; returns 1 / sqrt(variance + eps). */
    public static double normalize(double[] row, int n, double eps) {
        double mean = 0;
        for (int i = 0; i < n; i++) {
            mean += row[i];
        }
        mean /= n;
        double variance = 0;
        for (int i = 0; i < n; i++) {
            double d = row[i] - mean;
            variance += d * d;
        }
        double inverse = 1 / Math.sqrt(variance / n + eps);
        for (int i = 0; i < n; i++) {
            row[i] = (row[i] - mean) * inverse;
        }
        return inverse;
    }

    /** Gradient of {@link #normalize}: d holds that of the normalised row, and afterwards that of the row. */
    public static void normalizeGradient(double[] normalized, double[] d, int n, double inverse) {
        double sum = 0;
        double dot = 0;
        for (int i = 0; i < n; i++) {
            sum += d[i];
            dot += d[i] * normalized[i];
        }
        sum /= n;
        dot /= n;
        for (int i = 0; i < n; i++) {
            d[i] = inverse * (d[i] - sum - normalized[i] * dot);
        }
    }

    @Override
    public void layerNormGradient(Tensor x, Tensor gamma, Tensor g, Tensor dx, Tensor dGamma, Tensor dBeta, int rows,
                                  int columns, double eps) {
        Slab in = Slab.of(x);
        Slab cotangent = Slab.of(g);
        Slab out = dx == null ? null : Slab.of(dx);
        double[] scale = vector(gamma, columns);
        long grain = Math.max(rowsPerTask(columns), rows / 64);
        double[][] partScale = new double[Parallel.parts(rows, grain)][];
        double[][] partShift = new double[partScale.length][];
        Parallel.forParts(rows, grain, (part, from, to) -> {
            double[] sumScale = new double[columns];
            double[] sumShift = new double[columns];
            double[] row = new double[columns];
            double[] d = new double[columns];
            for (int r = from; r < to; r++) {
                in.get(r * columns, row, 0, columns);
                double inverse = normalize(row, columns, eps);
                cotangent.get(r * columns, d, 0, columns);
                for (int i = 0; i < columns; i++) {
                    sumShift[i] += d[i];
                    sumScale[i] += d[i] * row[i];
                    d[i] *= scale[i];
                }
                if (out != null) {
                    normalizeGradient(row, d, columns, inverse);
                    out.put(r * columns, d, 0, columns);
                }
            }
            partScale[part] = sumScale;
            partShift[part] = sumShift;
        });
        putSum(partScale, dGamma, columns);
        putSum(partShift, dBeta, columns);
    }

    /** Adds up the parts in their order and stores the sum, if anybody wants it. */
    public static void putSum(double[][] parts, Tensor target, int n) {
        if (target == null) {
            return;
        }
        double[] sum = new double[n];
        for (double[] part : parts) {
            for (int i = 0; i < n; i++) {
                sum[i] += part[i];
            }
        }
        Slab.of(target).put(0, sum, 0, n);
    }

    static double[] vector(Tensor a, int n) {
        double[] v = new double[n];
        Slab.of(a).get(0, v, 0, n);
        return v;
    }

    @Override
    public void groupNorm(Tensor x, Tensor gamma, Tensor beta, Tensor y, int groups, double eps) {
        if (x.type() == ElementType.FLOAT) {
            GroupNormFloat.of(x, gamma, groups, eps).forward(x, gamma, beta, y);
        } else {
            GroupNormDouble.of(x, gamma, groups, eps).forward(x, gamma, beta, y);
        }
    }

    @Override
    public void groupNormGradient(Tensor x, Tensor gamma, Tensor g, Tensor dx, Tensor dGamma, Tensor dBeta, int groups, double eps) {
        if (x.type() == ElementType.FLOAT) {
            GroupNormFloat.of(x, gamma, groups, eps).backward(x, gamma, g, dx, dGamma, dBeta);
        } else {
            GroupNormDouble.of(x, gamma, groups, eps).backward(x, gamma, g, dx, dGamma, dBeta);
        }
    }

    @Override
    public void l2Normalize(Tensor x, Tensor y, double eps) {
        UnitRows.run(x, null, y, eps);
    }

    @Override
    public void l2NormalizeGradient(Tensor x, Tensor g, Tensor dx, double eps) {
        UnitRows.run(x, g, dx, eps);
    }

    @Override
    public void activation(Activation activation, Tensor x, Tensor y, int length) {
        Slab in = Slab.of(x);
        Slab out = Slab.of(y);
        Parallel.forRange(length, 8192, (from, to) -> {
            double[] v = new double[to - from];
            in.get(from, v, 0, v.length);
            Activations.apply(activation, v, 0, v.length);
            out.put(from, v, 0, v.length);
        });
    }

    @Override
    public void activationGradient(Activation activation, Tensor x, Tensor g, Tensor dx, int length) {
        Slab in = Slab.of(x);
        Slab cotangent = Slab.of(g);
        Slab out = Slab.of(dx);
        Parallel.forRange(length, 8192, (from, to) -> {
            double[] v = new double[to - from];
            double[] d = new double[to - from];
            in.get(from, v, 0, v.length);
            cotangent.get(from, d, 0, v.length);
            Activations.multiplyByDerivative(activation, v, d, v.length);
            out.put(from, d, 0, v.length);
        });
    }

    @Override
    public void log(Tensor x, Tensor y, double eps) {
        Pointwise.map(x, y, (v, n) -> {
            for (int i = 0; i < n; i++) {
                v[i] = Math.log(v[i] + eps);
            }
        });
    }

    @Override
    public void logGradient(Tensor x, Tensor g, Tensor dx, double eps) {
        Pointwise.zip(x, g, dx, (v, d, n) -> {
            for (int i = 0; i < n; i++) {
                v[i] = d[i] / (v[i] + eps);
            }
        });
    }
}
