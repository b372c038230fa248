package io.hiervl.op;

import io.hiervl.op.kernel.KernelChoice;
import io.hiervl.op.kernel.Parallel;
import io.hiervl.op.kernel.Slab;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Reorders axes: axis i of the result is axis axes[i] of x. The result is dense. */
public final class Permute extends JavaOp {
    private static final int TILE = 64;

    public Permute() {
    }

    public Permute(SameDiff sd, SDVariable x, int... axes) {
        super(sd, x);
        addIArgument(axes);
    }

    @Override
    public String opName() {
        return "hiervl_permute";
    }

    @Override
    public int getNumOutputs() {
        return 1;
    }

    /** Shape of the result. */
    public static long[] resultShape(long[] x, long[] axes) {
        long[] result = new long[axes.length];
        for (int i = 0; i < axes.length; i++) {
            result[i] = x[(int) axes[i]];
        }
        return result;
    }

    @Override
    public long[][] outputShapes(INDArray[] in) {
        return new long[][] {resultShape(in[0].shape(), intArgs())};
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        if (out[0] == null) {
            return;
        }
        long[] axes = intArgs();
        int rank = axes.length;
        long[] x = in[0].shape();
        long[] shape = resultShape(x, axes);
        long[] step = new long[rank];
        for (int i = 0; i < rank; i++) {
            step[i] = Shapes.product(x, (int) axes[i] + 1, rank);
        }
        if (KernelChoice.of(in[0]).permute(in[0], out[0], shape, step)) {
            return;
        }
        if (axes[rank - 1] == rank - 1) {
            copyRows(in[0], out[0], shape, step);
        } else {
            transpose(in[0], out[0], shape, step, unitAxis(axes));
        }
    }

    private static int unitAxis(long[] axes) {
        for (int i = 0; i < axes.length; i++) {
            if (axes[i] == axes.length - 1) {
                return i;
            }
        }
        throw new IllegalArgumentException("axes are no permutation");
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

    private static void copyRows(INDArray x, INDArray y, long[] shape, long[] step) {
        int rank = shape.length;
        int n = (int) shape[rank - 1];
        Slab in = Slab.of(x);
        Slab out = Slab.of(y);
        Parallel.forRange(x.length() / n, Math.max(1, 32_768 / n), (from, to) -> {
            for (int r = from; r < to; r++) {
                out.copy(r * n, in, (int) offset(r, shape, step, -1, rank - 2), n);
            }
        });
    }

    /** Axis {@code unit} of the result lies densely in x, the last axis densely in the result: tiles of these two. */
    private static void transpose(INDArray x, INDArray y, long[] shape, long[] step, int unit) {
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
        long tasks = x.length() / rows / cols * rowTiles * colTiles;
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

    @Override
    public List<SDVariable> doDiff(List<SDVariable> g) {
        long[] axes = intArgs();
        int[] inverse = new int[axes.length];
        for (int i = 0; i < axes.length; i++) {
            inverse[(int) axes[i]] = i;
        }
        return List.of(new Permute(sameDiff, g.get(0), inverse).outputVariable());
    }
}
