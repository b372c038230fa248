package io.hiervl.train;

import io.hiervl.op.Add;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Gradients of one optimiser step, added up over the views of the step and their micro-batches. The arrays are kept from
 * step to step. Lanes that run beside each other add to sums of their own, which are joined in the order of the lanes.
 */
final class GradientSum {
    private final Map<String, INDArray> sums = new LinkedHashMap<>();
    private final Map<String, Boolean> used = new LinkedHashMap<>();
    private final List<GradientSum> lanes = new ArrayList<>();

    /** Forgets the last step. */
    void clear() {
        used.clear();
        lanes.forEach(GradientSum::clear);
    }

    /** The sum that a lane adds to; lane 0 adds to this one. */
    synchronized GradientSum lane(int lane) {
        while (lanes.size() < lane) {
            lanes.add(new GradientSum());
        }
        return lane == 0 ? this : lanes.get(lane - 1);
    }

    /** Takes over what the lanes have added. */
    void join() {
        for (GradientSum lane : lanes) {
            lane.used.keySet().forEach(name -> add(name, lane.sums.get(name)));
            lane.clear();
        }
    }

    /** Adds a gradient; null means that the view does not depend on the parameter. */
    void add(String name, INDArray gradient) {
        if (gradient == null) {
            return;
        }
        INDArray sum = sums.get(name);
        if (sum == null) {
            sums.put(name, gradient.dup('c'));
        } else if (used.containsKey(name)) {
            Add.sum(sum, gradient, sum);
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
