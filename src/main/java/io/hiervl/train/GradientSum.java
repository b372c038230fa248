package io.hiervl.train;

import org.nd4j.linalg.factory.Nd4j;
import io.hiervl.tensor.Tensor;
import io.hiervl.tensor.Precision;
import io.hiervl.tensor.Nd4jTensors;
import io.hiervl.backend.choice.Backends;
import io.hiervl.backend.Kernels;
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
    private final Map<String, Sum> sums = new LinkedHashMap<>();
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
            lane.used.keySet().forEach(name -> add(name, lane.sums.get(name).tensor));
            lane.clear();
        }
    }

    /** Adds a gradient; null means that the block does not depend on the parameter. */
    void add(String name, Tensor gradient) {
        if (gradient == null) {
            return;
        }
        Kernels kernels = Backends.host().kernels(gradient.type(), Precision.FP32);
        Sum sum = sums.computeIfAbsent(name, n -> Sum.like(gradient));
        if (used.putIfAbsent(name, true) == null) {
            kernels.copy(gradient, sum.tensor);
        } else {
            kernels.add(sum.tensor, gradient, sum.tensor);
        }
    }

    /** Memory that ND4J and the kernels both see. */
    private record Sum(INDArray array, Tensor tensor) {
        static Sum like(Tensor gradient) {
            INDArray array = Nd4j.createUninitialized(Nd4jTensors.type(gradient.type()), gradient.shape());
            return new Sum(array, Nd4jTensors.of(array));
        }
    }

    /** The sums of this step by parameter name. */
    Map<String, INDArray> sums() {
        Map<String, INDArray> result = new LinkedHashMap<>();
        used.keySet().forEach(name -> result.put(name, sums.get(name).array));
        return result;
    }
}
