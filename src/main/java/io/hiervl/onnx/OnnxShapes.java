package io.hiervl.onnx;

import io.hiervl.tensor.Shapes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import onnx.Onnx.NodeProto;
import onnx.Onnx.TensorProto;
import onnx.Onnx.TensorShapeProto;
import onnx.Onnx.ValueInfoProto;

/**
 * Shapes of an ONNX graph's tensors: those that the file gives, and of the rest those that follow by the rules of the operators that
 * exported networks have. What does not follow is not known.
 */
final class OnnxShapes {
    private final OnnxModel model;
    private final Map<String, long[]> known = new HashMap<>();

    OnnxShapes(OnnxModel model) {
        this.model = model;
        model.initializers().forEach((name, t) -> known.put(name, t.getDimsList().stream().mapToLong(Long::longValue).toArray()));
        List<ValueInfoProto> all = new ArrayList<>(model.proto().getGraph().getValueInfoList());
        all.addAll(model.proto().getGraph().getInputList());
        all.addAll(model.proto().getGraph().getOutputList());
        all.forEach(this::given);
    }

    private void given(ValueInfoProto v) {
        List<TensorShapeProto.Dimension> dims = v.getType().getTensorType().getShape().getDimList();
        if (v.getType().getTensorType().hasShape() && dims.stream().allMatch(TensorShapeProto.Dimension::hasDimValue)) {
            known.put(v.getName(), dims.stream().mapToLong(TensorShapeProto.Dimension::getDimValue).toArray());
        }
    }

    /** The shape of a tensor, or null where it is not known. */
    long[] of(String name) {
        return known.get(name);
    }

    /** Finds the shape of a node's first result, if it is not known; nodes come in the order of the graph. */
    void infer(NodeProto node) {
        String out = node.getOutput(0);
        long[][] in = node.getInputList().stream().map(known::get).toArray(long[][]::new);
        if (known.containsKey(out) || in.length == 0 || in[0] == null) {
            return;
        }
        try {
            long[] shape = rule(node, in);
            if (shape != null) {
                known.put(out, shape);
            }
        } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException | NullPointerException e) {
            // a node of another form than exporters write: its shape stays unknown
            known.remove(out);
        }
    }

    private long[] rule(NodeProto node, long[][] in) {
        long[] x = in[0];
        return switch (node.getOpType()) {
            case "Identity", "Relu", "Sigmoid", "Erf", "Exp", "Log", "Neg", "Reciprocal", "Sqrt", "Softmax", "Cast", "LayerNormalization",
                "InstanceNormalization" -> x;
            case "Add", "Sub", "Mul", "Div", "GreaterOrEqual" -> Shapes.broadcast(x, in[1]);
            case "MatMul" -> product(x, in[1]);
            case "Transpose" -> OnnxGraph.ints(node, "perm").stream().mapToLong(axis -> x[axis.intValue()]).toArray();
            case "Reshape" -> reshaped(x, longs(node, 1));
            case "Expand" -> Shapes.broadcast(x, longs(node, 1));
            case "Concat" -> with(x, axis(node, x), Arrays.stream(in).mapToLong(s -> s[axis(node, x)]).sum());
            case "Slice" -> sliced(x, longs(node, 1), longs(node, 2), longs(node, 3));
            case "Gather" -> with(x, axis(node, x), in[1][0]);
            case "Resize" -> longs(node, 3);
            case "ReduceSum", "ReduceMax", "ReduceMean" -> reduced(x, node);
            case "GridSample" -> new long[] {x[0], x[1], in[1][1], in[1][2]};
            default -> null;
        };
    }

    private long[] longs(NodeProto node, int input) {
        TensorProto t = model.initializers().get(node.getInput(input));
        return t == null ? null : OnnxTensors.longs(model, t);
    }

    private static int axis(NodeProto node, long[] x) {
        return index(OnnxGraph.integer(node, "axis", 0), x);
    }

    private static int index(long axis, long[] x) {
        return (int) (axis < 0 ? axis + x.length : axis);
    }

    private static long[] with(long[] x, int axis, long size) {
        long[] y = x.clone();
        y[axis] = size;
        return y;
    }

    private static long[] product(long[] a, long[] b) {
        long[] y = Shapes.broadcast(Arrays.copyOf(a, a.length - 2), Arrays.copyOf(b, b.length - 2));
        long[] all = Arrays.copyOf(y, y.length + 2);
        all[y.length] = a[a.length - 2];
        all[y.length + 1] = b[b.length - 1];
        return all;
    }

    /** 0 keeps the size of an axis, -1 takes what is left. */
    private static long[] reshaped(long[] x, long[] wanted) {
        long[] y = IntStream.range(0, wanted.length).mapToLong(i -> wanted[i] == 0 ? x[i] : wanted[i]).toArray();
        long rest = Shapes.product(x) / Math.max(1, Math.abs(Shapes.product(y)));
        return Arrays.stream(y).map(s -> s == -1 ? rest : s).toArray();
    }

    private static long[] sliced(long[] x, long[] starts, long[] ends, long[] axes) {
        long[] y = x.clone();
        for (int i = 0; i < axes.length; i++) {
            int a = index(axes[i], x);
            long from = Math.min(x[a], starts[i] < 0 ? starts[i] + x[a] : starts[i]);
            long to = Math.min(x[a], ends[i] < 0 ? ends[i] + x[a] : ends[i]);
            y[a] = to - from;
        }
        return y;
    }

    private long[] reduced(long[] x, NodeProto node) {
        boolean keep = OnnxGraph.integer(node, "keepdims", 1) == 1;
        long[] given = node.getInputCount() > 1 ? longs(node, 1)
            : OnnxGraph.ints(node, "axes").stream().mapToLong(Long::longValue).toArray();
        boolean[] gone = new boolean[x.length];
        Arrays.fill(gone, given.length == 0);
        Arrays.stream(given).forEach(a -> gone[index(a, x)] = true);
        return IntStream.range(0, x.length).filter(i -> keep || !gone[i]).mapToLong(i -> gone[i] ? 1 : x[i]).toArray();
    }
}
