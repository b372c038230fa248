package io.hiervl.op;

import io.hiervl.op.kernel.JavaKernels;
import io.hiervl.op.kernel.KernelChoice;
import io.hiervl.op.kernel.Parallel;
import io.hiervl.op.kernel.Scratch;
import io.hiervl.op.kernel.Slab;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Sums that are cut into parts independent of the number of threads, so that results are reproducible. */
final class Reductions {
    private static final int TASK = 32_768;

    private Reductions() {
    }

    /** target (columns) = sum of the rows of a (rows, columns). */
    static void columnSums(INDArray a, int rows, int columns, INDArray target) {
        if (KernelChoice.of(a).columnSums(a, rows, columns, target)) {
            return;
        }
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
        JavaKernels.putSum(parts, target, columns);
    }

    /** Whether an element is not a number; also true where infinities of both signs meet. */
    static boolean anyNaN(INDArray x) {
        int rows = (int) (x.length() / x.size(x.rank() - 1));
        INDArray sums = Scratch.get("nan", x.dataType(), rows);
        if (KernelChoice.of(x).rowSums(x, rows, x.size(x.rank() - 1), sums)) {
            return Double.isNaN(sum(Slab.of(sums), 0, rows));
        }
        return Double.isNaN(sum(Slab.of(x), 0, (int) x.length()));
    }

    /** Sum of n elements. */
    static double sum(Slab in, int at, int n) {
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
    static void channelSums(INDArray a, int batch, int channels, int plane, INDArray target) {
        double[] sums = new double[channels];
        INDArray parts = Scratch.get("channel-sums", a.dataType(), (long) batch * channels);
        if (KernelChoice.of(a).rowSums(a, (long) batch * channels, plane, parts)) {
            double[] all = new double[batch * channels];
            Slab.of(parts).get(0, all, 0, all.length);
            for (int i = 0; i < all.length; i++) {
                sums[i % channels] += all[i];
            }
            Slab.of(target).put(0, sums, 0, channels);
            return;
        }
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
