package io.hiervl.op.kernel;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The heavy dense computations. Arrays are dense in c order and may be longer than the sizes given; all arrays of a call
 * have the same data type, but where {@link #factorType} is BFLOAT16 factors of products, their results, and what goes into and comes
 * out of activations and layer norm may have it. Inputs and outputs must not overlap unless a method says so.
 */
public interface Kernels {
    /** Name for reports. */
    String name();

    /** A (m,k) by B (k,n) to C (m,n), batched, see {@link Matmul}. */
    void matmul(Matmul spec, Operand a, Operand b, Operand c);

    /** Type in which factors of these products are rounded, {@code full}'s where nothing is. */
    default DataType factorType(INDArray full) {
        return full.dataType();
    }

    /**
     * An array for several products that share it as a factor: itself, or its first elements in the type in which these
     * kernels multiply, in working memory that lasts until the slot is asked for again.
     */
    default INDArray factor(INDArray a, long length, String slot) {
        return a;
    }

    /**
     * Matrices for several products that share them as a factor: themselves, or without gaps and in the type in which these
     * kernels multiply, in working memory that lasts until the slot is asked for again.
     */
    default Operand packed(Operand o, int batch0, int batch1, int rows, int columns, String slot) {
        return o;
    }

    /** Copies matrices, changing their places and, between 32 bits and bfloat16, their type. */
    void copy(Operand from, Operand to, int batch0, int batch1, int rows, int columns);

    /** Softmax of each row; y may be x. */
    void softmax(INDArray x, INDArray y, int rows, int columns);

    /** dx = y * (g - sum(g * y)) per row; dx may be g. */
    void softmaxGradient(INDArray y, INDArray g, INDArray dx, int rows, int columns);

    /** y = (x - mean) / sqrt(variance + eps) * gamma + beta per row. */
    void layerNorm(INDArray x, INDArray gamma, INDArray beta, INDArray y, int rows, int columns, double eps);

    /** Gradients of {@link #layerNorm}; each output may be null. */
    void layerNormGradient(INDArray x, INDArray gamma, INDArray g, INDArray dx, INDArray dGamma, INDArray dBeta, int rows,
                           int columns, double eps);

    /** y = act(x); y may be x. */
    void activation(int code, INDArray x, INDArray y, int length);

    /** dx = g * act'(x) where x is what went into the activation (for RELU its result serves as well); dx may be g. */
    void activationGradient(int code, INDArray x, INDArray g, INDArray dx, int length);

    /** Convolution; bias (out) or null. */
    void conv2d(ConvShape s, INDArray x, INDArray w, INDArray bias, INDArray y);

    /** Gradients of {@link #conv2d} for x and w; each may be null. */
    void conv2dGradient(ConvShape s, INDArray x, INDArray w, INDArray g, INDArray dx, INDArray dw);

    /**
     * y = a op b, where b may repeat along some axes; y may be a.
     *
     * @param dims    lengths of the axes of a and y
     * @param repeats axes along which b has length 1
     * @return false if nothing was done because these kernels have nothing better than the loops of the ops
     */
    default boolean zip(Arithmetic op, INDArray a, INDArray b, INDArray y, long[] dims, boolean[] repeats) {
        return false;
    }

    /** y = function(x), y may be x; false if nothing was done. */
    default boolean map(Function function, INDArray x, INDArray y, long length) {
        return false;
    }

    /** Axis i of y has length shape[i] and distance step[i] in x; false if nothing was done. */
    default boolean permute(INDArray x, INDArray y, long[] shape, long[] step) {
        return false;
    }

    /** target (columns) = sums of a (rows, columns); false if nothing was done. */
    default boolean columnSums(INDArray a, long rows, long columns, INDArray target) {
        return false;
    }

    /** target (rows) = sums of a (rows, columns); false if nothing was done. */
    default boolean rowSums(INDArray a, long rows, long columns, INDArray target) {
        return false;
    }

    /** Gradients of w (n,k) and b (n) of a linear layer from x (m,k) and g (m,n); false if nothing was done. */
    default boolean linearGradient(INDArray x, INDArray g, INDArray dw, INDArray db, int m, int k, int n) {
        return false;
    }

    /** Whether dense products with mostly zeros are faster than loops over what is not zero. */
    default boolean preferProducts() {
        return false;
    }

    /** Operators of {@link #zip}. */
    enum Arithmetic {
        ADD, SUBTRACT, MULTIPLY, DIVIDE
    }

    /**
     * Functions of {@link #map}.
     *
     * @param kind   what
     * @param factor of LINEAR: factor x + offset
     * @param offset of LINEAR
     */
    record Function(Kind kind, double factor, double offset) {
        /** Kinds of functions. */
        public enum Kind {
            LINEAR, EXP, LOG
        }

        public static final Function EXP = new Function(Kind.EXP, 0, 0);
        public static final Function LOG = new Function(Kind.LOG, 0, 0);

        public static Function linear(double factor, double offset) {
            return new Function(Kind.LINEAR, factor, offset);
        }
    }
}
