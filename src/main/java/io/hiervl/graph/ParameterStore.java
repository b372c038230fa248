package io.hiervl.graph;

import io.hiervl.Content;
import io.hiervl.HierVlException;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * All parameters of a network, each array once. Graphs take their variables from here and share the arrays, so that an
 * optimiser step is seen by every graph. Not safe for use from several threads while parameters are added.
 */
public final class ParameterStore {
    /** Decides the learning rate: image tower, newly initialised parts, prompt tokens, and what is never trained. */
    public enum Group {
        VIT, NEW, PROMPT, FROZEN
    }

    /**
     * @param name  unique, dotted, as in PyTorch state dictionaries
     * @param array the value, changed in place by the optimiser
     * @param decay whether weight decay applies
     */
    public record Parameter(String name, INDArray array, Group group, boolean decay) {
        public boolean trainable() {
            return group != Group.FROZEN;
        }

        @Override
        public boolean equals(Object other) {
            return Content.equal(this, other);
        }

        @Override
        public int hashCode() {
            return Content.hash(this);
        }

        @Override
        public String toString() {
            return Content.text(this);
        }
    }

    private final Map<String, Parameter> parameters = new LinkedHashMap<>();

    /** Adds a parameter; fails if the name is taken. */
    public Parameter add(String name, INDArray array, Group group, boolean decay) {
        Parameter p = new Parameter(name, array, group, decay);
        if (parameters.putIfAbsent(name, p) != null) {
            throw new IllegalArgumentException("parameter " + name + " exists already");
        }
        return p;
    }

    public boolean has(String name) {
        return parameters.containsKey(name);
    }

    /** The parameter; fails with the nearest facts if there is none. */
    public Parameter get(String name) {
        Parameter p = parameters.get(name);
        if (p == null) {
            throw HierVlException.model("parameter " + name + " is missing; the model has " + parameters.size() + " parameters");
        }
        return p;
    }

    public Collection<Parameter> all() {
        return Collections.unmodifiableCollection(parameters.values());
    }

    /** Copies values into a parameter; the shape must match. */
    public void assign(String name, INDArray value) {
        INDArray target = get(name).array();
        if (!Arrays.equals(target.shape(), value.shape())) {
            throw HierVlException.model("parameter " + name + " has shape " + Arrays.toString(target.shape()) + ", the file gives "
                + Arrays.toString(value.shape()));
        }
        target.assign(value);
    }

    /**
     * The parameter as a variable of the graph, created at first use. Trainable parameters become VARIABLEs, frozen ones
     * CONSTANTs; both share the array of the store (the graph must come from {@link Graphs#create}).
     */
    public SDVariable variable(SameDiff sd, String name) {
        if (sd.hasVariable(name)) {
            return sd.getVariable(name);
        }
        Parameter p = get(name);
        return p.trainable() ? Graphs.variable(sd, name, p.array()) : Graphs.constant(sd, name, p.array());
    }

    /** Number of values in all parameters. */
    public long size() {
        return parameters.values().stream().mapToLong(p -> p.array().length()).sum();
    }
}
