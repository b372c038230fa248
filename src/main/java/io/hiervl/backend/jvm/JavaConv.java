package io.hiervl.backend.jvm;

import io.hiervl.backend.ConvShape;
import io.hiervl.backend.Matmul;
import io.hiervl.backend.Operand;
import io.hiervl.tensor.Tensor;

/**
 * Convolution as matrix products over unfolded patches ("im2col"), a strip of output rows at a time so that the working
 * memory stays bounded.
 */
final class JavaConv {
    private static final long STRIP = 1 << 22;

    private JavaConv() {
    }

    private static boolean pointwise(ConvShape s) {
        return s.kh() == 1 && s.kw() == 1 && s.stride() == 1 && s.padding() == 0;
    }

    private static int stripRows(ConvShape s) {
        long perRow = (long) s.in() * s.kh() * s.kw() * s.outWidth();
        return (int) Math.max(1, Math.min(s.outHeight(), STRIP / perRow));
    }

    static void forward(JavaProductKernels k, ConvShape s, Tensor x, Tensor w, Tensor y) {
        int depth = s.in() * s.kh() * s.kw();
        int plane = s.outHeight() * s.outWidth();
        if (pointwise(s)) {
            Operand xs = new Operand(x, 0, (long) s.in() * plane, 0, plane, 1);
            Operand ys = new Operand(y, 0, (long) s.out() * plane, 0, plane, 1);
            k.matmul(Matmul.batched(s.batch(), 1, s.out(), s.in(), plane), Operand.matrix(w, depth), xs, ys);
            return;
        }
        int strip = stripRows(s);
        Tensor columns = Scratch.get("conv", x.type(), (long) depth * strip * s.outWidth());
        for (int b = 0; b < s.batch(); b++) {
            for (int r = 0; r < s.outHeight(); r += strip) {
                int rows = Math.min(strip, s.outHeight() - r);
                int n = rows * s.outWidth();
                unfold(s, x, b, r, rows, columns);
                Operand ys = new Operand(y, (long) b * s.out() * plane + (long) r * s.outWidth(), 0, 0, plane, 1);
                k.matmul(Matmul.of(s.out(), depth, n), Operand.matrix(w, depth), Operand.matrix(columns, n), ys);
            }
        }
    }

    static void weightGradient(JavaProductKernels k, ConvShape s, Tensor x, Tensor g, Tensor dw) {
        int depth = s.in() * s.kh() * s.kw();
        int plane = s.outHeight() * s.outWidth();
        int strip = pointwise(s) ? s.outHeight() : stripRows(s);
        Tensor columns = pointwise(s) ? null : Scratch.get("conv", x.type(), (long) depth * strip * s.outWidth());
        boolean first = true;
        for (int b = 0; b < s.batch(); b++) {
            for (int r = 0; r < s.outHeight(); r += strip) {
                int rows = Math.min(strip, s.outHeight() - r);
                int n = rows * s.outWidth();
                Operand patches;
                if (pointwise(s)) {
                    patches = new Operand(x, (long) b * s.in() * plane, 0, 0, 1, plane);
                } else {
                    unfold(s, x, b, r, rows, columns);
                    patches = Operand.transposed(columns, n);
                }
                Operand gs = new Operand(g, (long) b * s.out() * plane + (long) r * s.outWidth(), 0, 0, plane, 1);
                k.matmul(Matmul.of(s.out(), n, depth).accumulating(!first), gs, patches, Operand.matrix(dw, depth));
                first = false;
            }
        }
    }

    static void inputGradient(JavaProductKernels k, ConvShape s, Tensor w, Tensor g, Tensor dx) {
        int depth = s.in() * s.kh() * s.kw();
        int plane = s.outHeight() * s.outWidth();
        if (pointwise(s)) {
            Operand gs = new Operand(g, 0, (long) s.out() * plane, 0, plane, 1);
            Operand xs = new Operand(dx, 0, (long) s.in() * plane, 0, plane, 1);
            k.matmul(Matmul.batched(s.batch(), 1, s.in(), s.out(), plane), Operand.transposed(w, depth), gs, xs);
            return;
        }
        Slab.of(dx).fill(0, s.batch() * s.in() * s.height() * s.width(), 0);
        int strip = stripRows(s);
        Tensor columns = Scratch.get("conv", g.type(), (long) depth * strip * s.outWidth());
        for (int b = 0; b < s.batch(); b++) {
            for (int r = 0; r < s.outHeight(); r += strip) {
                int rows = Math.min(strip, s.outHeight() - r);
                int n = rows * s.outWidth();
                Operand gs = new Operand(g, (long) b * s.out() * plane + (long) r * s.outWidth(), 0, 0, plane, 1);
                k.matmul(Matmul.of(depth, s.out(), n), Operand.transposed(w, depth), gs, Operand.matrix(columns, n));
                fold(s, columns, b, r, rows, dx);
            }
        }
    }

    /** columns ((in,kh,kw), rows*outWidth) of output rows first..first+rows-1. */
    private static void unfold(ConvShape s, Tensor x, int b, int first, int rows, Tensor columns) {
        Slab in = Slab.of(x);
        Slab out = Slab.of(columns);
        int ow = s.outWidth();
        Parallel.forRange((long) s.in() * s.kh(), 4, (from, to) -> {
            double[] line = new double[s.width()];
            double[] result = new double[ow];
            for (int ck = from; ck < to; ck++) {
                int c = ck / s.kh();
                int ky = ck % s.kh();
                for (int r = 0; r < rows; r++) {
                    int y = (first + r) * s.stride() - s.padding() + ky;
                    boolean inside = y >= 0 && y < s.height();
                    if (inside) {
                        in.get(((b * s.in() + c) * s.height() + y) * s.width(), line, 0, s.width());
                    }
                    for (int kx = 0; kx < s.kw(); kx++) {
                        for (int i = 0; i < ow; i++) {
                            int xx = i * s.stride() - s.padding() + kx;
                            result[i] = inside && xx >= 0 && xx < s.width() ? line[xx] : 0;
                        }
                        out.put(((ck * s.kw() + kx) * rows + r) * ow, result, 0, ow);
                    }
                }
            }
        });
    }

    /** Adds the columns to the image: the transpose of {@link #unfold}. */
    private static void fold(ConvShape s, Tensor columns, int b, int first, int rows, Tensor dx) {
        Slab in = Slab.of(columns);
        Slab out = Slab.of(dx);
        int ow = s.outWidth();
        Parallel.forRange(s.in(), 4, (from, to) -> {
            double[] line = new double[s.width()];
            double[] g = new double[ow];
            for (int c = from; c < to; c++) {
                for (int ky = 0; ky < s.kh(); ky++) {
                    for (int r = 0; r < rows; r++) {
                        int y = (first + r) * s.stride() - s.padding() + ky;
                        if (y < 0 || y >= s.height()) {
                            continue;
                        }
                        int at = ((b * s.in() + c) * s.height() + y) * s.width();
                        out.get(at, line, 0, s.width());
                        for (int kx = 0; kx < s.kw(); kx++) {
                            in.get((((c * s.kh() + ky) * s.kw() + kx) * rows + r) * ow, g, 0, ow);
                            for (int i = 0; i < ow; i++) {
                                int xx = i * s.stride() - s.padding() + kx;
                                if (xx >= 0 && xx < s.width()) {
                                    line[xx] += g[i];
                                }
                            }
                        }
                        out.put(at, line, 0, s.width());
                    }
                }
            }
        });
    }
}
