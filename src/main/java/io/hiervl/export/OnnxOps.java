package io.hiervl.export;

import static io.hiervl.onnx.OnnxBuilder.integer;
import static io.hiervl.onnx.OnnxBuilder.ints;
import static io.hiervl.onnx.OnnxBuilder.real;

import io.hiervl.graph.Graphs;
import io.hiervl.graph.Ops;
import io.hiervl.graph.PathOps;
import io.hiervl.onnx.OnnxBuilder;
import io.hiervl.onnx.OnnxTensors;
import io.hiervl.tensor.Activation;
import io.hiervl.tensor.Resize;
import io.hiervl.tensor.Shapes;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * {@link Ops} that write ONNX operators, so that the modules which build this project's graphs also build its ONNX files.
 * The SameDiff graph holds no ops: it only gives tensors their names and shapes and hands over parameters. For inference.
 */
final class OnnxOps implements Ops {
    /** Logit of a key that must not be attended to; its exponential is 0. */
    private static final double BLOCKED = -1e9;

    private final SameDiff sd = Graphs.create();
    private final OnnxBuilder onnx;
    private final Map<String, long[]> shapes = new HashMap<>();
    /** Tensor of the file that a variable stands for. */
    private final Map<String, String> tensors = new HashMap<>();

    OnnxOps(OnnxBuilder onnx) {
        this.onnx = onnx;
    }

    @Override
    public SameDiff sd() {
        return sd;
    }

    @Override
    public long[] shape(SDVariable x) {
        long[] known = shapes.get(x.name());
        return known != null ? known.clone() : x.getArr().shape().clone();
    }

    /** Name of the variable's tensor in the file; a parameter or constant is stored when it is first asked for. */
    String tensor(SDVariable x) {
        return tensors.computeIfAbsent(x.name(), name -> onnx.weight(name, x.getArr()));
    }

    /** A variable for a tensor of the file that was made outside this vocabulary. */
    SDVariable adopt(String tensor, long... shape) {
        return is(tensor, shape);
    }

    /** A constant that several places share. */
    private String stored(String name, INDArray value) {
        return tensors.computeIfAbsent(name, n -> onnx.weight(n, value));
    }

    private SDVariable is(String tensor, long... shape) {
        SDVariable x = sd.placeHolder(tensor, DataType.FLOAT, shape);
        if (tensor.endsWith(OnnxBuilder.RESULT)) {
            onnx.shape(tensor, shape);
        }
        shapes.put(x.name(), shape.clone());
        tensors.put(x.name(), tensor);
        return x;
    }

    @Override
    public SDVariable named(SDVariable x, String name) {
        SDVariable alias = sd.placeHolder(name, DataType.FLOAT, shape(x));
        shapes.put(name, shape(x));
        tensors.put(name, tensor(x));
        return alias;
    }

    @Override
    public Ops in(String path) {
        return PathOps.of(this, () -> {
            String before = onnx.place(path);
            return () -> onnx.place(before);
        });
    }

    @Override
    public SDVariable constant(String name, INDArray value) {
        String unique = name;
        for (int i = 1; sd.hasVariable(unique); i++) {
            unique = name + "_" + i;
        }
        return sd.constant(unique, value);
    }

    @Override
    public SDVariable placeholder(String name, long... shape) {
        onnx.input(name, OnnxTensors.FLOAT, Arrays.stream(shape).boxed().toArray());
        return is(name, shape);
    }

    private String transpose(String x, int... axes) {
        return onnx.node("Transpose", x, ints("perm", Arrays.stream(axes).asLongStream().toArray()));
    }

    private String reshape(String x, long... shape) {
        return onnx.node("Reshape", x, onnx.longs(shape));
    }

    private String plus(String a, String b) {
        return onnx.node("Add", a, b);
    }

    private String times(String a, String b) {
        return onnx.node("Mul", a, b);
    }

    private String times(String x, double factor) {
        return times(x, onnx.scalar(factor));
    }

    private String plus(String x, double offset) {
        return plus(x, onnx.scalar(offset));
    }

    @Override
    public SDVariable linear(SDVariable x, SDVariable w, SDVariable b, Activation activation) {
        long[] s = shape(x);
        s[s.length - 1] = shape(w)[0];
        // The weight keeps PyTorch's (out,in); runtimes transpose it once, when they load the file.
        String y = onnx.node("MatMul", tensor(x), transpose(tensor(w), 1, 0));
        return activation(is(b == null ? y : plus(y, tensor(b)), s), activation);
    }

    @Override
    public SDVariable layerNorm(SDVariable x, SDVariable gamma, SDVariable beta, double eps) {
        return is(onnx.node("LayerNormalization", new String[] {tensor(x), tensor(gamma), tensor(beta)}, integer("axis", -1),
            real("epsilon", eps)), shape(x));
    }

    @Override
    public SDVariable groupNorm(SDVariable x, SDVariable gamma, SDVariable beta, int groups, double eps) {
        long[] s = shape(x);
        String one = stored("ones_" + groups, Nd4j.ones(DataType.FLOAT, groups));
        String zero = stored("zeros_" + groups, Nd4j.zeros(DataType.FLOAT, groups));
        String y = onnx.node("InstanceNormalization", new String[] {reshape(tensor(x), s[0], groups, -1), one, zero}, real("epsilon", eps));
        y = times(reshape(y, s), reshape(tensor(gamma), s[1], 1, 1));
        return is(plus(y, reshape(tensor(beta), s[1], 1, 1)), s);
    }

    @Override
    public SDVariable activation(SDVariable x, Activation activation) {
        String t = tensor(x);
        return switch (activation) {
            case NONE -> x;
            case RELU -> is(onnx.node("Relu", t), shape(x));
            // ONNX Runtime's own Sigmoid is right to 1e-7 and gives 0 below -18: a gate of 1e-8 loses all its digits, and layer norms make
            // rows of it large again.
            case SIGMOID -> is(onnx.node("Reciprocal", plus(onnx.node("Exp", onnx.node("Neg", t)), 1)), shape(x));
            case QUICK_GELU -> is(times(t, onnx.node("Sigmoid", times(t, 1.702))), shape(x));
            case GELU -> is(times(times(t, 0.5), plus(onnx.node("Erf", times(t, Math.sqrt(0.5))), 1)), shape(x));
        };
    }

    @Override
    public SDVariable attention(SDVariable q, SDVariable k, SDVariable v, int heads, SDVariable keyBias, SDVariable mask, boolean causal) {
        long[] s = shape(q);
        long keys = shape(k)[1];
        String logits = onnx.node("MatMul", heads(q, heads, 0, 2, 1, 3), heads(k, heads, 0, 2, 3, 1));
        logits = times(logits, 1 / Math.sqrt((double) s[2] / heads));
        if (keyBias != null) {
            logits = plus(logits, reshape(tensor(keyBias), s[0], 1, 1, keys));
        }
        if (mask != null) {
            logits = plus(logits, reshape(times(plus(tensor(mask), -1), -BLOCKED), s[0], 1, s[1], keys));
        }
        if (causal) {
            logits = plus(logits, stored("causal_" + s[1] + "_" + keys, causal((int) s[1], (int) keys)));
        }
        String y = onnx.node("MatMul", onnx.node("Softmax", logits, integer("axis", -1)), heads(v, heads, 0, 2, 1, 3));
        return is(reshape(transpose(y, 0, 2, 1, 3), s), s);
    }

    private String heads(SDVariable x, int heads, int... axes) {
        long[] s = shape(x);
        return transpose(reshape(tensor(x), s[0], s[1], heads, s[2] / heads), axes);
    }

    private static INDArray causal(int queries, int keys) {
        float[][] later = new float[queries][keys];
        for (int i = 0; i < queries; i++) {
            Arrays.fill(later[i], Math.min(i + 1, keys), keys, (float) BLOCKED);
        }
        return Nd4j.createFromArray(later);
    }

    @Override
    public SDVariable packedAttention(SDVariable qkv, int heads, boolean causal) {
        long d = shape(qkv)[2] / 3;
        return attention(slice(qkv, 2, 0, d), slice(qkv, 2, d, 2 * d), slice(qkv, 2, 2 * d, 3 * d), heads, null, null, causal);
    }

    @Override
    public SDVariable deformableAttention(SDVariable value, SDVariable offsets, SDVariable weights, SDVariable reference, int[][] levels,
                                          int heads, int points) {
        return new OnnxDeformableAttention(this, onnx).apply(value, offsets, weights, reference, levels, heads, points);
    }

    @Override
    public SDVariable conv2d(SDVariable x, SDVariable w, SDVariable b, int stride, int padding) {
        long[] s = shape(x);
        long[] k = shape(w);
        String[] inputs = b == null ? new String[] {tensor(x), tensor(w)} : new String[] {tensor(x), tensor(w), tensor(b)};
        return is(
            onnx.node("Conv", inputs, ints("kernel_shape", k[2], k[3]), ints("strides", stride, stride),
                ints("pads", padding, padding, padding, padding)),
            s[0], k[0], (s[2] + 2L * padding - k[2]) / stride + 1, (s[3] + 2L * padding - k[3]) / stride + 1);
    }

    @Override
    public SDVariable upConv2x2(SDVariable x, SDVariable w, SDVariable b) {
        long[] s = shape(x);
        return is(
            onnx.node("ConvTranspose", new String[] {tensor(x), tensor(w), tensor(b)}, ints("kernel_shape", 2, 2), ints("strides", 2, 2)),
            s[0], shape(w)[1], 2 * s[2], 2 * s[3]);
    }

    @Override
    public SDVariable maxPool2x2(SDVariable x) {
        long[] s = shape(x);
        return is(onnx.node("MaxPool", tensor(x), ints("kernel_shape", 2, 2), ints("strides", 2, 2)), s[0], s[1], s[2] / 2, s[3] / 2);
    }

    @Override
    public SDVariable resize(SDVariable x, int height, int width, Resize mode) {
        long[] s = shape(x);
        if (s[2] == height && s[3] == width) {
            return x;
        }
        return is(mode == Resize.NEAREST ? nearest(nearest(tensor(x), 2, s[2], height), 3, s[3], width)
            : onnx.node("Resize", new String[] {tensor(x), "", "", onnx.longs(s[0], s[1], height, width)},
                OnnxBuilder.text("mode", mode == Resize.BILINEAR ? "linear" : "cubic"), real("cubic_coeff_a", -0.75),
                OnnxBuilder.text("coordinate_transformation_mode", "half_pixel")),
            s[0], s[1], height, width);
    }

    /** By a table of cells: runtimes divide by the scale in single precision, which picks a neighbour at ties. */
    private String nearest(String x, int axis, long in, int out) {
        return onnx.node("Gather", x, onnx.longs(IntStream.range(0, out).mapToLong(i -> i * in / out).toArray()), integer("axis", axis));
    }

    @Override
    public SDVariable attentionMask(SDVariable maskLogits, int height, int width) {
        long[] s = shape(maskLogits);
        SDVariable small = resize(maskLogits, height, width, Resize.BILINEAR);
        String open =
            onnx.node("Cast", onnx.node("GreaterOrEqual", reshape(tensor(small), s[0], s[1], (long) height * width), onnx.scalar(0)),
                integer("to", OnnxTensors.FLOAT));
        String any = onnx.node("ReduceMax", open, ints("axes", -1), integer("keepdims", 1));
        return is(plus(open, plus(times(any, -1), 1)), s[0], s[1], (long) height * width);
    }

    @Override
    public SDVariable bmm(SDVariable a, SDVariable b, boolean transposeA, boolean transposeB) {
        long[] result = shape(a);
        int r = result.length;
        long[] sb = shape(b);
        result[r - 2] = shape(a)[transposeA ? r - 1 : r - 2];
        result[r - 1] = sb[transposeB ? sb.length - 2 : sb.length - 1];
        return is(onnx.node("MatMul", transposeA ? swapped(a) : tensor(a), transposeB ? swapped(b) : tensor(b)), result);
    }

    private String swapped(SDVariable x) {
        int rank = shape(x).length;
        int[] axes = IntStream.range(0, rank).toArray();
        axes[rank - 2] = rank - 1;
        axes[rank - 1] = rank - 2;
        return transpose(tensor(x), axes);
    }

    @Override
    public SDVariable softmax(SDVariable x) {
        return is(onnx.node("Softmax", tensor(x), integer("axis", -1)), shape(x));
    }

    @Override
    public SDVariable l2Normalize(SDVariable x, double eps) {
        String t = tensor(x);
        String square = onnx.node("ReduceSum", times(t, t), onnx.longs(-1L), integer("keepdims", 1));
        return is(onnx.node("Div", t, onnx.node("Sqrt", plus(square, eps))), shape(x));
    }

    @Override
    public SDVariable log(SDVariable x, double eps) {
        return is(onnx.node("Log", plus(tensor(x), eps)), shape(x));
    }

    @Override
    public SDVariable add(SDVariable a, SDVariable b) {
        return is(plus(tensor(a), tensor(b)), Shapes.broadcast(shape(a), shape(b)));
    }

    @Override
    public SDVariable mul(SDVariable a, SDVariable b) {
        return is(times(tensor(a), tensor(b)), Shapes.broadcast(shape(a), shape(b)));
    }

    @Override
    public SDVariable scale(SDVariable x, double factor, double offset) {
        return is(plus(times(tensor(x), factor), offset), shape(x));
    }

    @Override
    public SDVariable concat(int axis, SDVariable... x) {
        long[] s = shape(x[0]);
        s[axis] = Arrays.stream(x).mapToLong(v -> shape(v)[axis]).sum();
        return is(onnx.node("Concat", Arrays.stream(x).map(this::tensor).toArray(String[]::new), integer("axis", axis)), s);
    }

    @Override
    public SDVariable slice(SDVariable x, int axis, long from, long to) {
        long[] s = shape(x);
        s[axis] = to - from;
        return is(onnx.node("Slice", new String[] {tensor(x), onnx.longs(from), onnx.longs(to), onnx.longs((long) axis)}), s);
    }

    @Override
    public SDVariable reshape(SDVariable x, long... shape) {
        long[] s = shape.clone();
        for (int i = 0; i < s.length; i++) {
            if (s[i] == -1) {
                s[i] = 1;
                s[i] = Shapes.product(shape(x)) / Shapes.product(s);
            }
        }
        return is(reshape(tensor(x), s), s);
    }

    @Override
    public SDVariable permute(SDVariable x, int... axes) {
        long[] s = shape(x);
        return is(transpose(tensor(x), axes), Arrays.stream(axes).mapToLong(a -> s[a]).toArray());
    }

    @Override
    public SDVariable broadcast(SDVariable x, long... shape) {
        return is(onnx.node("Expand", tensor(x), onnx.longs(shape)), shape);
    }

    @Override
    public SDVariable sum(SDVariable x) {
        return is(reshape(onnx.node("ReduceSum", tensor(x), integer("keepdims", 0)), 1), 1);
    }

    @Override
    public SDVariable stopGradient(SDVariable x) {
        return x;
    }
}
