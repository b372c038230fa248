package io.hiervl.onnx;

import io.hiervl.HierVlException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import onnx.Onnx.GraphProto;
import onnx.Onnx.NodeProto;

/**
 * What ONNX promises of every node, and what readers of graphs rely on: operators have their inputs, nodes have an output, and no node
 * reads what it or a later node makes. A walk along a graph with a circle would have no end.
 */
final class OnnxNodes {
    /** Inputs that an operator cannot be without, of the operators whose inputs are looked at. */
    private static final Map<String, Integer> LEAST = new HashMap<>();

    static {
        List.of("ArgMax", "Cast", "Concat", "Erf", "Exp", "Flatten", "Gelu", "Identity", "Sigmoid", "Softmax", "Split", "Sqrt", "Squeeze",
            "Swish", "Transpose", "Unsqueeze").forEach(op -> LEAST.put(op, 1));
        List.of("Add", "CastLike", "Conv", "Div", "Equal", "Gather", "Gemm", "LayerNormalization", "MatMul", "Mul", "Pow", "Reshape", "Sub")
            .forEach(op -> LEAST.put(op, 2));
        LEAST.put("Attention", 3);
    }

    private OnnxNodes() {
    }

    /** @throws HierVlException model error naming file and node */
    static void check(Path file, GraphProto graph) {
        Map<String, Integer> maker = new HashMap<>();
        List<NodeProto> nodes = graph.getNodeList();
        for (int i = 0; i < nodes.size(); i++) {
            NodeProto n = nodes.get(i);
            if (n.getOutputCount() == 0) {
                throw refuse(file, n, "has no output");
            }
            int least = LEAST.getOrDefault(n.getOpType(), 0);
            if (n.getInputCount() < least) {
                throw refuse(file, n, "has " + n.getInputCount() + " inputs; the operator needs " + least);
            }
            for (String out : n.getOutputList()) {
                if (!out.isEmpty() && maker.put(out, i) != null) {
                    throw refuse(file, n, "makes tensor '" + out + "', which an earlier node makes too");
                }
            }
        }
        for (int i = 0; i < nodes.size(); i++) {
            for (String in : nodes.get(i).getInputList()) {
                if (maker.getOrDefault(in, -1) >= i) {
                    throw refuse(file, nodes.get(i), "reads tensor '" + in + "', which " + (maker.get(in) == i ? "it" : "a later node")
                        + " makes");
                }
            }
        }
    }

    private static HierVlException refuse(Path file, NodeProto n, String what) {
        return HierVlException.model(file + ": node '" + n.getName() + "' (" + n.getOpType() + ") " + what);
    }
}
