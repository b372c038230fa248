package io.hiervl.clip;

import io.hiervl.Content;
import io.hiervl.HierVlException;
import io.hiervl.clip.TowerScan.Core;
import io.hiervl.clip.TowerScan.Linear;
import io.hiervl.clip.TowerScan.Norm;
import io.hiervl.onnx.OnnxGraph.Constant;
import io.hiervl.onnx.OnnxModel;
import io.hiervl.onnx.OnnxTensors;
import java.nio.file.Path;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Stored tensors of a tower as checked float32 arrays in PyTorch's layouts. All errors have exit code 4. */
public class TowerArrays {
    private final OnnxModel model;
    private final Path file;
    private final String side;
    /** Matrices that must be transposed, before and after; kept, so that a large tower leaves no garbage. */
    private float[] stored = {};
    private float[] turned = {};

    /** @param side what is read, for messages */
    public TowerArrays(OnnxModel model, String side) {
        this.model = model;
        this.file = model.file();
        this.side = side;
    }

    /** Outputs of a linear layer; {@code otherwise} if the file does not tell. */
    public static int outputs(Linear l, int otherwise) {
        if (l.weight().missing()) {
            return l.bias() != null && !l.bias().missing() ? (int) l.bias().tensor().getDims(0) : otherwise;
        }
        boolean firstIsOut = l.outIn() != l.weight().transposed();
        return (int) l.weight().tensor().getDims(firstIsOut ? 0 : 1);
    }

    /** The common epsilon; half precision files carry a rounded 1e-5, which is taken as 1e-5 */
    public final double eps(List<Norm> norms) {
        double eps = Double.NaN;
        for (Norm n : norms) {
            if (!Double.isNaN(n.eps())) {
                if (!Double.isNaN(eps) && Math.abs(n.eps() - eps) > 1e-3 * eps) {
                    throw refuse("layer norms with different epsilons: " + eps + " and " + n.eps());
                }
                eps = n.eps();
            }
        }
        return Double.isNaN(eps) || Math.abs(eps - 1e-5) < 3e-7 ? 1e-5 : (float) eps == (float) 1e-6 ? 1e-6 : eps;
    }

    /** Heads of the attentions as the graph says, 0 when it does not. */
    public static int heads(List<Core> cores, int width) {
        int d = cores.get(0).headDim();
        for (Core c : cores) {
            if (c.headDim() != d) {
                return 0;
            }
        }
        return d > 0 && width % d == 0 ? width / d : 0;
    }

    /**
     * Query, key and value in one, rows in this order.
     *
     * @param weight (3 width, width)
     * @param bias   (3 width)
     */
    public record Packed(INDArray weight, INDArray bias) {
        @Override
        public boolean equals(Object other) {
            return Content.equal(this, other);
        }

        @Override
        public int hashCode() {
            return Content.hash(this);
        }

        @Override
        public String toString() {
            return Content.text(this);
        }
    }

    /** Whether both are one layer of the file, not only of equal content. */
    @SuppressWarnings("ReferenceEquality")
    public static boolean same(Linear a, Linear b) {
        return a == b;
    }

    /** @param at the block, for messages */
    public final Packed packed(String at, Core c, int width) {
        if (same(c.q(), c.k()) && same(c.k(), c.v())) {
            return new Packed(matrix(at + "in_proj weight", c.q(), 3 * width, width), vector(at + "in_proj bias", c.q().bias(), 3 * width));
        }
        if (same(c.q(), c.k()) || same(c.k(), c.v()) || same(c.q(), c.v())) {
            throw refuse(at + "attention: two of query, key and value come from one linear layer of their own");
        }
        INDArray w = Nd4j.createUninitialized(DataType.FLOAT, 3L * width, width);
        INDArray b = Nd4j.createUninitialized(DataType.FLOAT, 3L * width);
        List<Linear> parts = List.of(c.q(), c.k(), c.v());
        for (int i = 0; i < 3; i++) {
            String name = at + "qkv".charAt(i) + "_proj";
            rows(name + " weight", parts.get(i), width, width, w, (long) i * width * width);
            values(name + " bias", parts.get(i).bias(), width, b, (long) i * width);
        }
        return new Packed(w, b);
    }

    /** A vector of n values. */
    public final INDArray vector(String label, Constant c, int n) {
        INDArray out = Nd4j.createUninitialized(DataType.FLOAT, n);
        values(label, c, n, out, 0);
        return out;
    }

    /** A linear weight (out, in), whichever way it is stored. */
    public final INDArray matrix(String label, Linear l, int out, int in) {
        INDArray array = Nd4j.createUninitialized(DataType.FLOAT, out, in);
        rows(label, l, out, in, array, 0);
        return array;
    }

    /** Puts n values into the target, from this one on. */
    public final void values(String label, Constant c, int n, INDArray target, long at) {
        require(label, c);
        long found = OnnxTensors.count(c.tensor());
        if (found != n) {
            throw refuse(label + " (tensor '" + c.name() + "') has " + found + " values, expected " + n);
        }
        copy(label, c, target, at);
    }

    /** Puts a linear weight into the target as (out, in) rows, from this value on. */
    public final void rows(String label, Linear l, int out, int in, INDArray target, long at) {
        Constant c = l.weight();
        require(label, c);
        boolean firstIsOut = l.outIn() != c.transposed();
        long rows = c.tensor().getDims(0);
        long columns = c.tensor().getDims(1);
        if (rows != (firstIsOut ? out : in) || columns != (firstIsOut ? in : out)) {
            throw refuse(label + " (tensor '" + c.name() + "') has shape " + c.tensor().getDimsList() + ", expected ["
                + (firstIsOut ? out + ", " + in : in + ", " + out) + "]");
        }
        if (firstIsOut) {
            copy(label, c, target, at);
            return;
        }
        int n = out * in;
        if (stored.length < n) {
            stored = new float[n];
            turned = new float[n];
        }
        int[] filled = {0};
        finite(label, c, (values, count) -> {
            System.arraycopy(values, 0, stored, filled[0], count);
            filled[0] += count;
        });
        transpose(stored, turned, in, out);
        put(target, at, turned, n);
    }

    /** The tensor as an array of this shape. */
    public final INDArray array(String label, Constant c, long... shape) {
        INDArray out = Nd4j.createUninitialized(DataType.FLOAT, shape);
        copy(label, c, out, 0);
        return out;
    }

    private void copy(String label, Constant c, INDArray target, long at) {
        long[] next = {at};
        finite(label, c, (values, n) -> {
            put(target, next[0], values, n);
            next[0] += n;
        });
    }

    private static void put(INDArray target, long at, float[] values, int n) {
        target.data().asNioFloat().put((int) at, values, 0, n);
    }

    /** Blocked, since a row of a wide matrix spans many pages. */
    private static void transpose(float[] a, float[] t, int rows, int columns) {
        int block = 32;
        for (int i0 = 0; i0 < rows; i0 += block) {
            for (int j0 = 0; j0 < columns; j0 += block) {
                for (int i = i0; i < Math.min(rows, i0 + block); i++) {
                    for (int j = j0; j < Math.min(columns, j0 + block); j++) {
                        t[j * rows + i] = a[i * columns + j];
                    }
                }
            }
        }
    }

    /** Refuses a tensor that the graph or the file does not have. */
    public final void require(String label, Constant c) {
        if (c == null) {
            throw refuse(label + " was not found in the graph");
        }
        if (c.missing()) {
            throw refuse(label + " is missing: a node takes tensor '" + c.name() + "', which is not in the file");
        }
    }

    /** Hands over all values in blocks; refuses what is not finite. */
    final void finite(String label, Constant c, OnnxTensors.Floats sink) {
        long[] before = {0};
        OnnxTensors.floats(model, c.tensor(), (values, n) -> {
            for (int i = 0; i < n; i++) {
                if (!Float.isFinite(values[i])) {
                    throw refuse(label + " (tensor '" + c.name() + "') contains " + values[i] + " at index " + (before[0] + i)
                        + "; the weights are damaged");
                }
            }
            before[0] += n;
            sink.accept(values, n);
        });
    }

    /** An error (exit code 4) that names file and tower. */
    public final HierVlException refuse(String message) {
        return HierVlException.model(file + ": " + side + ": " + message);
    }
}
