package io.hiervl.backend.jvm;

import io.hiervl.tensor.Tensor;

/** Sums that are cut into parts independent of the number of threads, so that results are reproducible. */
public final class Reductions {
    private static final int TASK = 32_768;

    private Reductions() {
    }

    /** target (columns) = sum of the rows of a (rows, columns). */
    static void columnSums(Tensor a, int rows, int columns, Tensor target) {
        Slab in = Slab.of(a);
        long grain = Math.max(Math.max(1, TASK / columns), rows / 32);
        double[][] parts = new double[Parallel.parts(rows, grain)][];
        Parallel.forParts(rows, grain, (part, from, to) -> {
            double[] sum = new double[columns];
            double[] row = new double[columns];
            for (int r = from; r < to; r++) {
                in.get(r * columns, row, 0, columns);
                for (int i = 0; i < columns; i++) {
                    sum[i] += row[i];
                }
            }
            parts[part] = sum;
        });
        JavaNormKernels.putSum(parts, target, columns);
    }

    /** Sum of n elements. */
    public static double sum(Slab in, int at, int n) {
        double[] row = new double[Math.min(n, 4096)];
        double total = 0;
        for (int done = 0; done < n; done += row.length) {
            int now = Math.min(row.length, n - done);
            in.get(at + done, row, 0, now);
            for (int i = 0; i < now; i++) {
                total += row[i];
            }
        }
        return total;
    }

    /** target (channels) = sum of a (batch, channels, plane) over batch and plane. */
    static void channelSums(Tensor a, int batch, int channels, int plane, Tensor target) {
        double[] sums = new double[channels];
        Slab in = Slab.of(a);
        Parallel.forRange(channels, Math.max(1, TASK / Math.max(1, batch * plane)), (from, to) -> {
            for (int c = from; c < to; c++) {
                for (int b = 0; b < batch; b++) {
                    sums[c] += sum(in, (b * channels + c) * plane, plane);
                }
            }
        });
        Slab.of(target).put(0, sums, 0, channels);
    }
}
