package io.hiervl.clip;

import io.hiervl.onnx.OnnxGraph;
import io.hiervl.onnx.OnnxGraph.Constant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import onnx.Onnx.NodeProto;

/**
 * Finds the layers of one transformer tower by following its data from the first embedding: layer norms, linear
 * layers and attention cores, in the order in which the data meets them. Names are not used: exporters and tools
 * change them. Query, key and value are told apart by the operands of the attention's two matrix products.
 */
public final class TowerScan {
    /** A layer norm. */
    public record Norm(Constant weight, Constant bias, double eps) {
    }

    /** A linear layer; {@code outIn} tells the orientation of the matrix as the node sees it. */
    public record Linear(Constant weight, boolean outIn, Constant bias, String output) {
    }

    /** One attention; the three are the same object when the projection is fused. {@code headDim} 0: not readable. */
    public record Core(Linear q, Linear k, Linear v, int headDim) {
    }

    private static final int MAX_STEPS = 64;
    private static final Set<String> AFTER_SOFTMAX = Set.of("Where", "Cast", "Reshape", "Identity", "Dropout");

    final OnnxGraph graph;
    final Set<String> data;
    final List<Norm> norms = new ArrayList<>();
    final List<Linear> linears = new ArrayList<>();
    final List<Core> cores = new ArrayList<>();
    Activation activation;
    private final boolean gated;
    private final List<String> gates = new ArrayList<>();
    private final Map<String, Linear> byOutput = new HashMap<>();

    /** @param seed output of the tower's first embedding (the patch convolution or the token lookup) */
    TowerScan(OnnxGraph graph, String seed) {
        this(graph, seed, false);
    }

    /**
     * @param seed  output of the tower's first embedding
     * @param gated whether the MLPs may be gated by x * sigmoid(x) (SwiGLU)
     */
    public TowerScan(OnnxGraph graph, String seed, boolean gated) {
        this.graph = graph;
        this.gated = gated;
        this.data = graph.reach(Set.of(seed));
        List<NodeProto> attentions = new ArrayList<>();
        for (NodeProto n : graph.nodes()) {
            if (OnnxGraph.dataInputs(n).stream().noneMatch(data::contains)) {
                continue;
            }
            switch (n.getOpType()) {
                case "LayerNormalization" -> norms.add(new Norm(graph.constant(n.getInput(1)),
                    n.getInputCount() > 2 ? graph.constant(n.getInput(2)) : null,
                    OnnxGraph.real(n, "epsilon", 1e-5)));
                case "Add" -> decomposedNorm(n);
                case "MatMul" -> matMul(n);
                case "Gemm" -> gemm(n);
                case "Softmax", "Attention" -> attentions.add(n);
                case "Sigmoid" -> sigmoid(n);
                case "Swish" -> swish(n);
                case "Erf" -> activation(Activation.GELU);
                case "Gelu" -> {
                    if (OnnxGraph.attribute(n, "approximate") != null
                        && OnnxGraph.attribute(n, "approximate").getS().toStringUtf8().equals("tanh")) {
                        throw graph.refuse("the MLP uses the tanh approximation of GELU; CLIP's are quick_gelu and gelu");
                    }
                    activation(Activation.GELU);
                }
                default -> {}
            }
        }
        for (NodeProto n : attentions) {
            cores.add(core(n));
        }
    }

    private void activation(Activation found) {
        if (activation != null && activation != found) {
            throw graph.refuse("the tower mixes Sigmoid and Erf activations; CLIP uses one of them throughout");
        }
        activation = found;
    }

    public OnnxGraph graph() {
        return graph;
    }

    /** Every tensor computed from the seed. */
    public Set<String> data() {
        return data;
    }

    /** Layer norms in the order of the data. */
    public List<Norm> norms() {
        return norms;
    }

    /** Linear layers in the order of the data, those of the attentions among them. */
    public List<Linear> linears() {
        return linears;
    }

    /** Attentions in the order of the data. */
    public List<Core> cores() {
        return cores;
    }

    /** Whether the MLPs have GELU with the error function. */
    public boolean hasGelu() {
        return activation == Activation.GELU;
    }

    /** Tensors that enter x * sigmoid(x), in the order of the data. */
    public List<String> gates() {
        return gates;
    }

    /** @return the linear layer that the tensor comes from by nodes with one data input, or null */
    public Linear linearBehind(String tensor) {
        String t = tensor;
        for (int step = 0; t != null && step < MAX_STEPS; step++) {
            Linear linear = byOutput.get(t);
            if (linear != null) {
                return linear;
            }
            NodeProto n = graph.producer(t);
            t = n == null ? null : onlyData(n);
        }
        return null;
    }

    private void swish(NodeProto n) {
        if (!gated || OnnxGraph.real(n, "alpha", 1) != 1) {
            throw graph.refuse("node '" + n.getName() + "': Swish is not an activation of this kind of tower");
        }
        gates.add(n.getInput(0));
    }

    private void sigmoid(NodeProto n) {
        NodeProto before = skipCasts(n.getInput(0));
        if (gated) {
            gates.add(n.getInput(0));
            return;
        }
        if (before == null || !before.getOpType().equals("Mul")) {
            throw graph.refuse("node '" + n.getName() + "': Sigmoid without the factor 1.702; CLIP's activations are "
                + "quick_gelu and gelu");
        }
        double a = graph.scalar(before.getInput(0));
        double factor = Double.isNaN(a) ? graph.scalar(before.getInput(1)) : a;
        if (!(Math.abs(factor - 1.702) < 0.01)) {
            throw graph.refuse("node '" + n.getName() + "': Sigmoid of " + factor + " x; quick_gelu has the factor 1.702");
        }
        activation(Activation.QUICK_GELU);
    }

    private NodeProto skipCasts(String tensor) {
        NodeProto n = graph.producer(tensor);
        while (n != null && (n.getOpType().equals("Cast") || n.getOpType().equals("CastLike"))) {
            n = graph.producer(n.getInput(0));
        }
        return n;
    }

    /** Index of the operand that carries the tower's data when exactly one of the first two does, else -1. */
    private int dataOperand(NodeProto n) {
        boolean first = data.contains(n.getInput(0));
        boolean second = n.getInputCount() > 1 && data.contains(n.getInput(1));
        return first == second ? -1 : first ? 0 : 1;
    }

    private Constant otherVector(NodeProto n, int dataOperand) {
        Constant c = dataOperand < 0 ? null : graph.constant(n.getInput(1 - dataOperand));
        return c != null && c.isVector() ? c : null;
    }

    private void decomposedNorm(NodeProto add) {
        int d = dataOperand(add);
        Constant bias = otherVector(add, d);
        if (bias == null) {
            return;
        }
        NodeProto mul = skipCasts(add.getInput(d));
        if (mul == null || !mul.getOpType().equals("Mul")) {
            return;
        }
        int md = dataOperand(mul);
        Constant weight = otherVector(mul, md);
        NodeProto div = weight == null ? null : skipCasts(mul.getInput(md));
        if (div == null || !div.getOpType().equals("Div")) {
            return;
        }
        norms.add(new Norm(weight, bias, epsilon(div)));
    }

    private double epsilon(NodeProto div) {
        NodeProto sqrt = skipCasts(div.getInput(1));
        NodeProto add = sqrt == null || !sqrt.getOpType().equals("Sqrt") ? null : skipCasts(sqrt.getInput(0));
        if (add == null || !add.getOpType().equals("Add")) {
            return Double.NaN;
        }
        double eps = graph.scalar(add.getInput(1));
        return Double.isNaN(eps) ? graph.scalar(add.getInput(0)) : eps;
    }

    private void matMul(NodeProto n) {
        int d = dataOperand(n);
        Constant weight = d < 0 ? null : graph.constant(n.getInput(1 - d));
        if (weight == null) {
            return;
        }
        if (d == 1) {
            throw graph.refuse("node '" + n.getName() + "': a weight on the left of MatMul is not a CLIP linear layer");
        }
        if (!weight.isMatrix()) {
            return;
        }
        Constant bias = null;
        String out = n.getOutput(0);
        for (int step = 0; step < 4 && bias == null; step++) {
            List<Integer> next = graph.consumers(out);
            if (next.size() != 1) {
                break;
            }
            NodeProto c = graph.nodes().get(next.get(0));
            if (c.getOpType().equals("Add")) {
                bias = otherVector(c, dataOperand(c));
                if (bias == null) {
                    break;
                }
            } else if (!c.getOpType().equals("Reshape") && !c.getOpType().equals("Cast")) {
                break;
            }
            out = c.getOutput(0);
        }
        add(new Linear(weight, false, bias, bias == null ? n.getOutput(0) : out));
    }

    private void gemm(NodeProto n) {
        int d = dataOperand(n);
        Constant weight = d != 0 ? null : graph.constant(n.getInput(1));
        if (weight == null || !weight.isMatrix()) {
            return;
        }
        if (OnnxGraph.integer(n, "transA", 0) != 0 || OnnxGraph.real(n, "alpha", 1) != 1 || OnnxGraph.real(n, "beta", 1) != 1) {
            throw graph.refuse("node '" + n.getName() + "': Gemm with transA, alpha or beta is not a CLIP linear layer");
        }
        Constant bias = n.getInputCount() > 2 && !n.getInput(2).isEmpty() ? graph.constant(n.getInput(2)) : null;
        add(new Linear(weight, OnnxGraph.integer(n, "transB", 0) != 0, bias, n.getOutput(0)));
    }

    private void add(Linear linear) {
        linears.add(linear);
        byOutput.put(linear.output(), linear);
    }

    private Core core(NodeProto n) {
        if (n.getOpType().equals("Attention")) {
            return core(n.getInput(0), n.getInput(1), n.getInput(2), n);
        }
        NodeProto scores = graph.producer(n.getInput(0));
        for (int step = 0; step < MAX_STEPS && scores != null && !isProduct(scores); step++) {
            String next = onlyData(scores);
            scores = next == null ? null : graph.producer(next);
        }
        NodeProto product = productAfter(n.getOutput(0));
        if (scores == null || product == null) {
            throw graph.refuse("node '" + n.getName() + "': no attention around this Softmax");
        }
        return core(scores.getInput(0), scores.getInput(1), product.getInput(1), n);
    }

    private Core core(String q, String k, String v, NodeProto at) {
        int[] headDim = {0};
        Linear value = linearBefore(v, at, headDim);
        return new Core(linearBefore(q, at, new int[1]), linearBefore(k, at, new int[1]), value, headDim[0]);
    }

    private boolean isProduct(NodeProto n) {
        return n.getOpType().equals("MatMul") && data.contains(n.getInput(0)) && data.contains(n.getInput(1));
    }

    private String onlyData(NodeProto n) {
        String found = null;
        for (String in : OnnxGraph.dataInputs(n)) {
            if (data.contains(in)) {
                if (found != null && !found.equals(in)) {
                    return null;
                }
                found = in;
            }
        }
        return found;
    }

    private NodeProto productAfter(String tensor) {
        Set<String> front = new HashSet<>(Set.of(tensor));
        for (int step = 0; step < 8; step++) {
            Set<String> next = new HashSet<>();
            for (String t : front) {
                for (int i : graph.consumers(t)) {
                    NodeProto n = graph.nodes().get(i);
                    if (isProduct(n) && n.getInput(0).equals(t)) {
                        return n;
                    }
                    if (AFTER_SOFTMAX.contains(n.getOpType())) {
                        next.add(n.getOutput(0));
                    }
                }
            }
            front = next;
        }
        return null;
    }

    /** Walks back to the linear layer; the last Reshape before the product ends in the head size. */
    private Linear linearBefore(String tensor, NodeProto at, int[] headDim) {
        String t = tensor;
        for (int step = 0; step < MAX_STEPS; step++) {
            Linear linear = byOutput.get(t);
            if (linear != null) {
                return linear;
            }
            NodeProto n = graph.producer(t);
            if (n != null && n.getOpType().equals("Reshape") && headDim[0] == 0) {
                headDim[0] = (int) Math.max(0, graph.lastOfShape(n.getInput(1)));
            }
            t = n == null ? null : onlyData(n);
            if (t == null) {
                break;
            }
        }
        throw graph.refuse("node '" + at.getName() + "': no linear layer found before this attention");
    }
}
