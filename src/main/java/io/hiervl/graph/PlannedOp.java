package io.hiervl.graph;

import io.hiervl.op.GraphOp;
import io.hiervl.op.Op;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.functions.DifferentialFunction;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;

/**
 * One execution of an op.
 *
 * @param name of the op, for messages
 * @param op   one of this project, or null for one of ND4J's
 * @param nd4j the op as SameDiff has it; null for ops that only plans make
 * @param in   variables that are read
 * @param out  variables that are written
 */
record PlannedOp(String name, Op op, DifferentialFunction nd4j, List<String> in, List<String> out) {
    static PlannedOp of(SameDiffOp op) {
        return new PlannedOp(op.getName(), op.getOp() instanceof GraphOp own ? own.op() : null, op.getOp(), inputs(op),
            op.getOutputsOfOp());
    }

    static List<String> inputs(SameDiffOp op) {
        return op.getInputsToOp() == null ? List.of() : op.getInputsToOp();
    }

    /** Name of the kind of op. */
    String type() {
        return op == null ? nd4j.opName() : op.name();
    }

    boolean has(Op.Trait trait) {
        return op != null && op.traits().contains(trait);
    }

    /** Whether this is SameDiff's sum of two gradients of a variable; graphs of this project add by ops of their own. */
    boolean sumsGradients() {
        return op == null && nd4j.opName().equals("add") && in.size() == 2;
    }

    /** Whether the output is the first input under another shape or name. */
    boolean isAlias() {
        return has(Op.Trait.ALIAS) || op == null && nd4j.opName().equals("identity");
    }

    /** The same with other variables in the place of some. */
    PlannedOp renamed(Map<String, String> names) {
        return new PlannedOp(name, op, nd4j, in.stream().map(n -> names.getOrDefault(n, n)).toList(),
            out.stream().map(n -> names.getOrDefault(n, n)).toList());
    }
}
