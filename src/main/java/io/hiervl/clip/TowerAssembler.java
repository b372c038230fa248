package io.hiervl.clip;

import io.hiervl.HierVlException;
import io.hiervl.clip.TowerScan.Core;
import io.hiervl.clip.TowerScan.Linear;
import io.hiervl.clip.TowerScan.Norm;
import io.hiervl.onnx.OnnxGraph.Constant;
import io.hiervl.onnx.OnnxTensors;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Turns the layers that a {@link TowerScan} found into named, checked float32 arrays in PyTorch's layouts. */
final class TowerAssembler {
    private final TowerScan scan;
    private final Path file;
    private final String side;
    private final String prefix;
    private final Map<String, INDArray> arrays = new LinkedHashMap<>();
    private final List<Linear> chain = new ArrayList<>();
    /** Matrices that must be transposed, before and after; kept, so that a large tower leaves no garbage. */
    private float[] stored = {};
    private float[] turned = {};
    final int layers;
    int width;
    int mlp;

    /** @param prefix {@code vision} or {@code text} */
    TowerAssembler(TowerScan scan, String prefix) {
        this.scan = scan;
        this.file = scan.graph.model().file();
        this.prefix = prefix;
        this.side = prefix.equals("vision") ? "image tower" : "text tower";
        this.layers = scan.cores.size();
        Set<Linear> qkv = Collections.newSetFromMap(new IdentityHashMap<>());
        for (Core c : scan.cores) {
            qkv.addAll(List.of(c.q(), c.k(), c.v()));
        }
        for (Linear l : scan.linears) {
            if (!qkv.contains(l)) {
                chain.add(l);
            }
        }
        int norms = 2 * layers + (prefix.equals("vision") ? 2 : 1);
        if (layers == 0 || chain.size() != 3 * layers + 1 || scan.norms.size() != norms) {
            throw refuse("not recognised as CLIP: found " + layers + " attentions, " + scan.norms.size()
                    + " layer norms and " + chain.size() + " linear layers besides query, key and value; looked for n > 0 "
                    + "attentions, 2n+" + (norms - 2 * layers) + " layer norms and 3n+1 linear layers (out, fc1, fc2 per "
                    + "block and the projection)" + (chain.size() == 3 * layers && layers > 0
                    ? "; the projection to the joint space is missing" : ""));
        }
    }

    Map<String, INDArray> arrays() {
        return arrays;
    }

    /** Reads the blocks, the layer norms around them and the projection; returns its output width P. */
    int assemble(int width) {
        this.width = width;
        int norm = 0;
        if (prefix.equals("vision")) {
            norm(prefix + ".ln_pre", "layer norm before the blocks (pre_layrnorm)", scan.norms.get(norm++));
        }
        mlp = outputs(chain.get(1));
        for (int i = 0; i < layers; i++) {
            String p = prefix + ".blocks." + i;
            String at = "layer " + i + ", ";
            norm(p + ".ln_1", at + "layer_norm1", scan.norms.get(norm++));
            attention(p + ".attn.", at, scan.cores.get(i));
            linear(p + ".attn.out_proj", at + "out_proj", chain.get(3 * i), width, width);
            norm(p + ".ln_2", at + "layer_norm2", scan.norms.get(norm++));
            linear(p + ".mlp.c_fc", at + "fc1", chain.get(3 * i + 1), mlp, width);
            linear(p + ".mlp.c_proj", at + "fc2", chain.get(3 * i + 2), width, mlp);
        }
        norm(prefix + (prefix.equals("vision") ? ".ln_post" : ".ln_final"), "layer norm after the blocks", scan.norms.get(norm));
        Linear projection = chain.get(3 * layers);
        int p = outputs(projection);
        if (projection.bias() != null) {
            throw refuse("the projection has a bias; CLIP's has none");
        }
        arrays.put(prefix + ".proj.weight", matrix("projection weight", projection, p, width));
        return p;
    }

    /** @return heads read from the graph, 0 when the file does not say */
    int headsRead() {
        int d = scan.cores.get(0).headDim();
        for (Core c : scan.cores) {
            if (c.headDim() != d) {
                return 0;
            }
        }
        return d > 0 && width % d == 0 ? width / d : 0;
    }

    @SuppressWarnings("ReferenceEquality") // one and the same layer of the graph
    boolean fused() {
        Core c = scan.cores.get(0);
        return c.q() == c.k();
    }

    /** @return the common epsilon; half precision files carry a rounded 1e-5, which is taken as 1e-5 */
    double eps() {
        double eps = Double.NaN;
        for (Norm n : scan.norms) {
            if (!Double.isNaN(n.eps())) {
                if (!Double.isNaN(eps) && Math.abs(n.eps() - eps) > 1e-3 * eps) {
                    throw refuse("layer norms with different epsilons: " + eps + " and " + n.eps());
                }
                eps = n.eps();
            }
        }
        return Double.isNaN(eps) || Math.abs(eps - 1e-5) < 3e-7 ? 1e-5 : (float) eps == (float) 1e-6 ? 1e-6 : eps;
    }

    private int outputs(Linear l) {
        if (l.weight().missing()) {
            return l.bias() != null && !l.bias().missing() ? (int) l.bias().tensor().getDims(0) : 4 * width;
        }
        boolean firstIsOut = l.outIn() != l.weight().transposed();
        return (int) l.weight().tensor().getDims(firstIsOut ? 0 : 1);
    }

    @SuppressWarnings("ReferenceEquality") // one and the same layer of the graph
    private void attention(String p, String at, Core c) {
        if (c.q() == c.k() && c.k() == c.v()) {
            arrays.put(p + "in_proj_weight", matrix(at + "in_proj weight", c.q(), 3 * width, width));
            arrays.put(p + "in_proj_bias", vector(at + "in_proj bias", c.q().bias(), 3 * width));
            return;
        }
        if (c.q() == c.k() || c.k() == c.v() || c.q() == c.v()) {
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
        arrays.put(p + "in_proj_weight", w);
        arrays.put(p + "in_proj_bias", b);
    }

    private void norm(String name, String label, Norm n) {
        arrays.put(name + ".weight", vector(label + " weight", n.weight(), width));
        arrays.put(name + ".bias", vector(label + " bias", n.bias(), width));
    }

    private void linear(String name, String label, Linear l, int out, int in) {
        arrays.put(name + ".weight", matrix(label + " weight", l, out, in));
        arrays.put(name + ".bias", vector(label + " bias", l.bias(), out));
    }

    private INDArray vector(String label, Constant c, int n) {
        INDArray out = Nd4j.createUninitialized(DataType.FLOAT, n);
        values(label, c, n, out, 0);
        return out;
    }

    private INDArray matrix(String label, Linear l, int out, int in) {
        INDArray array = Nd4j.createUninitialized(DataType.FLOAT, out, in);
        rows(label, l, out, in, array, 0);
        return array;
    }

    private void values(String label, Constant c, int n, INDArray target, long at) {
        require(label, c);
        long found = OnnxTensors.count(c.tensor());
        if (found != n) {
            throw refuse(label + " (tensor '" + c.name() + "') has " + found + " values, expected " + n);
        }
        copy(label, c, target, at);
    }

    /** Puts a linear weight into the target as (out, in) rows, whichever way it is stored. */
    private void rows(String label, Linear l, int out, int in, INDArray target, long at) {
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
    INDArray array(String label, Constant c, long... shape) {
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

    void require(String label, Constant c) {
        if (c == null) {
            throw refuse(label + " was not found in the graph");
        }
        if (c.missing()) {
            throw refuse(label + " is missing: a node takes tensor '" + c.name() + "', which is not in the file");
        }
    }

    /** Hands over all values in blocks; refuses what is not finite. */
    void finite(String label, Constant c, OnnxTensors.Floats sink) {
        long[] before = {0};
        OnnxTensors.floats(scan.graph.model(), c.tensor(), (values, n) -> {
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

    HierVlException refuse(String message) {
        return HierVlException.model(file + ": " + side + ": " + message);
    }
}
