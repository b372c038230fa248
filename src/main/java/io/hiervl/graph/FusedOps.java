package io.hiervl.graph;

import io.hiervl.backend.Backend;
import io.hiervl.backend.choice.Backends;
import io.hiervl.op.ActivationOp;
import io.hiervl.op.Add;
import io.hiervl.op.Attention;
import io.hiervl.op.AttentionMask;
import io.hiervl.op.BatchedMatmul;
import io.hiervl.op.Concat;
import io.hiervl.op.Conv2d;
import io.hiervl.op.DeformableAttention;
import io.hiervl.op.GroupNorm;
import io.hiervl.op.Interpolate;
import io.hiervl.op.L2Normalize;
import io.hiervl.op.LayerNorm;
import io.hiervl.op.Linear;
import io.hiervl.op.Log;
import io.hiervl.op.MaxPool2x2;
import io.hiervl.op.Mul;
import io.hiervl.op.PackedAttention;
import io.hiervl.op.Permute;
import io.hiervl.op.Repeat;
import io.hiervl.op.Reshape;
import io.hiervl.op.Scale;
import io.hiervl.op.Slice;
import io.hiervl.op.Softmax;
import io.hiervl.op.StopGradient;
import io.hiervl.op.Sum;
import io.hiervl.op.UpConv2x2;
import io.hiervl.tensor.Activation;
import io.hiervl.tensor.Precision;
import io.hiervl.tensor.Resize;
import io.hiervl.tensor.Shapes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** {@link Ops} with this project's ops, differentiable throughout. Shapes are checked while the graph is built. */
public final class FusedOps implements Ops {
    private final SameDiff sd;
    private final DataType type;
    private final Compute compute;
    private final Precision precision;
    private final Map<String, long[]> shapes;
    private final List<String> blocks;
    /** Place in the network, empty at its root. */
    private final String path;

    /** Plainly computed, on the device of this process. */
    public FusedOps(SameDiff sd, DataType type) {
        this(sd, type, Compute.plain(Backends.compute()));
    }

    /**
     * @param type    data type of placeholders, FLOAT or DOUBLE
     * @param compute where and how
     */
    public FusedOps(SameDiff sd, DataType type, Compute compute) {
        this(sd, type, compute, compute.products(), new HashMap<>(), new ArrayList<>(), "");
    }

    private FusedOps(SameDiff sd, DataType type, Compute compute, Precision precision, Map<String, long[]> shapes, List<String> blocks,
                     String path) {
        this.sd = sd;
        this.type = type;
        this.compute = compute;
        this.precision = precision;
        this.shapes = shapes;
        this.blocks = blocks;
        this.path = path;
    }

    /** With 32-bit placeholders. */
    public FusedOps(SameDiff sd) {
        this(sd, DataType.FLOAT);
    }

    @Override
    public SameDiff sd() {
        return sd;
    }

    /** Doubles are for gradient checks and references: the host computes them. */
    private Backend backend() {
        return sd.variables().stream().anyMatch(v -> v.dataType() == DataType.DOUBLE) ? Backends.host() : compute.backend();
    }

    /** Runs what was built, forward only. */
    public GraphRunner runner(List<String> outputs) {
        return new GraphRunner(backend(), sd, outputs);
    }

    /**
     * Runs what was built, forward and backward.
     *
     * @param outputs     variables whose values are wanted
     * @param loss        scalar to differentiate
     * @param gradientsOf variables whose gradients are wanted
     */
    public GraphRunner runner(List<String> outputs, String loss, Collection<String> gradientsOf) {
        return new GraphRunner(backend(), sd, outputs, loss, gradientsOf, blocks);
    }

    @Override
    public long[] shape(SDVariable x) {
        long[] known = shapes.get(x.name());
        if (known != null) {
            return known.clone();
        }
        INDArray array = x.getArr();
        if (array == null) {
            throw new IllegalStateException("the shape of " + x.name() + " is not known");
        }
        return array.shape().clone();
    }

    /** Makes the output of an op that was built outside this vocabulary (a loss) usable in it. */
    public SDVariable adopt(SDVariable x, long... shape) {
        return is(x, shape);
    }

    private SDVariable is(SDVariable x, long... shape) {
        for (long s : shape) {
            if (s <= 0) {
                throw new IllegalArgumentException("shape " + Arrays.toString(shape) + " of " + x.name() + " is empty");
            }
        }
        shapes.put(x.name(), shape);
        return x;
    }

    private static void require(boolean fits, String what, long[]... operands) {
        if (!fits) {
            throw new IllegalArgumentException(what + " does not fit " + Arrays.deepToString(operands));
        }
    }

    @Override
    public SDVariable named(SDVariable x, String name) {
        long[] s = shape(x);
        shapes.remove(x.name());
        return is(x.rename(name), s);
    }

    @Override
    public SDVariable constant(String name, INDArray value) {
        String unique = name;
        for (int i = 1; sd.hasVariable(unique); i++) {
            unique = name + "_" + i;
        }
        return is(Graphs.constant(sd, unique, value), value.shape().clone());
    }

    @Override
    public SDVariable placeholder(String name, long... shape) {
        return is(sd.placeHolder(name, type, shape), shape);
    }

    @Override
    public FusedOps exact() {
        return precision == Precision.FP32 ? this : new FusedOps(sd, type, compute, Precision.FP32, shapes, blocks, path);
    }

    @Override
    public String path() {
        return path;
    }

    @Override
    public FusedOps in(String place) {
        return new FusedOps(sd, type, compute, precision, shapes, blocks, place);
    }

    @Override
    public void endOfBlock(SDVariable x) {
        if (compute.recompute()) {
            blocks.add(x.name());
        }
    }

    /** Last variable of every block whose activations are to be computed again, for {@link GraphRunner}. */
    public List<String> blocks() {
        return List.copyOf(blocks);
    }

    private SDVariable linear(Activation activation, SDVariable x, SDVariable w, SDVariable b) {
        return new Linear(activation, b != null, precision).apply(sd, path, present(x, w, b));
    }

    private static SDVariable[] present(SDVariable... operands) {
        return Arrays.stream(operands).filter(Objects::nonNull).toArray(SDVariable[]::new);
    }

    @Override
    public SDVariable linear(SDVariable x, SDVariable w, SDVariable b, Activation activation) {
        long[] s = shape(x);
        long[] ws = shape(w);
        require(ws.length == 2 && s[s.length - 1] == ws[1] && (b == null || Shapes.product(shape(b)) == ws[0]), "linear", s, ws);
        s[s.length - 1] = ws[0];
        if (precision == Precision.BF16 && (activation == Activation.GELU || activation == Activation.QUICK_GELU)) {
            // the backward pass needs what goes into the activation: kept in bfloat16 it is no longer than the result in 32 bits was
            SDVariable z = is(linear(Activation.NONE, x, w, b), s);
            return is(new ActivationOp(activation, precision).apply(sd, path, z), s.clone());
        }
        return is(linear(activation, x, w, b), s);
    }

    @Override
    public SDVariable layerNorm(SDVariable x, SDVariable gamma, SDVariable beta, double eps) {
        long[] s = shape(x);
        require(s[s.length - 1] == Shapes.product(shape(gamma)), "layerNorm", s, shape(gamma));
        return is(new LayerNorm(eps).apply(sd, path, x, gamma, beta), s);
    }

    @Override
    public SDVariable groupNorm(SDVariable x, SDVariable gamma, SDVariable beta, int groups, double eps) {
        long[] s = shape(x);
        require(s[1] == Shapes.product(shape(gamma)) && s[1] % groups == 0, "groupNorm", s, shape(gamma), new long[] {groups});
        return is(new GroupNorm(groups, eps).apply(sd, path, x, gamma, beta), s);
    }

    @Override
    public SDVariable activation(SDVariable x, Activation activation) {
        return activation == Activation.NONE ? x : is(new ActivationOp(activation, Precision.FP32).apply(sd, path, x), shape(x));
    }

    @Override
    public SDVariable attention(SDVariable q, SDVariable k, SDVariable v, int heads, SDVariable keyBias, SDVariable mask,
                                boolean causal) {
        long[] qs = shape(q);
        long[] ks = shape(k);
        require(qs.length == 3 && ks.length == 3 && qs[0] == ks[0] && qs[2] == ks[2] && Arrays.equals(ks, shape(v))
            && qs[2] % heads == 0, "attention", qs, ks, shape(v));
        require(keyBias == null || Arrays.equals(shape(keyBias), new long[] {ks[0], ks[1]}), "key bias", ks);
        require(mask == null || Arrays.equals(shape(mask), new long[] {qs[0], qs[1], ks[1]}), "attention mask", qs, ks);
        return is(new Attention(heads, keyBias != null, mask != null, causal, precision).apply(sd, path, present(q, k, v, keyBias, mask)),
            qs);
    }

    @Override
    public SDVariable packedAttention(SDVariable qkv, int heads, boolean causal) {
        long[] s = shape(qkv);
        require(s.length == 3 && s[2] % (3L * heads) == 0, "packedAttention", s, new long[] {heads});
        s[2] /= 3;
        return is(new PackedAttention(heads, causal, precision).apply(sd, path, qkv), s);
    }

    @Override
    public SDVariable deformableAttention(SDVariable value, SDVariable offsets, SDVariable weights, SDVariable reference,
                                          int[][] levels, int heads, int points) {
        long[] s = shape(value);
        long[] o = shape(offsets);
        long sampled = (long) heads * levels.length * points;
        require(o[2] == 2 * sampled && shape(weights)[2] == sampled && shape(reference)[0] == o[1], "deformableAttention", s, o,
            shape(weights), shape(reference));
        return is(new DeformableAttention(heads, points, Arrays.stream(levels).flatMapToInt(Arrays::stream).toArray())
            .apply(sd, path, value, offsets, weights, reference),
            s[0], o[1], s[2]);
    }

    @Override
    public SDVariable conv2d(SDVariable x, SDVariable w, SDVariable b, int stride, int padding) {
        Conv2d conv = new Conv2d(stride, padding, b != null, precision);
        return is(conv.apply(sd, path, present(x, w, b)), conv.shapes(shape(x), shape(w))[0]);
    }

    @Override
    public SDVariable upConv2x2(SDVariable x, SDVariable w, SDVariable b) {
        long[] s = shape(x);
        require(s.length == 4 && s[1] == shape(w)[0], "upConv2x2", s, shape(w));
        return is(new UpConv2x2(precision).apply(sd, path, x, w, b), s[0], shape(w)[1], 2 * s[2], 2 * s[3]);
    }

    @Override
    public SDVariable maxPool2x2(SDVariable x) {
        long[] s = shape(x);
        return is(new MaxPool2x2().apply(sd, path, x), s[0], s[1], s[2] / 2, s[3] / 2);
    }

    @Override
    public SDVariable resize(SDVariable x, int height, int width, Resize mode) {
        long[] s = shape(x);
        return is(new Interpolate(height, width, mode).apply(sd, path, x), s[0], s[1], height, width);
    }

    @Override
    public SDVariable attentionMask(SDVariable maskLogits, int height, int width) {
        long[] s = shape(maskLogits);
        return is(new AttentionMask(height, width).apply(sd, path, maskLogits), s[0], s[1], (long) height * width);
    }

    @Override
    public SDVariable bmm(SDVariable a, SDVariable b, boolean transposeA, boolean transposeB) {
        return is(new BatchedMatmul(transposeA, transposeB, precision).apply(sd, path, a, b),
            Shapes.product(shape(a), shape(b), transposeA, transposeB));
    }

    @Override
    public SDVariable softmax(SDVariable x) {
        return is(new Softmax().apply(sd, path, x), shape(x));
    }

    @Override
    public SDVariable l2Normalize(SDVariable x, double eps) {
        return is(new L2Normalize(eps).apply(sd, path, x), shape(x));
    }

    @Override
    public SDVariable log(SDVariable x, double eps) {
        return is(new Log(eps).apply(sd, path, x), shape(x));
    }

    @Override
    public SDVariable add(SDVariable a, SDVariable b) {
        return is(new Add(shape(a), shape(b)).apply(sd, path, a, b), Shapes.broadcast(shape(a), shape(b)));
    }

    @Override
    public SDVariable mul(SDVariable a, SDVariable b) {
        return is(new Mul().apply(sd, path, a, b), Shapes.broadcast(shape(a), shape(b)));
    }

    @Override
    public SDVariable scale(SDVariable x, double factor, double offset) {
        return is(new Scale(factor, offset).apply(sd, path, x), shape(x));
    }

    @Override
    public SDVariable concat(int axis, SDVariable... x) {
        long[] s = shape(x[0]);
        long[] sizes = new long[x.length];
        long total = 0;
        for (int i = 0; i < x.length; i++) {
            long[] other = shape(x[i]);
            sizes[i] = other[axis];
            total += other[axis];
            other[axis] = s[axis];
            require(Arrays.equals(other, s), "concat", s, other);
        }
        s[axis] = total;
        return is(new Concat(axis, sizes).apply(sd, path, x), s);
    }

    @Override
    public SDVariable slice(SDVariable x, int axis, long from, long to) {
        long[] s = shape(x);
        long size = s[axis];
        require(from >= 0 && from < to && to <= size, "slice " + from + ".." + to + " of axis " + axis, s);
        s[axis] = to - from;
        return is(new Slice(axis, from, to, size).apply(sd, path, x), s);
    }

    @Override
    public SDVariable reshape(SDVariable x, long... shape) {
        long[] s = shape(x);
        long[] result = shape.clone();
        for (int i = 0; i < result.length; i++) {
            if (result[i] == -1) {
                result[i] = 1;
                result[i] = Shapes.product(s) / Shapes.product(result);
            }
        }
        require(Shapes.product(s) == Shapes.product(result), "reshape", s, shape);
        return is(new Reshape(s, result).apply(sd, path, x), result);
    }

    @Override
    public SDVariable permute(SDVariable x, int... axes) {
        long[] s = shape(x);
        require(s.length == axes.length, "permute", s);
        Permute op = new Permute(axes.clone());
        return is(op.apply(sd, path, x), op.shapes(s)[0]);
    }

    @Override
    public SDVariable broadcast(SDVariable x, long... shape) {
        long[] s = shape(x);
        require(Arrays.equals(Shapes.broadcast(s, shape), shape), "broadcast", s, shape);
        return is(new Repeat(s, shape.clone()).apply(sd, path, x), shape.clone());
    }

    @Override
    public SDVariable sum(SDVariable x) {
        return is(new Sum(shape(x)).apply(sd, path, x), 1);
    }

    @Override
    public SDVariable stopGradient(SDVariable x) {
        return is(new StopGradient().apply(sd, path, x), shape(x));
    }
}
