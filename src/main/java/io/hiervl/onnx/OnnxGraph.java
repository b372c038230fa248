package io.hiervl.onnx;

import io.hiervl.HierVlException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.TensorProto;
import onnx.Onnx.ValueInfoProto;

/**
 * Data flow of an ONNX graph: who makes a tensor, who takes it, and which tensors are stored weights. Weights are
 * looked up through Identity, Cast, Transpose and the like, because exporters put those in between.
 */
public final class OnnxGraph {
    /**
     * A stored weight as a node sees it.
     *
     * @param name       name of the stored tensor
     * @param tensor     the stored tensor, null when the file refers to it but does not hold it
     * @param transposed whether a Transpose(1,0) lies between the stored matrix and the node
     */
    public record Constant(String name, TensorProto tensor, boolean transposed) {
        public boolean missing() {
            return tensor == null;
        }

        public boolean isVector() {
            return missing() || tensor.getDimsCount() == 1 && tensor.getDims(0) > 1;
        }

        public boolean isMatrix() {
            return missing() || tensor.getDimsCount() == 2;
        }
    }

    private static final Set<String> TRANSPARENT =
        Set.of("Identity", "Cast", "CastLike", "Reshape", "Unsqueeze", "Squeeze", "Flatten");

    private final OnnxModel model;
    private final List<NodeProto> nodes;
    private final Map<String, Integer> producer = new HashMap<>();
    private final Map<String, List<Integer>> consumers = new HashMap<>();
    private final Set<String> inputs = new HashSet<>();

    public OnnxGraph(OnnxModel model) {
        this.model = model;
        this.nodes = model.proto().getGraph().getNodeList();
        for (ValueInfoProto v : model.proto().getGraph().getInputList()) {
            // Some exporters list the weights as inputs too.
            if (!model.initializers().containsKey(v.getName())) {
                inputs.add(v.getName());
            }
        }
        for (int i = 0; i < nodes.size(); i++) {
            for (String out : nodes.get(i).getOutputList()) {
                producer.put(out, i);
            }
            for (String in : nodes.get(i).getInputList()) {
                consumers.computeIfAbsent(in, k -> new ArrayList<>()).add(i);
            }
        }
    }

    public OnnxModel model() {
        return model;
    }

    /** Nodes in the order of the file, each after those that it reads from. */
    public List<NodeProto> nodes() {
        return nodes;
    }

    /** Names of the true inputs: those that are not weights. */
    public Set<String> inputs() {
        return inputs;
    }

    /** @return the node that makes the tensor, or null */
    public NodeProto producer(String tensor) {
        Integer i = producer.get(tensor);
        return i == null ? null : nodes.get(i);
    }

    /** @return positions in {@link #nodes} of those that take the tensor */
    public List<Integer> consumers(String tensor) {
        return consumers.getOrDefault(tensor, List.of());
    }

    /** @return whether a node takes the tensor although nothing in the file provides it */
    public boolean missing(String tensor) {
        return !tensor.isEmpty() && !producer.containsKey(tensor) && !inputs.contains(tensor)
            && !model.initializers().containsKey(tensor);
    }

    /** @return the stored weight behind {@code tensor}, or null if it is computed from inputs */
    public Constant constant(String tensor) {
        boolean transposed = false;
        String t = tensor;
        for (int depth = 0; depth < 32; depth++) {
            TensorProto stored = model.initializers().get(t);
            if (stored != null) {
                return new Constant(t, stored, transposed);
            }
            if (missing(t)) {
                return t.isEmpty() ? null : new Constant(t, null, transposed);
            }
            NodeProto n = producer(t);
            if (n == null || n.getInputCount() == 0) {
                return null;
            }
            if (n.getOpType().equals("Transpose")) {
                List<Long> perm = ints(n, "perm");
                if (!perm.isEmpty() && !perm.equals(List.of(1L, 0L))) {
                    return null;
                }
                transposed = !transposed;
            } else if (!TRANSPARENT.contains(n.getOpType())) {
                return null;
            }
            t = n.getInput(0);
        }
        return null;
    }

    /** @return the table or vector behind a lookup, slice or broadcast that depends on the batch or the length */
    public Constant table(String tensor) {
        String t = tensor;
        for (int depth = 0; depth < 32; depth++) {
            Constant c = constant(t);
            if (c != null) {
                return c;
            }
            NodeProto n = producer(t);
            if (n == null || n.getInputCount() == 0) {
                return null;
            }
            String next = n.getInput(0);
            // class_embedding + zeros(B,1,D): follow the operand that is stored.
            if (n.getOpType().equals("Add") || n.getOpType().equals("Mul")) {
                next = constant(n.getInput(0)) == null && constant(n.getInput(1)) != null ? n.getInput(1) : next;
            }
            t = next;
        }
        return null;
    }

    /** @return the value of a stored scalar, NaN if it is none */
    public double scalar(String tensor) {
        Constant c = constant(tensor);
        if (c == null || c.missing() || OnnxTensors.count(c.tensor()) != 1 || !OnnxTensors.isFloat(c.tensor())) {
            return Double.NaN;
        }
        return OnnxTensors.floats(model, c.tensor())[0];
    }

    /** @return the last entry of a shape operand where it is written down, else -1 */
    public long lastOfShape(String tensor) {
        String t = tensor;
        for (int depth = 0; depth < 16; depth++) {
            Constant c = constant(t);
            if (c != null) {
                long[] values = c.missing() ? null : OnnxTensors.longs(model, c.tensor());
                return values == null || values.length == 0 ? -1 : values[values.length - 1];
            }
            NodeProto n = producer(t);
            if (n == null || !n.getOpType().equals("Concat")) {
                return -1;
            }
            t = n.getInput(n.getInputCount() - 1);
        }
        return -1;
    }

    /** @return every tensor computed from one of {@code seeds}, not counting what only knows its shape */
    public Set<String> reach(Set<String> seeds) {
        Set<String> reached = new HashSet<>(seeds);
        for (NodeProto n : nodes) {
            if (!n.getOpType().equals("Shape") && !n.getOpType().equals("Size") && dataInputs(n).stream().anyMatch(reached::contains)) {
                reached.addAll(n.getOutputList());
            }
        }
        return reached;
    }

    /** @return the inputs whose values the node takes; CastLike's second one only gives a number format */
    public static List<String> dataInputs(NodeProto n) {
        return n.getOpType().equals("CastLike") ? n.getInputList().subList(0, 1) : n.getInputList();
    }

    /** @return the attribute's values, empty if the node does not have it */
    public static List<Long> ints(NodeProto n, String name) {
        AttributeProto a = attribute(n, name);
        return a == null ? List.of() : a.getIntsList();
    }

    public static long integer(NodeProto n, String name, long otherwise) {
        AttributeProto a = attribute(n, name);
        return a == null ? otherwise : a.getI();
    }

    public static double real(NodeProto n, String name, double otherwise) {
        AttributeProto a = attribute(n, name);
        return a == null ? otherwise : a.getF();
    }

    /** @return the attribute, or null */
    public static AttributeProto attribute(NodeProto n, String name) {
        for (AttributeProto a : n.getAttributeList()) {
            if (a.getName().equals(name)) {
                return a;
            }
        }
        return null;
    }

    /** @return an error (exit code 4) that names the file */
    public HierVlException refuse(String message) {
        return HierVlException.model(model.file() + ": " + message);
    }
}
