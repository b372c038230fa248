package io.hiervl.model;

import io.hiervl.graph.Ops;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Ops that a test can look into while a module uses them: layer norms are remembered by name, and cross-attention may get a
 * mask for every head.
 */
final class SpyOps {
    private final Ops plain;
    private final Ops ops;
    private final Map<String, List<SDVariable>> inputs = new HashMap<>();
    private final Map<String, List<SDVariable>> results = new HashMap<>();
    private List<SDVariable> headMasks = List.of();

    SpyOps(Ops plain) {
        this.plain = plain;
        this.ops = (Ops) Proxy.newProxyInstance(Ops.class.getClassLoader(), new Class<?>[] {Ops.class}, (proxy, method, arguments) -> {
            if (method.getName().equals("attention") && arguments[5] != null && !headMasks.isEmpty()) {
                return perHead((SDVariable) arguments[0], (SDVariable) arguments[1], (SDVariable) arguments[2]);
            }
            try {
                Object result = method.invoke(plain, arguments);
                if (result instanceof Ops) {
                    // the same words at another place, or exact: they are to be heard too
                    return proxy;
                }
                if (method.getName().equals("layerNorm")) {
                    String name = ((SDVariable) arguments[1]).name().replace(".weight", "");
                    inputs.computeIfAbsent(name, n -> new ArrayList<>()).add((SDVariable) arguments[0]);
                    results.computeIfAbsent(name, n -> new ArrayList<>()).add((SDVariable) result);
                }
                return result;
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        });
    }

    /** What modules are to be built with. */
    Ops ops() {
        return ops;
    }

    /** Masks (B,Q,N) of the heads, in place of the one mask that masked attention gets. */
    void maskHeads(List<SDVariable> masks) {
        headMasks = masks;
    }

    private SDVariable perHead(SDVariable q, SDVariable k, SDVariable v) {
        long width = plain.shape(q)[2] / headMasks.size();
        SDVariable[] heads = new SDVariable[headMasks.size()];
        for (int h = 0; h < heads.length; h++) {
            long from = h * width;
            SDVariable[] parts =
                Arrays.stream(new SDVariable[] {q, k, v}).map(x -> plain.slice(x, 2, from, from + width)).toArray(SDVariable[]::new);
            heads[h] = plain.attention(parts[0], parts[1], parts[2], 1, null, headMasks.get(h), false);
        }
        return plain.concat(2, heads);
    }

    /** What went into a layer norm, in the order of the calls. */
    List<SDVariable> inputs(String norm) {
        return inputs.get(norm);
    }

    /** What came out of it. */
    List<SDVariable> results(String norm) {
        return results.get(norm);
    }
}
