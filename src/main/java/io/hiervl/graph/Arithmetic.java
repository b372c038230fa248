package io.hiervl.graph;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Floating-point operations that the formulas of products and convolutions need, a multiplication and an addition being two;
 * 0 for all other ops. Attention's backward pass counts five products (the scores again and four gradients), a linear layer's
 * with GELU three.
 */
final class Arithmetic {
    private Arithmetic() {
    }

    /**
     * @param op     name of an op of this project
     * @param in     its inputs
     * @param first  its first output, null if nobody wants it
     * @param second whether its second output is wanted
     */
    static double of(String op, INDArray[] in, INDArray first, boolean second) {
        int products = (first == null ? 0 : 1) + (second ? 1 : 0);
        return switch (op) {
            case "hiervl_linear" -> linear(in);
            case "hiervl_linear_bp" -> (products + (in.length == 4 && in[2].rank() == 1 ? 1 : 0)) * linear(in);
            case "hiervl_conv2d" -> first == null ? 0 : 2.0 * first.length() * in[1].length() / in[1].size(0);
            case "hiervl_conv2d_bp" -> products * 2.0 * in[2].length() * in[1].length() / in[1].size(0);
            case "hiervl_upconv2x2" -> 2.0 * in[0].length() * in[1].length() / in[1].size(0);
            case "hiervl_upconv2x2_bp" -> products * 2.0 * in[0].length() * in[1].length() / in[1].size(0);
            case "hiervl_bmm" -> first == null ? 0 : product(in[0], in[1], first);
            case "hiervl_bmm_bp" -> products * product(in[0], in[1], in[2]);
            case "hiervl_attention" -> 4 * scores(in) * in[0].size(2);
            case "hiervl_attention_bp" -> 10 * scores(in) * in[0].size(2);
            case "hiervl_packed_attention" -> 4.0 * in[0].length() / 3 * in[0].size(1);
            case "hiervl_packed_attention_bp" -> 10.0 * in[0].length() / 3 * in[0].size(1);
            default -> 0;
        };
    }

    private static double linear(INDArray[] in) {
        return 2.0 * in[0].length() * in[1].size(0);
    }

    /** 2 batch m k n from the lengths of the operands and the result. */
    private static double product(INDArray a, INDArray b, INDArray c) {
        double batch = b.rank() == 2 ? 1 : (double) b.length() / (b.size(b.rank() - 1) * b.size(b.rank() - 2));
        return 2 * Math.sqrt((double) a.length() * b.length() * c.length() / batch);
    }

    private static double scores(INDArray[] in) {
        return (double) in[0].size(0) * in[0].size(1) * in[1].size(1);
    }
}
