package io.hiervl.graph;

import org.nd4j.autodiff.functions.DifferentialFunction;

/**
 * One op of a {@link GraphRunner}'s plan: where its operands are, and which slots end their life with it.
 *
 * @param name    of the op, for messages
 * @param in      slots that are read
 * @param out     slots that are written, -1 where nobody wants the output
 * @param alias   the output is the first input under another shape or name
 * @param sum     SameDiff's sum of two gradients
 * @param release slots that no later op reads
 */
record Step(String name, DifferentialFunction op, int[] in, int[] out, boolean alias, boolean sum, int[] release) {
}
