package io.hiervl.backend.jvm;

import io.hiervl.tensor.Shapes;
import io.hiervl.tensor.Tensor;

/** Copies with changed axes: axis i of the result has length shape[i] and distance step[i] in the source. */
final class Permutation {
    private static final int TILE = 64;

    private Permutation() {
    }

    static void run(Tensor x, Tensor y, long[] shape, long[] step) {
        int last = shape.length - 1;
        if (step[last] == 1) {
            copyRows(x, y, shape, step);
        } else {
            transpose(x, y, shape, step, unitAxis(shape, step));
        }
    }

    /** The longest axis whose elements are neighbours in the source. */
    private static int unitAxis(long[] shape, long[] step) {
        int unit = -1;
        for (int i = 0; i < step.length; i++) {
            if (step[i] == 1 && (unit < 0 || shape[i] > shape[unit])) {
                unit = i;
            }
        }
        if (unit < 0) {
            throw new IllegalArgumentException("no axis has neighbouring elements");
        }
        return unit;
    }

    private static long offset(long outer, long[] shape, long[] step, int skip, int last) {
        long rest = outer;
        long at = 0;
        for (int i = last; i >= 0; i--) {
            if (i != skip) {
                at += rest % shape[i] * step[i];
                rest /= shape[i];
            }
        }
        return at;
    }

    private static void copyRows(Tensor x, Tensor y, long[] shape, long[] step) {
        int rank = shape.length;
        int n = (int) shape[rank - 1];
        Slab in = Slab.of(x);
        Slab out = Slab.of(y);
        Parallel.forRange(Shapes.product(shape) / n, Math.max(1, 32_768 / n), (from, to) -> {
            for (int r = from; r < to; r++) {
                out.copy(r * n, in, (int) offset(r, shape, step, -1, rank - 2), n);
            }
        });
    }

    /** In tiles: lines of the source become columns of a tile, whose rows are lines of the result. */
    private static void transpose(Tensor x, Tensor y, long[] shape, long[] step, int unit) {
        int rank = shape.length;
        int rows = (int) shape[unit];
        int cols = (int) shape[rank - 1];
        int colStep = (int) step[rank - 1];
        int rowStep = (int) Shapes.product(shape, unit + 1, rank);
        long[] resultStep = new long[rank];
        for (int i = 0; i < rank; i++) {
            resultStep[i] = Shapes.product(shape, i + 1, rank);
        }
        int rowTiles = (rows + TILE - 1) / TILE;
        int colTiles = (cols + TILE - 1) / TILE;
        Slab in = Slab.of(x);
        Slab out = Slab.of(y);
        long tasks = Shapes.product(shape) / rows / cols * rowTiles * colTiles;
        Parallel.forRange(tasks, Math.max(1, 16_384 / (TILE * TILE)), (from, to) -> {
            double[] tile = new double[TILE * TILE];
            double[] line = new double[TILE];
            for (int t = from; t < to; t++) {
                int c0 = t % colTiles * TILE;
                int r0 = t / colTiles % rowTiles * TILE;
                int outer = t / colTiles / rowTiles;
                int h = Math.min(TILE, rows - r0);
                int w = Math.min(TILE, cols - c0);
                int source = (int) offset(outer, shape, step, unit, rank - 2) + r0 + c0 * colStep;
                int target = (int) offset(outer, shape, resultStep, unit, rank - 2) + r0 * rowStep + c0;
                for (int c = 0; c < w; c++) {
                    in.get(source + c * colStep, tile, c * TILE, h);
                }
                for (int r = 0; r < h; r++) {
                    for (int c = 0; c < w; c++) {
                        line[c] = tile[c * TILE + r];
                    }
                    out.put(target + r * rowStep, line, 0, w);
                }
            }
        });
    }
}
