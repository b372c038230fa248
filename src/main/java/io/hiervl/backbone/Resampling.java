package io.hiervl.backbone;

import io.hiervl.graph.Ops;
import io.hiervl.tensor.Activation;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Bicubic resizing of maps in the ways that {@code Ops.resize} does not have, as two matrix products.
 *
 * @param antialias PyTorch's {@code antialias=True}, which is Pillow's bicubic filter: a = -0.5, wider where the map shrinks, weights
 *                  that add up to 1 at the border; else a = -0.75 and the border repeated
 * @param offset    added to the output size in the scale of the coordinates, 0.1 in DINOv2; the number of cells stays
 */
public record Resampling(boolean antialias, double offset) {
    /** Pillow's bicubic, as CLIP's own preprocessing. */
    public static final Resampling PILLOW = new Resampling(true, 0);

    /** Row o (of out) holds the weights of the input cells. */
    public double[][] matrix(int in, int out) {
        double[][] m = new double[out][in];
        double scale = in / (out + offset);
        for (int o = 0; o < out; o++) {
            double centre = (o + 0.5) * scale;
            if (antialias) {
                filter(m[o], centre, Math.max(1, scale));
            } else {
                int x0 = (int) Math.floor(centre - 0.5);
                for (int x = x0 - 1; x <= x0 + 2; x++) {
                    m[o][Math.min(in - 1, Math.max(0, x))] += cubic(Math.abs(centre - 0.5 - x), -0.75);
                }
            }
        }
        return m;
    }

    private static void filter(double[] row, double centre, double width) {
        int from = Math.max(0, (int) (centre - 2 * width + 0.5));
        int to = Math.min(row.length, (int) (centre + 2 * width + 0.5));
        double sum = 0;
        for (int x = from; x < to; x++) {
            row[x] = cubic(Math.abs((x - centre + 0.5) / width), -0.5);
            sum += row[x];
        }
        for (int x = from; x < to; x++) {
            row[x] /= sum;
        }
    }

    private static double cubic(double x, double a) {
        return x <= 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
    }

    /** (B,C,h,w) to (B,C,height,width), differentiable, not rounded to bfloat16. */
    public SDVariable apply(Ops any, SDVariable x, int height, int width) {
        Ops ops = any.exact();
        long[] s = ops.shape(x);
        SDVariable wide = along(ops, x, (int) s[3], width);
        return ops.permute(along(ops, ops.permute(wide, 0, 1, 3, 2), (int) s[2], height), 0, 1, 3, 2);
    }

    /** Resizes the last axis. */
    private SDVariable along(Ops ops, SDVariable x, int in, int out) {
        SDVariable m = ops.constant("resample_" + in + "_" + out, Nd4j.create(matrix(in, out)).castTo(x.dataType()));
        return ops.linear(x, m, null, Activation.NONE);
    }
}
