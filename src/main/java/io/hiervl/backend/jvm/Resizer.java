package io.hiervl.backend.jvm;

import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Resize;
import io.hiervl.tensor.Staging;
import io.hiervl.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Resizes the planes of arrays (..., h, w), in the precision of the arrays. Safe for several threads. */
final class Resizer {
    private static final Map<List<Object>, Resizer> CACHE = new ConcurrentHashMap<>();

    private final Interpolation vertical;
    private final Interpolation horizontal;
    private final FloatResizer floats;

    private Resizer(int h, int w, int height, int width, Resize mode) {
        this.vertical = Interpolation.of(h, height, mode);
        this.horizontal = Interpolation.of(w, width, mode);
        this.floats = new FloatResizer(vertical, horizontal);
    }

    /** From h x w to height x width; the mode is one of {@link Interpolation}. */
    static Resizer of(int h, int w, int height, int width, Resize mode) {
        return CACHE.computeIfAbsent(List.of(h, w, height, width, mode), k -> new Resizer(h, w, height, width, mode));
    }

    /** From the size of x to that of y. */
    static Resizer of(Resize mode, Tensor x, Tensor y) {
        return of((int) x.size(2), (int) x.size(3), (int) y.size(2), (int) y.size(3), mode);
    }

    private static int planes(Tensor a) {
        return Math.toIntExact(a.length() / (a.size(a.rank() - 2) * a.size(a.rank() - 1)));
    }

    /** All planes of x into y. */
    void forward(Tensor x, Tensor y) {
        int in = vertical.in() * horizontal.in();
        int out = vertical.out() * horizontal.out();
        if (x.type() == ElementType.FLOAT) {
            Slab from = Slab.of(x);
            Slab to = Slab.of(y);
            Parallel.forEach(planes(x), p -> floats.forward(from, to, p));
            return;
        }
        Parallel.forEach(planes(x), p -> {
            double[] plane = new double[in];
            Staging.read(x, (long) p * in, plane, in);
            Staging.write(forward(plane), out, y, (long) p * out);
        });
    }

    /** One plane. */
    double[] forward(double[] plane) {
        double[] half = new double[vertical.in() * horizontal.out()];
        horizontal.rows(plane, vertical.in(), half);
        double[] result = new double[vertical.out() * horizontal.out()];
        vertical.columns(half, horizontal.out(), result);
        return result;
    }

    /** Adjoint of {@link #forward(Tensor, Tensor)}: cotangents dy of y into dx. */
    void backward(Tensor dy, Tensor dx) {
        int in = vertical.in() * horizontal.in();
        int out = vertical.out() * horizontal.out();
        if (dx.type() == ElementType.FLOAT) {
            Slab from = Slab.of(dy);
            Slab to = Slab.of(dx);
            Parallel.forEach(planes(dx), p -> floats.backward(from, to, p));
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
    void attentionMask(Tensor x, Tensor mask) {
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
