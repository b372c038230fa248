package io.hiervl.graph;

import io.hiervl.op.ActivationOp;
import io.hiervl.op.Add;
import io.hiervl.op.AttentionMask;
import io.hiervl.op.AttentionOp;
import io.hiervl.op.Bmm;
import io.hiervl.op.Concat;
import io.hiervl.op.Conv2d;
import io.hiervl.op.DeformableAttention;
import io.hiervl.op.GroupNorm;
import io.hiervl.op.L2Normalize;
import io.hiervl.op.LayerNorm;
import io.hiervl.op.Linear;
import io.hiervl.op.LogOp;
import io.hiervl.op.MaxPool2x2;
import io.hiervl.op.Mul;
import io.hiervl.op.PackedAttention;
import io.hiervl.op.Permute;
import io.hiervl.op.Repeat;
import io.hiervl.op.ResizeOp;
import io.hiervl.op.Reshape;
import io.hiervl.op.Scale;
import io.hiervl.op.Shapes;
import io.hiervl.op.Slice;
import io.hiervl.op.Softmax;
import io.hiervl.op.StopGradient;
import io.hiervl.op.SumAll;
import io.hiervl.op.UpConv2x2;
import io.hiervl.op.kernel.Precision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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

    /** Plainly computed. */
    public FusedOps(SameDiff sd, DataType type) {
        this(sd, type, Compute.PLAIN);
    }

    /**
     * @param type    data type of placeholders, FLOAT or DOUBLE
     * @param compute how
     */
    public FusedOps(SameDiff sd, DataType type, Compute compute) {
        this(sd, type, compute, compute.products(), new HashMap<>(), new ArrayList<>());
    }

    private FusedOps(SameDiff sd, DataType type, Compute compute, Precision precision, Map<String, long[]> shapes, List<String> blocks) {
        this.sd = sd;
        this.type = type;
        this.compute = compute;
        this.precision = precision;
        this.shapes = shapes;
        this.blocks = blocks;
    }

    /** With 32-bit placeholders. */
    public FusedOps(SameDiff sd) {
        this(sd, DataType.FLOAT);
    }

    @Override
    public SameDiff sd() {
        return sd;
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
        return precision == Precision.FP32 ? this : new FusedOps(sd, type, compute, Precision.FP32, shapes, blocks);
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

    @Override
    public SDVariable linear(SDVariable x, SDVariable w, SDVariable b, Activation activation) {
        long[] s = shape(x);
        long[] ws = shape(w);
        require(ws.length == 2 && s[s.length - 1] == ws[1] && (b == null || Shapes.product(shape(b)) == ws[0]), "linear", s, ws);
        s[s.length - 1] = ws[0];
        if (precision == Precision.BF16 && (activation == Activation.GELU || activation == Activation.QUICK_GELU)) {
            // the backward pass needs what goes into the activation: kept in bfloat16 it is no longer than the result in 32 bits was
            SDVariable z = is(new Linear(sd, x, w, b, Activation.NONE.ordinal(), precision).outputVariable(), s);
            return is(new ActivationOp(sd, z, activation.ordinal(), precision).outputVariable(), s.clone());
        }
        return is(new Linear(sd, x, w, b, activation.ordinal(), precision).outputVariable(), s);
    }

    @Override
    public SDVariable layerNorm(SDVariable x, SDVariable gamma, SDVariable beta, double eps) {
        long[] s = shape(x);
        require(s[s.length - 1] == Shapes.product(shape(gamma)), "layerNorm", s, shape(gamma));
        return is(new LayerNorm(sd, x, gamma, beta, eps).outputVariable(), s);
    }

    @Override
    public SDVariable groupNorm(SDVariable x, SDVariable gamma, SDVariable beta, int groups, double eps) {
        long[] s = shape(x);
        require(s[1] == Shapes.product(shape(gamma)) && s[1] % groups == 0, "groupNorm", s, shape(gamma), new long[] {groups});
        return is(new GroupNorm(sd, x, gamma, beta, groups, eps).outputVariable(), s);
    }

    @Override
    public SDVariable activation(SDVariable x, Activation activation) {
        return activation == Activation.NONE ? x : is(new ActivationOp(sd, x, activation.ordinal()).outputVariable(), shape(x));
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
        return is(new AttentionOp(sd, q, k, v, heads, keyBias, mask, causal, precision).outputVariable(), qs);
    }

    @Override
    public SDVariable packedAttention(SDVariable qkv, int heads, boolean causal) {
        long[] s = shape(qkv);
        require(s.length == 3 && s[2] % (3L * heads) == 0, "packedAttention", s, new long[] {heads});
        s[2] /= 3;
        return is(new PackedAttention(sd, qkv, heads, causal, precision).outputVariable(), s);
    }

    @Override
    public SDVariable deformableAttention(SDVariable value, SDVariable offsets, SDVariable weights, SDVariable reference,
                                          int[][] levels, int heads, int points) {
        long[] s = shape(value);
        long[] o = shape(offsets);
        long sampled = (long) heads * levels.length * points;
        require(o[2] == 2 * sampled && shape(weights)[2] == sampled && shape(reference)[0] == o[1], "deformableAttention", s, o,
            shape(weights), shape(reference));
        return is(new DeformableAttention(sd, value, offsets, weights, reference, levels, heads, points).outputVariable(),
            s[0], o[1], s[2]);
    }

    @Override
    public SDVariable conv2d(SDVariable x, SDVariable w, SDVariable b, int stride, int padding) {
        return is(new Conv2d(sd, x, w, b, stride, padding, precision).outputVariable(), Conv2d.resultShape(shape(x), shape(w), stride, padding));
    }

    @Override
    public SDVariable upConv2x2(SDVariable x, SDVariable w, SDVariable b) {
        long[] s = shape(x);
        require(s.length == 4 && s[1] == shape(w)[0], "upConv2x2", s, shape(w));
        return is(new UpConv2x2(sd, x, w, b, precision).outputVariable(), s[0], shape(w)[1], 2 * s[2], 2 * s[3]);
    }

    @Override
    public SDVariable maxPool2x2(SDVariable x) {
        long[] s = shape(x);
        return is(new MaxPool2x2(sd, x).outputVariable(), s[0], s[1], s[2] / 2, s[3] / 2);
    }

    @Override
    public SDVariable resize(SDVariable x, int height, int width, Resize mode) {
        long[] s = shape(x);
        return is(new ResizeOp(sd, x, height, width, mode.ordinal()).outputVariable(), s[0], s[1], height, width);
    }

    @Override
    public SDVariable attentionMask(SDVariable maskLogits, int height, int width) {
        long[] s = shape(maskLogits);
        return is(AttentionMask.of(sd, maskLogits, height, width), s[0], s[1], (long) height * width);
    }

    @Override
    public SDVariable bmm(SDVariable a, SDVariable b, boolean transposeA, boolean transposeB) {
        return is(new Bmm(sd, a, b, transposeA, transposeB, precision).outputVariable(), Bmm.resultShape(shape(a), shape(b), transposeA, transposeB));
    }

    @Override
    public SDVariable softmax(SDVariable x) {
        return is(new Softmax(sd, x).outputVariable(), shape(x));
    }

    @Override
    public SDVariable l2Normalize(SDVariable x, double eps) {
        return is(new L2Normalize(sd, x, eps).outputVariable(), shape(x));
    }

    @Override
    public SDVariable log(SDVariable x, double eps) {
        return is(new LogOp(sd, x, eps).outputVariable(), shape(x));
    }

    @Override
    public SDVariable add(SDVariable a, SDVariable b) {
        return is(new Add(sd, a, b, shape(a), shape(b)).outputVariable(), Shapes.broadcast(shape(a), shape(b)));
    }

    @Override
    public SDVariable mul(SDVariable a, SDVariable b) {
        return is(new Mul(sd, a, b).outputVariable(), Shapes.broadcast(shape(a), shape(b)));
    }

    @Override
    public SDVariable scale(SDVariable x, double factor, double offset) {
        return is(new Scale(sd, x, factor, offset).outputVariable(), shape(x));
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
        return is(new Concat(sd, axis, sizes, x).outputVariable(), s);
    }

    @Override
    public SDVariable slice(SDVariable x, int axis, long from, long to) {
        long[] s = shape(x);
        long size = s[axis];
        require(from >= 0 && from < to && to <= size, "slice " + from + ".." + to + " of axis " + axis, s);
        s[axis] = to - from;
        return is(new Slice(sd, x, axis, from, to, size).outputVariable(), s);
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
        return is(new Reshape(sd, x, s, result).outputVariable(), result);
    }

    @Override
    public SDVariable permute(SDVariable x, int... axes) {
        long[] s = shape(x);
        require(s.length == axes.length, "permute", s);
        return is(new Permute(sd, x, axes).outputVariable(), Permute.resultShape(s, Arrays.stream(axes).asLongStream().toArray()));
    }

    @Override
    public SDVariable broadcast(SDVariable x, long... shape) {
        long[] s = shape(x);
        require(Arrays.equals(Shapes.broadcast(s, shape), shape), "broadcast", s, shape);
        return is(new Repeat(sd, x, s, shape.clone()).outputVariable(), shape.clone());
    }

    @Override
    public SDVariable sum(SDVariable x) {
        return is(new SumAll(sd, x, shape(x)).outputVariable(), 1);
    }

    @Override
    public SDVariable stopGradient(SDVariable x) {
        return is(new StopGradient(sd, x).outputVariable(), shape(x));
    }
}
