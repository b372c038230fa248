package io.hiervl.backend;

import io.hiervl.tensor.Tensor;

/**
 * Steps on parameters, many arrays at a time. All arrays of a call have one type but the state. Nothing here waits for a device:
 * what a step
 * finds out about itself is in the state, which the caller reads when it has to.
 */
public interface OptimiserKernels {
    /** Elements of a state: the norm, and the factor. */
    int STATE = 2;

    /**
     * Numbers of an update by AdamW.
     *
     * @param shrink   1 - lr * decay
     * @param oneMinus 1 - beta1
     * @param beta2    decay of the second moment
     * @param stepSize lr / (1 - beta1^t)
     * @param root     sqrt(1 - beta2^t)
     * @param eps      added to the denominator
     */
    record Adam(double shrink, double oneMinus, double beta2, double stepSize, double root, double eps) {
    }

    /**
     * Clipping by the Euclidean norm of all gradients together, in sums whose order does not depend on threads.
     *
     * @param gradients of all parameters, not changed
     * @param terms     scalars that must be finite too; null for none
     * @param max       largest norm; 0 or less for no clipping
     * @param state     (2) of 64-bit floats: the norm, and the factor min(1, max / (norm + 1e-6)); NaN if something is not finite
     */
    void clipFactor(Tensor[] gradients, Tensor terms, double max, Tensor state);

    /**
     * AdamW's update of parameters and moments in place, from gradients times the factor. Does nothing if the factor is NaN.
     *
     * @param updates    numbers of each array
     * @param parameters arrays, as many as all others
     * @param first      first moments
     * @param second     second moments
     * @param state      of {@link #clipFactor}
     */
    void adamW(Adam[] updates, Tensor[] parameters, Tensor[] gradients, Tensor[] first, Tensor[] second, Tensor state);

    /**
     * average = ratio average + (1 - ratio) parameter; with a ratio of 0 the average need not have values before. Does nothing if
     * the factor
     * is NaN.
     *
     * @param state of {@link #clipFactor}
     */
    void average(Tensor[] parameters, double ratio, Tensor[] averages, Tensor state);
}
