package io.hiervl.loss;

import io.hiervl.backend.jvm.Parallel;
import io.hiervl.tensor.RawArrays;
import io.hiervl.tensor.Staging;
import java.util.Arrays;
import java.util.function.IntFunction;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Maps (B,H,W) as Java arrays and back, one image at a time. */
final class Maps {
    private Maps() {
    }

    static double[] read(INDArray a) {
        return Staging.doubles(RawArrays.dense(a));
    }

    /** Number of elements of one image. */
    static int size(INDArray a) {
        return (int) (a.length() / a.size(0));
    }

    /** Image b of a dense array. */
    static double[] image(INDArray a, int b) {
        double[] values = new double[size(a)];
        Staging.read(a, (long) b * values.length, values, values.length);
        return values;
    }

    /** An array of the type and shape whose images are computed beside each other. */
    static INDArray perImage(DataType type, long[] shape, IntFunction<double[]> image) {
        INDArray result = Nd4j.createUninitialized(type, shape);
        int size = size(result);
        Parallel.forEach((int) shape[0], b -> {
            double[] values = image.apply(b);
            if (values.length != size) {
                throw new IllegalArgumentException(values.length + " values for an image of shape " + Arrays.toString(shape));
            }
            Staging.write(values, size, result, (long) b * size);
        });
        return result;
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

    static double sum(double[] values) {
        return Arrays.stream(values).sum();
    }

    /** Labels are class numbers; anything outside 0..K-1 (255, 254) is no class. */
    static boolean isClass(double label, int classes) {
        return label >= 0 && label < classes;
    }
}
