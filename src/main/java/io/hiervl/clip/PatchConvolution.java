package io.hiervl.clip;

import io.hiervl.onnx.OnnxGraph;
import io.hiervl.onnx.OnnxGraph.Constant;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import onnx.Onnx.NodeProto;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The convolution that cuts images into patches: where an image tower begins in a graph. All errors have exit code 4.
 *
 * @param node   in the graph
 * @param kernel [width, 3, patch, patch]
 * @param bias   [width], or null
 */
public record PatchConvolution(NodeProto node, Constant kernel, Constant bias) {
    private static final Set<String> QUANTISED = Set.of("MatMulInteger", "ConvInteger", "DynamicQuantizeLinear",
        "DequantizeLinear", "QuantizeLinear", "QLinearMatMul", "QLinearConv");

    /** @return the only convolution on an image input, or null if there is none */
    public static PatchConvolution find(OnnxGraph graph) {
        Set<String> fromInputs = graph.reach(graph.inputs());
        NodeProto conv = null;
        for (NodeProto n : graph.nodes()) {
            if (n.getOpType().equals("Conv") && fromInputs.contains(n.getInput(0))) {
                if (conv != null) {
                    throw graph.refuse("several convolutions; a ViT has one (a ResNet CLIP is not supported)");
                }
                conv = n;
            }
        }
        return conv == null ? null : new PatchConvolution(conv, graph.constant(conv.getInput(1)),
            conv.getInputCount() > 2 && !conv.getInput(2).isEmpty() ? graph.constant(conv.getInput(2)) : null);
    }

    /** Refuses quantised graphs and operators that plain ONNX does not have. */
    public static void requirePlain(OnnxGraph graph) {
        Set<String> foreign = new TreeSet<>();
        Set<String> quantised = new TreeSet<>();
        Set<String> unknown = new TreeSet<>();
        for (NodeProto n : graph.nodes()) {
            if (QUANTISED.contains(n.getOpType()) || n.getOpType().startsWith("QLinear")) {
                quantised.add(n.getOpType());
            } else if (!n.getDomain().isEmpty() && !n.getDomain().equals("ai.onnx")) {
                foreign.add(n.getDomain() + ":" + n.getOpType());
            } else if (!OnnxOperators.NAMES.contains(n.getOpType())) {
                unknown.add(n.getOpType());
            }
        }
        long set = graph.model().opset();
        if (!unknown.isEmpty() || set < 1 || set > OnnxOperators.NEWEST) {
            throw graph.refuse((unknown.isEmpty() ? "" : "operators that ONNX does not have (" + String.join(", ", unknown) + "); ")
                + "the file declares operator set " + set + ", sets 1 to " + OnnxOperators.NEWEST + " are known; export the model again");
        }
        if (!quantised.isEmpty()) {
            throw graph.refuse("quantised model (" + String.join(", ", quantised) + "); not supported, use the float32 "
                + "or float16 file of the same model");
        }
        if (!foreign.isEmpty()) {
            throw graph.refuse("fused operators that plain ONNX does not have (" + String.join(", ", foreign)
                + "); use the file before it was optimised for one runtime");
        }
    }

    /** Refuses a file whose nodes take tensors that nothing provides, wherever they are. */
    public static void requireComplete(OnnxGraph graph) {
        for (NodeProto n : graph.nodes()) {
            for (String in : n.getInputList()) {
                if (graph.missing(in)) {
                    throw graph.refuse("node '" + n.getName() + "' (" + n.getOpType() + ") takes tensor '" + in
                        + "', which is not in the file");
                }
            }
        }
    }

    /** Name of the tensor of patches. */
    public String output() {
        return node.getOutput(0);
    }

    public int width() {
        return (int) kernel.tensor().getDims(0);
    }

    public int patch() {
        return (int) kernel.tensor().getDims(2);
    }

    /** The kernel, if the convolution cuts the image into squares that do not overlap. */
    public INDArray weight(TowerArrays out) {
        out.require("patch convolution weight", kernel);
        List<Long> dims = kernel.tensor().getDimsList();
        if (dims.size() != 4 || dims.get(1) != 3 || !dims.get(2).equals(dims.get(3))) {
            throw out.refuse("patch convolution weight (tensor '" + kernel.name() + "') has shape " + dims
                + ", expected [width, 3, patch, patch]");
        }
        List<Long> strides = OnnxGraph.ints(node, "strides");
        boolean padded = OnnxGraph.ints(node, "pads").stream().anyMatch(v -> v != 0);
        if (!strides.equals(List.of((long) patch(), (long) patch())) || padded || OnnxGraph.integer(node, "group", 1) != 1) {
            throw out.refuse("convolution with strides " + strides + (padded ? " and padding" : "") + "; a patch "
                + "convolution of kernel " + patch() + " has that stride and no padding");
        }
        return out.array("patch convolution weight", kernel, width(), 3, patch(), patch());
    }
}
