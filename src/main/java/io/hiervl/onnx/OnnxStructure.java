package io.hiervl.onnx;

import io.hiervl.structure.Flops;
import io.hiervl.structure.ModelGraph;
import io.hiervl.structure.Operation;
import io.hiervl.structure.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import onnx.Onnx.NodeProto;
import onnx.Onnx.TensorProto;
import onnx.Onnx.ValueInfoProto;

/** Reads the structure of an ONNX graph: modules by the names of its nodes, shapes as far as they follow from the file. */
public final class OnnxStructure {
    private static final Set<String> ALIASES = Set.of("Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Dropout");

    private final OnnxModel model;
    private final OnnxShapes shapes;

    private OnnxStructure(OnnxModel model) {
        this.model = model;
        this.shapes = new OnnxShapes(model);
    }

    /**
     * The graph of a model.
     *
     * @param title what it is
     */
    public static ModelGraph of(OnnxModel model, String title) {
        return new OnnxStructure(model).read(title);
    }

    private ModelGraph read(String title) {
        List<Value> inputs = model.proto().getGraph().getInputList().stream().map(ValueInfoProto::getName)
            .filter(n -> !model.initializers().containsKey(n)).map(this::value).toList();
        List<Operation> operations = new ArrayList<>();
        for (NodeProto node : model.proto().getGraph().getNodeList()) {
            if (!node.getOpType().equals("Constant")) {
                operations.add(operation(node));
            }
        }
        return new ModelGraph(title, inputs, operations,
            model.proto().getGraph().getOutputList().stream().map(ValueInfoProto::getName).toList());
    }

    private Value value(String name) {
        long[] shape = shapes.of(name);
        return new Value(name, shape == null ? null : Arrays.stream(shape).boxed().toList());
    }

    private boolean isParameter(String name) {
        TensorProto t = model.initializers().get(name);
        return t != null && t.getDimsCount() > 0 && OnnxTensors.isFloat(t);
    }

    private Operation operation(NodeProto node) {
        shapes.infer(node);
        List<String> in = node.getInputList().stream().filter(n -> !n.isEmpty()).toList();
        String name = node.getName().isEmpty() ? node.getOutput(0) : node.getName();
        return new Operation(name, path(name), node.getOpType(), in,
            in.stream().filter(this::isParameter).distinct().map(this::value).toList(),
            node.getOutputList().stream().filter(n -> !n.isEmpty()).map(this::value).toList(), flops(node),
            ALIASES.contains(node.getOpType()));
    }

    /** {@code /a/b/Type_3} is a node of the module {@code a.b}. */
    private static String path(String name) {
        int slash = name.lastIndexOf('/');
        return slash <= 0 ? "" : name.substring(name.startsWith("/") ? 1 : 0, slash).replace('/', '.');
    }

    private double flops(NodeProto node) {
        long[] a = node.getInputCount() > 0 ? shapes.of(node.getInput(0)) : null;
        long[] b = node.getInputCount() > 1 ? shapes.of(node.getInput(1)) : null;
        long[] out = shapes.of(node.getOutput(0));
        if (a == null || b == null || out == null || out.length == 0) {
            return 0;
        }
        return switch (node.getOpType()) {
            case "MatMul", "Gemm" -> Flops.product(a, out);
            case "Conv" -> Flops.convolution(b, out);
            case "ConvTranspose" -> Flops.transposedConvolution(a, b);
            default -> 0;
        };
    }
}
