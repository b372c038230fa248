package io.hiervl.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Operations counted by hand. */
class ArithmeticTest {
    private static INDArray a(long... shape) {
        return Nd4j.create(DataType.FLOAT, shape);
    }

    private static void check(double expected, String op, INDArray first, boolean second, INDArray... in) {
        assertEquals(expected, Arithmetic.of("hiervl_" + op, in, first, second), 1e-6 * expected);
    }

    @Test
    void products() {
        check(2 * 5 * 7 * 3, "linear", a(5, 3), false, a(5, 7), a(3, 7), a(3));
        check(2 * 2 * 5 * 7 * 3, "linear_bp", a(5, 7), true, a(5, 7), a(3, 7), a(5, 3));
        // the pre-activation again
        check(2 * 2 * 5 * 7 * 3, "linear_bp", null, true, a(5, 7), a(3, 7), a(3), a(5, 3));
        check(2 * 4 * 5 * 7 * 3, "bmm", a(4, 5, 3), false, a(4, 5, 7), a(4, 7, 3));
        check(2 * 4 * 5 * 7 * 3, "bmm", a(4, 5, 3), false, a(4, 7, 5), a(7, 3));
        check(2 * 2 * 4 * 5 * 7 * 3, "bmm_bp", a(4, 5, 7), true, a(4, 5, 7), a(4, 7, 3), a(4, 5, 3));
        check(0, "softmax", a(2, 2), false, a(2, 2));
    }

    @Test
    void convolutions() {
        check(2 * 2 * 6 * 4 * 5 * 3 * 9, "conv2d", a(2, 6, 4, 5), false, a(2, 3, 4, 5), a(6, 3, 3, 3));
        check(2 * 2 * 6 * 4 * 5 * 3 * 9, "conv2d_bp", null, true, a(2, 3, 4, 5), a(6, 3, 3, 3), a(2, 6, 4, 5));
        // every input value meets 2 x 2 weights of every output channel
        check(2 * 2 * 3 * 4 * 5 * 6 * 4, "upconv2x2", a(2, 6, 8, 10), false, a(2, 3, 4, 5), a(3, 6, 2, 2), a(6));
    }

    @Test
    void attention() {
        check(4 * 2 * 5 * 9 * 8, "attention", a(2, 5, 8), false, a(2, 5, 8), a(2, 9, 8), a(2, 9, 8));
        check(10 * 2 * 5 * 5 * 8, "packed_attention_bp", a(2, 5, 24), false, a(2, 5, 24), a(2, 5, 8));
    }
}
