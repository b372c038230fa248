package io.hiervl.graph;

import io.hiervl.op.GraphOp;
import io.hiervl.op.Op;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.autodiff.samediff.internal.Variable;

/**
 * Ops through which no gradient flows. SameDiff has no such notion: it demands a gradient for everything on a path from a
 * parameter to the loss. While it derives the gradient graph, the outputs of these ops look like inputs of the graph.
 */
final class GradientCut {
    private final Map<String, String> producers = new LinkedHashMap<>();

    /** Cuts the graph behind its stopping ops. */
    GradientCut(SameDiff sd) {
        for (SameDiffOp op : sd.getOps().values()) {
            if (op.getOp() instanceof GraphOp own && own.op().traits().contains(Op.Trait.CUT)) {
                for (String name : op.getOutputsOfOp()) {
                    Variable v = sd.getVariables().get(name);
                    producers.put(name, op.getName());
                    v.setOutputOfOp(null);
                    v.getVariable().setVariableType(VariableType.PLACEHOLDER);
                }
            }
        }
    }

    /** Joins this graph, the one that was cut or a copy of it, again. */
    void join(SameDiff graph) {
        producers.forEach((name, op) -> {
            Variable v = graph.getVariables().get(name);
            v.setOutputOfOp(op);
            v.getVariable().setVariableType(VariableType.ARRAY);
        });
    }
}
