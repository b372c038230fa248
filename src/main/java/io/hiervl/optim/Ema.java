package io.hiervl.optim;

import io.hiervl.HierVlException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Exponential moving average of parameters (UniMatch-V2; docs/paper.md 9.4): average = r average + (1 - r) parameter with
 * r = min(1 - 1/(t + 1), ratio), so that the first update copies the parameters.
 */
public final class Ema {
    private final double ratio;
    private final Map<String, INDArray> average = new LinkedHashMap<>();

    /** @param ratio largest share of the old average, 0.996 in UniMatch-V2 */
    public Ema(double ratio) {
        if (!(ratio >= 0 && ratio < 1)) {
            throw HierVlException.config("EMA ratio must lie in [0, 1), got " + ratio);
        }
        this.ratio = ratio;
    }

    /** Takes the parameters after iteration {@code t} (from 0) into the average. */
    public void update(Map<String, INDArray> params, long t) {
        double r = Math.min(1 - 1.0 / (t + 1), ratio);
        params.forEach((name, p) -> {
            INDArray a = average.get(name);
            if (a == null) {
                average.put(name, p.dup('c'));
            } else if (r == 0) {
                a.assign(p);
            } else {
                try (INDArray fresh = p.mul(1 - r)) {
                    a.muli(r).addi(fresh);
                }
            }
        });
    }

    /** The averages by parameter name, live. */
    public Map<String, INDArray> average() {
        return Collections.unmodifiableMap(average);
    }

    /** The averages as {@code e/name}. */
    public Map<String, INDArray> state() {
        Map<String, INDArray> state = new LinkedHashMap<>();
        average.forEach((name, a) -> state.put("e/" + name, a));
        return state;
    }

    /** Replaces the averages by the {@code e/} entries; the arrays are copied. */
    public void load(Map<String, INDArray> state) {
        average.clear();
        state.forEach((key, a) -> {
            if (key.startsWith("e/")) {
                average.put(key.substring(2), a.dup('c'));
            }
        });
    }
}
