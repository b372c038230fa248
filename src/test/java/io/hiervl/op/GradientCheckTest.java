package io.hiervl.op;

import static io.hiervl.op.GradientCheck.inputs;
import static io.hiervl.op.GradientCheck.random;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.backend.jvm.Pointwise;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.imports.converters.ImportClassMapping;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The gradient checker must notice ops whose gradient is missing or wrong. */
class GradientCheckTest {
    /** x * x, whose gradient 2 g x has another factor. */
    public static class Square extends JavaOp {
        public Square() {
        }

        Square(SameDiff sd, SDVariable x, double factor) {
            super(sd, x);
            addTArgument(factor);
        }

        @Override
        public String opName() {
            return "hiervl_test_square";
        }

        @Override
        public int getNumOutputs() {
            return 1;
        }

        @Override
        public long[][] outputShapes(INDArray[] in) {
            return new long[][] {in[0].shape()};
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            Pointwise.map(in[0], out[0], (v, n) -> {
                for (int i = 0; i < n; i++) {
                    v[i] *= v[i];
                }
            });
        }

        @Override
        public List<SDVariable> doDiff(List<SDVariable> g) {
            SDVariable product = new Mul(sameDiff, arg(0), g.get(0)).outputVariable();
            return List.of(new Scale(sameDiff, product, realArg(0), 0).outputVariable());
        }
    }

    @BeforeAll
    static void register() {
        SameDiffOps.start();
        ImportClassMapping.getOpNameMapping().put("hiervl_test_square", new Square());
    }

    @AfterAll
    static void unregister() {
        ImportClassMapping.getOpNameMapping().remove("hiervl_test_square");
    }

    private static void check(double factor) {
        GradientCheck.checkOp(inputs("x", random(1, 3, 4)), (sd, in) -> new Square(sd, in.get("x"), factor).outputVariable(), 1e-6);
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
        assertThrows(AssertionError.class, () -> GradientCheck.check(inputs("x", random(1, 3, 4)), (ops, in) ->
            ops.stopGradient(ops.scale(in.get("x"), 3, 0))));
    }

    @Test
    void noticesOneMissingGradientAmongSeveral() {
        AssertionError error = assertThrows(AssertionError.class, () -> GradientCheck.check(
            inputs("x", random(1, 3, 4), "y", random(2, 3, 4)), (ops, in) -> ops.mul(in.get("x"), ops.stopGradient(in.get("y")))));
        assertTrue(error.getMessage().contains("gradient of y"), error.getMessage());
    }
}
