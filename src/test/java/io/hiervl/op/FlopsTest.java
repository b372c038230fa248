package io.hiervl.op;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.hiervl.tensor.Activation;
import io.hiervl.tensor.Precision;
import org.junit.jupiter.api.Test;

/** Operations counted by hand. */
class FlopsTest {
    private static final Precision EXACT = Precision.FP32;
    private static final boolean[] FIRST = {true, false, false};
    private static final boolean[] SECOND = {false, true, false};
    private static final boolean[] BOTH = {true, true, false};

    private static long[] a(long... shape) {
        return shape;
    }

    private static void check(double expected, Op op, boolean[] wanted, long[]... in) {
        assertEquals(expected, op.flops(in, wanted), 1e-6 * expected);
    }

    @Test
    void products() {
        check(2 * 5 * 7 * 3, new Linear(Activation.NONE, true, EXACT), FIRST, a(5, 7), a(3, 7), a(3));
        check(2 * 2 * 5 * 7 * 3, new Linear.Gradient(Activation.NONE, false, EXACT), BOTH, a(5, 7), a(3, 7), a(5, 3));
        // the pre-activation again
        check(2 * 2 * 5 * 7 * 3, new Linear.Gradient(Activation.GELU, true, EXACT), SECOND, a(5, 7), a(3, 7), a(3), a(5, 3));
        check(2 * 4 * 5 * 7 * 3, new BatchedMatmul(false, false, EXACT), FIRST, a(4, 5, 7), a(4, 7, 3));
        check(2 * 4 * 5 * 7 * 3, new BatchedMatmul(true, false, EXACT), FIRST, a(4, 7, 5), a(7, 3));
        check(2 * 2 * 4 * 5 * 7 * 3, new BatchedMatmul.Gradient(false, false, EXACT), BOTH, a(4, 5, 7), a(4, 7, 3), a(4, 5, 3));
        check(0, new Softmax(), FIRST, a(2, 2));
    }

    @Test
    void convolutions() {
        check(2 * 2 * 6 * 4 * 5 * 3 * 9, new Conv2d(1, 1, false, EXACT), FIRST, a(2, 3, 4, 5), a(6, 3, 3, 3));
        check(2 * 2 * 6 * 4 * 5 * 3 * 9, new Conv2d.Gradient(1, 1, false, EXACT), SECOND, a(2, 3, 4, 5), a(6, 3, 3, 3), a(2, 6, 4, 5));
        // every input value meets 2 x 2 weights of every output channel
        check(2 * 2 * 3 * 4 * 5 * 6 * 4, new UpConv2x2(EXACT), FIRST, a(2, 3, 4, 5), a(3, 6, 2, 2), a(6));
    }

    @Test
    void attention() {
        check(4 * 2 * 5 * 9 * 8, new Attention(2, false, false, false, EXACT), FIRST, a(2, 5, 8), a(2, 9, 8), a(2, 9, 8));
        check(10 * 2 * 5 * 5 * 8, new PackedAttention.Gradient(2, false, EXACT), FIRST, a(2, 5, 24), a(2, 5, 8));
    }
}
