package io.hiervl.op.kernel;

import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Resizes the planes of arrays (..., h, w), several planes at a time. */
public final class Resizer {
    private final Interpolation vertical;
    private final Interpolation horizontal;

    /** From h x w to height x width; the mode is one of {@link Interpolation}. */
    public Resizer(int h, int w, int height, int width, int mode) {
        this.vertical = Interpolation.of(h, height, mode);
        this.horizontal = Interpolation.of(w, width, mode);
    }

    private static int planes(INDArray a) {
        return Math.toIntExact(a.length() / (a.size(a.rank() - 2) * a.size(a.rank() - 1)));
    }

    /** All planes of x into y. */
    public void forward(INDArray x, INDArray y) {
        int in = vertical.in() * horizontal.in();
        int out = vertical.out() * horizontal.out();
        Parallel.forEach(planes(x), p -> {
            double[] plane = new double[in];
            Staging.read(x, (long) p * in, plane, in);
            Staging.write(forward(plane), out, y, (long) p * out);
        });
    }

    /** One plane. */
    public double[] forward(double[] plane) {
        double[] half = new double[vertical.in() * horizontal.out()];
        horizontal.rows(plane, vertical.in(), half);
        double[] result = new double[vertical.out() * horizontal.out()];
        vertical.columns(half, horizontal.out(), result);
        return result;
    }

    /** Adjoint of {@link #forward(INDArray, INDArray)}: cotangents dy of y into dx. */
    public void backward(INDArray dy, INDArray dx) {
        int in = vertical.in() * horizontal.in();
        int out = vertical.out() * horizontal.out();
        Parallel.forEach(planes(dx), p -> {
            double[] plane = new double[out];
            Staging.read(dy, (long) p * out, plane, out);
            double[] half = new double[vertical.in() * horizontal.out()];
            vertical.columnsAdjoint(plane, horizontal.out(), half);
            double[] result = new double[in];
            horizontal.rowsAdjoint(half, vertical.in(), result);
            Staging.write(result, in, dx, (long) p * in);
        });
    }

    /** Attention mask of every plane: 1 where the resized value is at least 0; all 1 where that leaves nothing. */
    public void attentionMask(INDArray x, INDArray mask) {
        int in = vertical.in() * horizontal.in();
        int out = vertical.out() * horizontal.out();
        Parallel.forEach(planes(x), p -> {
            double[] plane = new double[in];
            Staging.read(x, (long) p * in, plane, in);
            double[] resized = forward(plane);
            boolean any = false;
            for (int i = 0; i < out; i++) {
                resized[i] = resized[i] >= 0 ? 1 : 0;
                any |= resized[i] != 0;
            }
            if (!any) {
                Arrays.fill(resized, 1);
            }
            Staging.write(resized, out, mask, (long) p * out);
        });
    }
}
