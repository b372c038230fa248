package io.hiervl.train;

import io.hiervl.backend.Backend;
import io.hiervl.backend.Kernels;
import io.hiervl.backend.choice.Backends;
import io.hiervl.tensor.HostStorage;
import io.hiervl.tensor.Nd4jTensors;
import io.hiervl.tensor.Precision;
import io.hiervl.tensor.Storage;
import io.hiervl.tensor.Tensor;
import java.lang.ref.Cleaner;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Gradients of one optimiser step, added up over the views of the step and their micro-batches. The arrays are kept from
 * step to step. Lanes that run beside each other add to sums of their own, which are joined in the order of the lanes.
 */
final class GradientSum {
    private static final Cleaner CLEANER = Cleaner.create();

    private final Backend backend;
    private final Map<String, Sum> sums = new LinkedHashMap<>();
    private final Map<String, Boolean> used = new LinkedHashMap<>();
    private final List<GradientSum> lanes = new ArrayList<>();

    /** @param backend where the gradients are that are not the host's */
    GradientSum(Backend backend) {
        this.backend = backend;
    }

    /** Forgets the last step. */
    void clear() {
        used.clear();
        lanes.forEach(GradientSum::clear);
    }

    /** The sum that a lane adds to; lane 0 adds to this one. */
    synchronized GradientSum lane(int lane) {
        while (lanes.size() < lane) {
            lanes.add(new GradientSum(backend));
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
        Sum sum = sums.computeIfAbsent(name, n -> like(gradient));
        Kernels kernels = sum.backend.kernels(gradient.type(), Precision.FP32);
        if (used.putIfAbsent(name, true) == null) {
            kernels.copy(gradient, sum.tensor);
        } else {
            kernels.add(sum.tensor, gradient, sum.tensor);
        }
    }

    /**
     * A sum.
     *
     * @param array   the host's: the sum itself, or where a sum on a device is copied to
     * @param tensor  where it is added up
     * @param backend that adds
     */
    private record Sum(INDArray array, Tensor tensor, Backend backend) {
        INDArray onHost() {
            if (!backend.onHost()) {
                backend.download(tensor, Nd4jTensors.of(array));
            }
            return array;
        }
    }

    /** Sums are added up where the gradients are. */
    private Sum like(Tensor gradient) {
        INDArray array = Nd4j.createUninitialized(Nd4jTensors.type(gradient.type()), gradient.shape());
        if (gradient.storage() instanceof HostStorage) {
            return new Sum(array, Nd4jTensors.of(array), Backends.host());
        }
        Backend device = backend;
        Storage storage = device.allocate(Math.max(1, gradient.length()) * gradient.type().width());
        CLEANER.register(this, () -> device.free(storage));
        return new Sum(array, new Tensor(storage, 0, gradient.type(), gradient.shape()), device);
    }

    /** The sums of this step by parameter name; those on a device are copied at every call. */
    Map<String, INDArray> sums() {
        Map<String, INDArray> result = new LinkedHashMap<>();
        used.keySet().forEach(name -> result.put(name, sums.get(name).onHost()));
        return result;
    }
}
