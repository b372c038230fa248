package io.hiervl.graph;

import io.hiervl.tensor.Activation;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * A place in a network: the ops it is written with, the parameters and the name in front of them. Layers that need
 * nothing but their parameters are methods here.
 *
 * @param prefix dotted name without a trailing dot; empty at the root
 */
public record Scope(Ops ops, ParameterStore store, String prefix) {
    private static final double NORM_EPS = 1e-5;

    /** The place below this one. */
    public Scope at(String name) {
        return new Scope(ops.in(full(name)), store, full(name));
    }

    /** The same place with dense products in 32 bits, see {@link Ops#exact}. */
    public Scope exact() {
        return new Scope(ops.exact(), store, prefix);
    }

    /** Full name of a parameter of this place. */
    public String full(String name) {
        return prefix.isEmpty() ? name : prefix + "." + name;
    }

    public boolean has(String name) {
        return store.has(full(name));
    }

    /** The parameter as a variable of the graph. */
    public SDVariable get(String name) {
        return store.variable(ops.sd(), full(name));
    }

    /** The parameter, or null where the layer has none. */
    private SDVariable optional(String name) {
        return has(name) ? get(name) : null;
    }

    /** Linear layer {@code name.weight} (out,in), {@code name.bias} if there is one. */
    public SDVariable linear(String name, SDVariable x, Activation activation) {
        return ops.in(full(name)).linear(x, get(name + ".weight"), optional(name + ".bias"), activation);
    }

    public SDVariable linear(String name, SDVariable x) {
        return linear(name, x, Activation.NONE);
    }

    /** Layer norm with PyTorch's default epsilon 1e-5. */
    public SDVariable layerNorm(String name, SDVariable x) {
        return layerNorm(name, x, NORM_EPS);
    }

    public SDVariable layerNorm(String name, SDVariable x, double eps) {
        return ops.in(full(name)).layerNorm(x, get(name + ".weight"), get(name + ".bias"), eps);
    }

    public SDVariable groupNorm(String name, SDVariable x, int groups) {
        return ops.in(full(name)).groupNorm(x, get(name + ".weight"), get(name + ".bias"), groups, NORM_EPS);
    }

    /** Convolution {@code name.weight} (out,in,kh,kw), {@code name.bias} if there is one. */
    public SDVariable conv(String name, SDVariable x, int stride, int padding) {
        return ops.in(full(name)).conv2d(x, get(name + ".weight"), optional(name + ".bias"), stride, padding);
    }

    /** Transposed convolution with kernel and stride 2. */
    public SDVariable up(String name, SDVariable x) {
        return ops.in(full(name)).upConv2x2(x, get(name + ".weight"), get(name + ".bias"));
    }
}
