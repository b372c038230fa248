package io.hiervl.op.kernel;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The arithmetic of a loss: a few scalars from some arrays, and the gradients of a weighted sum of these scalars. Holds no
 * state, works in double precision whatever the type of the arrays.
 */
public interface LossKernel {
    /** Settings of one use: integers and reals in the order that the kernel documents. */
    record Settings(long[] ints, double[] reals) {
        int integer(int i) {
            return Math.toIntExact(ints[i]);
        }

        boolean flag(int i) {
            return ints[i] != 0;
        }
    }

    /** Name of the op without prefix. */
    String name();

    /** Number of scalars. */
    int losses();

    /** Number of leading inputs that get gradients. */
    int differentiable();

    /** The scalars. */
    double[] forward(INDArray[] in, Settings settings);

    /**
     * Gradients of sum(cotangent[i] * loss[i]).
     *
     * @param gradients one dense, not initialised array per differentiable input, null where nobody wants it
     */
    void backward(INDArray[] in, Settings settings, double[] cotangent, INDArray[] gradients);
}
