package io.hiervl.optim;

import io.hiervl.backend.OptimiserKernels;
import io.hiervl.backend.choice.Backends;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Nd4jTensors;
import io.hiervl.tensor.Staging;
import io.hiervl.tensor.Tensor;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Clipping by the Euclidean norm of all gradients together, as {@code torch.nn.utils.clip_grad_norm_}: gradients are
 * multiplied by min(1, max / (norm + 1e-6)). Sums are in double and in a fixed order, so the result does not depend on
 * the number of threads. For arrays of the host; a training step clips on its device.
 */
public final class GlobalNormClip {
    private GlobalNormClip() {
    }

    /**
     * Scales the gradients in place.
     *
     * @param max largest norm, in the unit of the gradients; 0 or less means no clipping
     * @return the norm before clipping; when it is NaN or infinite nothing has been changed
     */
    public static double clip(Map<String, INDArray> grads, double max) {
        double[] state = state(grads, max);
        double coefficient = state[1];
        if (coefficient < 1) {
            grads.values().forEach(g -> g.muli(coefficient));
        }
        return state[0];
    }

    /** The norm of all arrays together; NaN or infinite when any element is. */
    public static double norm(Map<String, INDArray> arrays) {
        return state(arrays, 0)[0];
    }

    private static double[] state(Map<String, INDArray> arrays, double max) {
        Tensor state = Tensor.onHost(ElementType.DOUBLE, OptimiserKernels.STATE);
        Tensor[] all = arrays.values().stream().map(Nd4jTensors::of).toArray(Tensor[]::new);
        Backends.java().kernels(ElementType.DOUBLE, io.hiervl.tensor.Precision.FP32).clipFactor(all, null, max, state);
        return Staging.doubles(state);
    }
}
