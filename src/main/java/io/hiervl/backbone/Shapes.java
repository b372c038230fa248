package io.hiervl.backbone;

import java.util.LinkedHashMap;
import java.util.Map;

/** Collects shapes of a tower's parameters. */
final class Shapes {
    private final Map<String, long[]> all = new LinkedHashMap<>();

    Shapes add(String name, long... shape) {
        all.put(name, shape);
        return this;
    }

    /** Weight and bias of a layer norm. */
    Shapes norm(String name, long width) {
        return add(name + ".weight", width).add(name + ".bias", width);
    }

    /** Weight [out,in] and bias of a linear layer. */
    Shapes linear(String name, long out, long in) {
        return add(name + ".weight", out, in).add(name + ".bias", out);
    }

    Map<String, long[]> all() {
        return all;
    }
}
