package io.hiervl.graph;

import io.hiervl.op.Op;
import org.nd4j.autodiff.functions.DifferentialFunction;

/**
 * One op of a {@link GraphRunner}'s plan: where its operands are, and which slots end their life with it.
 *
 * @param name    of the op, for messages
 * @param op      one of this project, or null for one of ND4J's
 * @param nd4j    the op as SameDiff has it; null for ops that only plans make
 * @param in      slots that are read
 * @param out     slots that are written, -1 where nobody wants the output
 * @param alias   the output is the first input under another shape or name
 * @param sum     SameDiff's sum of two gradients
 * @param release slots that no later op reads
 */
record Step(String name, Op op, DifferentialFunction nd4j, int[] in, int[] out, boolean alias, boolean sum, int[] release) {
    /** Name of the kind of op. */
    String type() {
        return op == null ? nd4j.opName() : op.name();
    }

    /** By output: whether somebody wants it. */
    boolean[] wanted() {
        boolean[] wanted = new boolean[out.length];
        for (int i = 0; i < out.length; i++) {
            wanted[i] = out[i] >= 0;
        }
        return wanted;
    }
}
