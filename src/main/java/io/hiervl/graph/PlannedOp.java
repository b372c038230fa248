package io.hiervl.graph;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.nd4j.autodiff.functions.DifferentialFunction;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;

/**
 * One execution of an op.
 *
 * @param name of the op, for messages
 * @param in   variables that are read
 * @param out  variables that are written
 */
record PlannedOp(String name, DifferentialFunction op, List<String> in, List<String> out) {
    private static final Set<String> ALIASES = Set.of("hiervl_reshape", "hiervl_stop_gradient", "hiervl_rename", "identity");

    static PlannedOp of(SameDiffOp op) {
        return new PlannedOp(op.getName(), op.getOp(), inputs(op), op.getOutputsOfOp());
    }

    static List<String> inputs(SameDiffOp op) {
        return op.getInputsToOp() == null ? List.of() : op.getInputsToOp();
    }

    /** Whether this is SameDiff's sum of two gradients of a variable; graphs of this project add by ops of their own. */
    boolean sumsGradients() {
        return op.opName().equals("add") && in.size() == 2;
    }

    /** Whether the output is the first input under another shape or name. */
    boolean isAlias() {
        return ALIASES.contains(op.opName());
    }

    /** The same with other variables in the place of some. */
    PlannedOp renamed(Map<String, String> names) {
        return new PlannedOp(name, op, in.stream().map(n -> names.getOrDefault(n, n)).toList(),
            out.stream().map(n -> names.getOrDefault(n, n)).toList());
    }
}
