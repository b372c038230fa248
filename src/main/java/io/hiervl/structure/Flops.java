package io.hiervl.structure;

/** Floating-point operations of products by the shapes of their operands; a product and a sum count two. */
public final class Flops {
    private Flops() {
    }

    private static double size(long[] shape) {
        double n = 1;
        for (long s : shape) {
            n *= s;
        }
        return n;
    }

    /** A matrix product, perhaps of many matrices: left operand (...,m,k) or its transpose, result (...,m,n). */
    public static double product(long[] left, long[] result) {
        return 2 * size(left) * result[result.length - 1];
    }

    /** A convolution: weight (out,in/groups,kh,kw), result (B,out,h,w). */
    public static double convolution(long[] weight, long[] result) {
        return 2 * size(result) * size(weight) / weight[0];
    }

    /** A transposed convolution: operand (B,in,h,w), weight (in,out,kh,kw). */
    public static double transposedConvolution(long[] operand, long[] weight) {
        return 2 * size(operand) * size(weight) / weight[0];
    }
}
