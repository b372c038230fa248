package io.hiervl.op;

import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;

/** What a gradient rule has at hand: the variables of an op in a graph, and the cotangents of its results. */
public final class Backward {
    private final GraphOp op;
    private final List<SDVariable> cotangents;

    Backward(GraphOp op, List<SDVariable> cotangents) {
        this.op = op;
        this.cotangents = cotangents;
    }

    public SDVariable input(int i) {
        return op.args()[i];
    }

    public SDVariable[] inputs() {
        return op.args().clone();
    }

    public SDVariable output(int i) {
        return op.outputVariables()[i];
    }

    /** Derivative of the loss by a result. */
    public SDVariable cotangent(int i) {
        return cotangents.get(i);
    }

    public List<SDVariable> cotangents() {
        return cotangents;
    }

    /** All results of an op that is added to the graph, at the place of the op that is differentiated. */
    public List<SDVariable> apply(Op gradient, SDVariable... in) {
        String name = op.getOwnName();
        return Arrays.asList(gradient.applyAll(op.getSameDiff(), name.substring(0, Math.max(0, name.lastIndexOf('/'))), in));
    }

    /** Zeros in the shape of a variable. */
    public SDVariable zeros(SDVariable like) {
        return new StopGradient.Zeros().apply(op.getSameDiff(), like);
    }
}
