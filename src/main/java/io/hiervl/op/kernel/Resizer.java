package io.hiervl.op.kernel;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Resizes the planes of arrays (..., h, w): by loops over the few sources of every value, or, where the kernels multiply
 * matrices faster than that, as two products with matrices of the interpolation weights. Safe for several threads.
 */
public final class Resizer {
    private static final Map<List<Integer>, Resizer> CACHE = new ConcurrentHashMap<>();

    private final Interpolation vertical;
    private final Interpolation horizontal;
    /** (H,h) and (w,W). */
    private final INDArray rows;
    private final INDArray columns;

    private Resizer(int h, int w, int height, int width, int mode) {
        this.vertical = Interpolation.of(h, height, mode);
        this.horizontal = Interpolation.of(w, width, mode);
        this.rows = vertical.matrix(false);
        this.columns = horizontal.matrix(true);
    }

    /** From h x w to height x width; the mode is one of {@link Interpolation}. */
    public static Resizer of(int h, int w, int height, int width, int mode) {
        return CACHE.computeIfAbsent(List.of(h, w, height, width, mode), k -> new Resizer(h, w, height, width, mode));
    }

    private static int planes(INDArray a) {
        return Math.toIntExact(a.length() / (a.size(a.rank() - 2) * a.size(a.rank() - 1)));
    }

    /** All planes of x into y. */
    public void forward(INDArray x, INDArray y) {
        int in = vertical.in() * horizontal.in();
        int out = vertical.out() * horizontal.out();
        Kernels kernels = KernelChoice.of(x);
        if (kernels.preferProducts()) {
            int n = planes(x);
            Operand half = half(n, x);
            kernels.matmul(Matmul.of(n * vertical.in(), horizontal.in(), horizontal.out()), Operand.matrix(x, horizontal.in()),
                Operand.matrix(columns, horizontal.out()), Operand.matrix(half.array(), horizontal.out()));
            kernels.matmul(Matmul.batched(n, 1, vertical.out(), vertical.in(), horizontal.out()), Operand.matrix(rows, vertical.in()), half,
                new Operand(y, 0, out, 0, horizontal.out(), 1));
            return;
        }
        Parallel.forEach(planes(x), p -> {
            double[] plane = new double[in];
            Staging.read(x, (long) p * in, plane, in);
            Staging.write(forward(plane), out, y, (long) p * out);
        });
    }

    /** Memory for planes (h, W). */
    private Operand half(int planes, INDArray like) {
        long size = (long) vertical.in() * horizontal.out();
        return new Operand(Scratch.get("resize", like.dataType(), planes * size), 0, size, 0, horizontal.out(), 1);
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
        Kernels kernels = KernelChoice.of(dx);
        if (kernels.preferProducts()) {
            int n = planes(dx);
            Operand half = half(n, dx);
            kernels.matmul(Matmul.batched(n, 1, vertical.in(), vertical.out(), horizontal.out()), Operand.transposed(rows, vertical.in()),
                new Operand(dy, 0, out, 0, horizontal.out(), 1), half);
            kernels.matmul(Matmul.of(n * vertical.in(), horizontal.out(), horizontal.in()), Operand.matrix(half.array(), horizontal.out()),
                Operand.transposed(columns, horizontal.out()), Operand.matrix(dx, horizontal.in()));
            return;
        }
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
        forward(x, mask);
        Slab out = Slab.of(mask);
        int n = vertical.out() * horizontal.out();
        Parallel.forRange(planes(x), Math.max(1, 16_384 / n), (from, to) -> {
            double[] plane = new double[n];
            for (int p = from; p < to; p++) {
                out.get(p * n, plane, 0, n);
                boolean any = false;
                for (int i = 0; i < n; i++) {
                    plane[i] = plane[i] >= 0 ? 1 : 0;
                    any |= plane[i] != 0;
                }
                if (!any) {
                    Arrays.fill(plane, 1);
                }
                out.put(p * n, plane, 0, n);
            }
        });
    }
}
