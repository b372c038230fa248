package io.hiervl.train;

import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Gradients of one optimiser step, added up over the blocks of the step and their micro-batches. The arrays are kept from
 * step to step.
 */
final class GradientSum {
    private final Map<String, INDArray> sums = new LinkedHashMap<>();
    private final Map<String, Boolean> used = new LinkedHashMap<>();

    /** Forgets the last step. */
    void clear() {
        used.clear();
    }

    /** Adds a gradient; null means that the block does not depend on the parameter. */
    void add(String name, INDArray gradient) {
        if (gradient == null) {
            return;
        }
        INDArray sum = sums.get(name);
        if (sum == null) {
            sums.put(name, gradient.dup('c'));
        } else if (used.containsKey(name)) {
            sum.addi(gradient);
        } else {
            sum.assign(gradient);
        }
        used.put(name, true);
    }

    /** The sums of this step by parameter name. */
    Map<String, INDArray> sums() {
        Map<String, INDArray> result = new LinkedHashMap<>();
        used.keySet().forEach(name -> result.put(name, sums.get(name)));
        return result;
    }
}
