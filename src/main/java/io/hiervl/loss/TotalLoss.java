package io.hiervl.loss;

import io.hiervl.graph.Ops;
import io.hiervl.op.WeightedSum;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Collects the named terms of a graph; their coefficients are a placeholder, so that schedules need no new graph. */
public final class TotalLoss {
    private final Ops ops;
    private final String coefficients;
    private final Map<String, SDVariable> terms = new LinkedHashMap<>();

    /** @param coefficients name of the placeholder for the coefficients */
    public TotalLoss(Ops ops, String coefficients) {
        this.ops = ops;
        this.coefficients = coefficients;
    }

    /** Adds a scalar (1) under a name for logs. */
    public TotalLoss add(String name, SDVariable term) {
        if (terms.putIfAbsent(name, term) != null) {
            throw new IllegalArgumentException("the term " + name + " is there already");
        }
        return this;
    }

    /** Variables of the terms by name, in order. */
    public Map<String, SDVariable> terms() {
        return new LinkedHashMap<>(terms);
    }

    /** Value of the placeholder: the coefficient of every term by name, 0 where the map has none. */
    public INDArray coefficients(Map<String, Double> weights, DataType type) {
        return Maps.array(type, terms.keySet().stream().mapToDouble(n -> weights.getOrDefault(n, 0.0)).toArray(), terms.size());
    }

    /** The total, a scalar (1). */
    public SDVariable build() {
        List<SDVariable> list = new ArrayList<>(terms.values());
        return WeightedSum.of(ops.sd(), list, ops.placeholder(coefficients, list.size()));
    }
}
