package io.hiervl.graph;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.autodiff.samediff.internal.Variable;

/** The order in which ops run. */
final class Schedule {
    private Schedule() {
    }

    /** The ops that the wanted variables need, each after the ops that it reads from, in the order of the graph. */
    static List<PlannedOp> of(SameDiff graph, Set<String> wanted) {
        List<SameDiffOp> pending = needed(graph, wanted);
        Set<String> own = new LinkedHashSet<>();
        pending.forEach(o -> own.addAll(o.getOutputsOfOp()));
        Set<String> produced = new LinkedHashSet<>();
        List<PlannedOp> order = new ArrayList<>();
        while (!pending.isEmpty()) {
            int before = order.size();
            List<SameDiffOp> blocked = new ArrayList<>();
            for (SameDiffOp op : pending) {
                if (PlannedOp.inputs(op).stream().allMatch(n -> !own.contains(n) || produced.contains(n))) {
                    order.add(PlannedOp.of(op));
                    produced.addAll(op.getOutputsOfOp());
                } else {
                    blocked.add(op);
                }
            }
            if (order.size() == before) {
                throw new IllegalStateException("the graph has a cycle at op " + blocked.get(0).getName());
            }
            pending = blocked;
        }
        return order;
    }

    private static List<SameDiffOp> needed(SameDiff graph, Set<String> wanted) {
        Set<String> needed = new LinkedHashSet<>();
        List<String> todo = new ArrayList<>(wanted);
        while (!todo.isEmpty()) {
            Variable v = graph.getVariables().get(todo.remove(todo.size() - 1));
            if (v == null) {
                throw new IllegalArgumentException("the graph has no variable of the wanted name");
            }
            if (v.getOutputOfOp() != null && needed.add(v.getOutputOfOp())) {
                todo.addAll(PlannedOp.inputs(graph.getOps().get(v.getOutputOfOp())));
            }
        }
        return graph.getOps().values().stream().filter(o -> needed.contains(o.getName())).toList();
    }
}
