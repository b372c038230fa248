package io.hiervl.op;

import static io.hiervl.op.GradientCheck.check;
import static io.hiervl.op.GradientCheck.inputs;
import static io.hiervl.op.GradientCheck.random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Gradients of attention in all combinations of key bias, mask and causal rule. */
class AttentionGradientTest {
    /** 0/1 with at least one 1 per row. */
    private static INDArray mask(long... shape) {
        INDArray m = random(77, shape);
        INDArray result = Nd4j.create(DataType.DOUBLE, shape);
        for (long i = 0; i < m.length(); i++) {
            result.putScalar(i, m.getDouble(i) > 0 || i % shape[2] == 0 ? 1 : 0);
        }
        return result;
    }

    @ParameterizedTest
    @CsvSource({"false,false,false", "true,false,false", "false,true,false", "false,false,true", "true,true,false", "true,true,true",
        "true,false,true", "false,true,true"})
    void attention(boolean keyBias, boolean mask, boolean causal) {
        check(inputs("q", random(1, 2, 5, 6), "k", random(2, 2, 5, 6), "v", random(3, 2, 5, 6), "bias", random(4, 2, 5)),
            (ops, in) -> {
                var bias = keyBias ? in.get("bias") : null;
                var m = mask ? ops.constant("mask", mask(2, 5, 5)) : null;
                var y = ops.attention(in.get("q"), in.get("k"), in.get("v"), 3, bias, m, causal);
                // the bias takes part in any case, so that it has a gradient
                return keyBias ? y : ops.add(y, ops.reshape(ops.scale(in.get("bias"), 0.5, 0), 2, 5, 1));
            });
    }

    @ParameterizedTest
    @CsvSource({"1,3,9,8,2", "3,7,2,4,4", "2,1,130,4,1"})
    void crossAttention(int batch, int queries, int keys, int width, int heads) {
        check(inputs("q", random(1, batch, queries, width), "k", random(2, batch, keys, width), "v", random(3, batch, keys, width),
            "bias", random(4, batch, keys)),
            (ops, in) -> ops.attention(in.get("q"), in.get("k"), in.get("v"), heads, in.get("bias"), null, false));
    }

    @Test
    void maskMadeFromTrainedLogits() {
        check(inputs("q", random(1, 2, 3, 4), "k", random(2, 2, 6, 4), "logits", random(3, 2, 3, 2, 3)), (ops, in) -> {
            var mask = ops.attentionMask(in.get("logits"), 2, 3);
            var y = ops.attention(in.get("q"), in.get("k"), in.get("k"), 2, null, mask, false);
            // the logits reach the loss beside the mask, too
            return ops.add(y, ops.slice(ops.reshape(in.get("logits"), 2, 3, 6), 2, 0, 4));
        });
    }

    @ParameterizedTest
    @CsvSource({"false,1", "true,2", "false,4"})
    void packed(boolean causal, int heads) {
        check(inputs("qkv", random(1, 2, 6, 24)), (ops, in) -> ops.packedAttention(in.get("qkv"), heads, causal));
    }
}
