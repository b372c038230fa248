package io.hiervl.train;

import io.hiervl.backend.Backend;
import io.hiervl.backend.Kernels;
import io.hiervl.backend.choice.Backends;
import io.hiervl.graph.DeviceArrays;
import io.hiervl.graph.GradientTarget;
import io.hiervl.graph.ParameterStore;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.HostStorage;
import io.hiervl.tensor.Nd4jTensors;
import io.hiervl.tensor.Precision;
import io.hiervl.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Gradients of one optimiser step, added up over the views of the step and their micro-batches. The arrays are kept from
 * step to step where the gradients are. Lanes that run beside each other add to sums of their own, which are joined in the order
 * of the lanes.
 */
final class GradientSum {
    private final DeviceArrays device;
    private final DeviceArrays host = new DeviceArrays(Backends.host());
    private final Map<String, Tensor> sums = new LinkedHashMap<>();
    private final Map<String, Boolean> used = new LinkedHashMap<>();
    private final List<GradientSum> lanes = new ArrayList<>();

    /** @param backend where the gradients are that are not the host's */
    GradientSum(Backend backend) {
        this.device = new DeviceArrays(backend);
    }

    /** Forgets the last step. */
    void clear() {
        used.clear();
        lanes.forEach(GradientSum::clear);
    }

    /** The sum that a lane adds to; lane 0 adds to this one. */
    synchronized GradientSum lane(int lane) {
        while (lanes.size() < lane) {
            lanes.add(new GradientSum(device.backend()));
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

    private DeviceArrays place(Tensor array) {
        return array.storage() instanceof HostStorage ? host : device;
    }

    /** Adds a gradient; null means that the block does not depend on the parameter. */
    void add(String name, Tensor gradient) {
        if (gradient == null) {
            return;
        }
        Tensor sum = sums.computeIfAbsent(name, n -> place(gradient).make(gradient.type(), gradient.shape()));
        Kernels kernels = place(sum).backend().kernels(gradient.type(), Precision.FP32);
        if (used.putIfAbsent(name, true) == null) {
            kernels.copy(gradient, sum);
        } else {
            kernels.add(sum, gradient, sum);
        }
    }

    /**
     * Where a device can write the gradient of a parameter itself, so that nothing has to be copied or added afterwards.
     *
     * @param adds whether it can add to what is there
     * @return null: the gradient is to be {@linkplain #add added}
     */
    GradientTarget target(String name, ElementType type, long[] shape, boolean adds) {
        if (device.backend().onHost()) {
            return null;
        }
        Tensor sum = sums.computeIfAbsent(name, n -> device.make(type, shape));
        boolean more = used.containsKey(name);
        if (sum.storage() instanceof HostStorage || sum.type() != type || !Arrays.equals(sum.shape(), shape) || more && !adds) {
            return null;
        }
        used.put(name, true);
        return new GradientTarget(sum, more);
    }

    /** The sums of this step by parameter name, where they were added up. */
    Map<String, Tensor> tensors() {
        Map<String, Tensor> result = new LinkedHashMap<>();
        used.keySet().forEach(name -> result.put(name, sums.get(name)));
        return result;
    }

    /** The sums of this step by parameter name on the host; those on a device are copied at every call. */
    Map<String, INDArray> sums() {
        Map<String, INDArray> result = new LinkedHashMap<>();
        tensors().forEach((name, sum) -> result.put(name, place(sum).onHost(sum)));
        return result;
    }

    /** The sum of a parameter, zeros if no graph has added to it. */
    Tensor orZeros(ParameterStore.Parameter p) {
        Tensor like = Nd4jTensors.of(p.array());
        Tensor sum = sums.computeIfAbsent(p.name(), n -> device.make(like.type(), like.shape()));
        if (used.putIfAbsent(p.name(), true) == null) {
            place(sum).backend().kernels(sum.type(), Precision.FP32).fill(sum, 0);
        }
        return sum;
    }

    /** Puts a gradient that the host has in the place of a sum. */
    void set(String name, INDArray gradient) {
        Tensor given = Nd4jTensors.of(gradient);
        DeviceArrays where = sums.containsKey(name) ? place(sums.get(name)) : device;
        if (where.backend().onHost()) {
            sums.put(name, given);
        } else {
            where.backend().upload(given, sums.computeIfAbsent(name, n -> where.make(given.type(), given.shape())));
        }
        used.putIfAbsent(name, true);
    }
}
