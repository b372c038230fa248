package io.hiervl.loss;

import io.hiervl.op.JavaOp;
import io.hiervl.op.kernel.Staging;
import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Maps (B,H,W) as Java arrays and back. */
final class Maps {
    private Maps() {
    }

    static double[] read(INDArray a) {
        return Staging.doubles(JavaOp.dense(a));
    }

    /** An array of the type and shape. */
    static INDArray array(DataType type, double[] values, long... shape) {
        INDArray a = Nd4j.createUninitialized(type, shape);
        if (a.length() != values.length) {
            throw new IllegalArgumentException(values.length + " values for shape " + Arrays.toString(shape));
        }
        Staging.write(values, a);
        return a;
    }

    static INDArray like(INDArray a, double[] values) {
        return array(a.dataType(), values, a.shape());
    }

    static double sum(double[] values) {
        return Arrays.stream(values).sum();
    }

    /** Labels are class numbers; anything outside 0..K-1 (255, 254) is no class. */
    static boolean isClass(double label, int classes) {
        return label >= 0 && label < classes;
    }
}
