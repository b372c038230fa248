package io.hiervl.op;

import static io.hiervl.op.GradientCheck.inputs;
import static io.hiervl.op.GradientCheck.random;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.backend.Kernels;
import io.hiervl.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SDVariable;

/** The gradient checker must notice ops whose gradient is missing or wrong. */
class GradientCheckTest {
    /** x * x, whose gradient 2 g x has another factor. */
    @OpName("hiervl_test_square")
    record Square(double factor) implements Op {
        @Override
        public long[][] shapes(long[]... in) {
            return new long[][] {in[0]};
        }

        @Override
        public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
            kernels.multiply(in[0], in[0], out[0]);
        }

        @Override
        public List<SDVariable> gradient(Backward g) {
            SDVariable product = g.apply(new Mul(), g.input(0), g.cotangent(0)).get(0);
            return g.apply(new Scale(factor, 0), product);
        }
    }

    @BeforeAll
    static void register() {
        SameDiffOps.start();
        OpTypes.declare(Square.class);
    }

    private static void check(double factor) {
        GradientCheck.checkOp(inputs("x", random(1, 3, 4)), (sd, in) -> new Square(factor).apply(sd, in.get("x")), 1e-6);
    }

    @Test
    void acceptsTheRightGradient() {
        check(2);
    }

    @Test
    void noticesWrongGradients() {
        String message = assertThrows(AssertionError.class, () -> check(2.0001)).getMessage();
        assertTrue(message.contains("gradient of x at 0"), message);
        assertThrows(AssertionError.class, () -> check(-2));
        assertThrows(AssertionError.class, () -> check(Double.NaN));
    }

    @Test
    void noticesGradientsThatAreZero() {
        assertThrows(AssertionError.class, () -> check(0));
        assertThrows(AssertionError.class,
            () -> GradientCheck.check(inputs("x", random(1, 3, 4)), (ops, in) -> ops.stopGradient(ops.scale(in.get("x"), 3, 0))));
    }

    @Test
    void noticesOneMissingGradientAmongSeveral() {
        AssertionError error = assertThrows(AssertionError.class, () -> GradientCheck.check(
            inputs("x", random(1, 3, 4), "y", random(2, 3, 4)), (ops, in) -> ops.mul(in.get("x"), ops.stopGradient(in.get("y")))));
        assertTrue(error.getMessage().contains("gradient of y"), error.getMessage());
    }
}
