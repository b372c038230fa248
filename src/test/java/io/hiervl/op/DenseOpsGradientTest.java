package io.hiervl.op;

import static io.hiervl.op.GradientCheck.check;
import static io.hiervl.op.GradientCheck.inputs;
import static io.hiervl.op.GradientCheck.random;

import io.hiervl.tensor.Activation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Gradients of layers: linear, norms, activations, convolutions. */
class DenseOpsGradientTest {
    @ParameterizedTest
    @EnumSource(Activation.class)
    void linearWithBias(Activation activation) {
        check(inputs("x", random(1, 2, 5, 7), "w", random(2, 6, 7), "b", random(3, 6)),
            (ops, in) -> ops.linear(in.get("x"), in.get("w"), in.get("b"), activation));
    }

    @ParameterizedTest
    @EnumSource(Activation.class)
    void linearWithoutBias(Activation activation) {
        check(inputs("x", random(1, 9, 3), "w", random(2, 1, 3)),
            (ops, in) -> ops.linear(in.get("x"), in.get("w"), null, activation));
    }

    @Test
    void linearWithManyRows() {
        // the loss is a sum of 54,600 terms, whose rounding limits the central difference
        check(inputs("x", random(1, 3, 130, 70), "w", random(2, 140, 70), "b", random(3, 140)),
            (ops, in) -> ops.linear(in.get("x"), in.get("w"), in.get("b"), Activation.GELU), 1e-5);
    }

    @ParameterizedTest
    @EnumSource(Activation.class)
    void activation(Activation activation) {
        check(inputs("x", random(1, 3, 4, 5)), (ops, in) -> ops.scale(ops.activation(in.get("x"), activation), 1, 0));
    }

    @ParameterizedTest
    @CsvSource({"2,5,8", "1,1,33", "70,9,16"})
    void layerNorm(int batch, int tokens, int width) {
        check(inputs("x", random(1, batch, tokens, width), "gamma", random(2, width), "beta", random(3, width)),
            (ops, in) -> ops.layerNorm(in.get("x"), in.get("gamma"), in.get("beta"), 1e-5));
    }

    @ParameterizedTest
    @CsvSource({"1,12", "4,12", "12,12"})
    void groupNorm(int groups, int channels) {
        check(inputs("x", random(1, 2, channels, 3, 5), "gamma", random(2, channels), "beta", random(3, channels)),
            (ops, in) -> ops.groupNorm(in.get("x"), in.get("gamma"), in.get("beta"), groups, 1e-5));
    }

    @ParameterizedTest
    @CsvSource({"1,1,0", "3,1,1", "3,2,1", "4,4,0", "3,1,0"})
    void conv2d(int kernel, int stride, int padding) {
        check(inputs("x", random(1, 2, 3, 8, 9), "w", random(2, 5, 3, kernel, kernel), "b", random(3, 5)),
            (ops, in) -> ops.conv2d(in.get("x"), in.get("w"), in.get("b"), stride, padding));
        check(inputs("x", random(1, 1, 2, 6, 5), "w", random(2, 4, 2, kernel, kernel)),
            (ops, in) -> ops.conv2d(in.get("x"), in.get("w"), null, stride, padding));
    }

    @Test
    void upConv2x2() {
        check(inputs("x", random(1, 2, 3, 4, 5), "w", random(2, 3, 6, 2, 2), "b", random(3, 6)),
            (ops, in) -> ops.upConv2x2(in.get("x"), in.get("w"), in.get("b")));
    }

    @ParameterizedTest
    @CsvSource({"6,8", "5,7", "2,2"})
    void maxPool2x2(int height, int width) {
        check(inputs("x", random(1, 2, 3, height, width)), (ops, in) -> ops.maxPool2x2(in.get("x")));
    }

    @Test
    void softmaxAndNormalisation() {
        check(inputs("x", random(1, 3, 4, 7)), (ops, in) -> ops.softmax(in.get("x")));
        check(inputs("x", random(2, 3, 4, 7)), (ops, in) -> ops.l2Normalize(in.get("x"), 1e-6));
    }

    @Test
    void logarithm() {
        INDArray positive = random(1, 5, 6);
        for (long i = 0; i < positive.length(); i++) {
            positive.putScalar(i, Math.abs(positive.getDouble(i)) + 0.1);
        }
        check(inputs("x", positive), (ops, in) -> ops.log(in.get("x"), 1e-3));
    }
}
