package io.hiervl.optim;

import io.hiervl.tensor.RawArrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Clipping by the Euclidean norm of all gradients together, as {@code torch.nn.utils.clip_grad_norm_}: gradients are
 * multiplied by min(1, max / (norm + 1e-6)). Sums are in double and in a fixed order, so the result does not depend on
 * the number of threads.
 */
public final class GlobalNormClip {
    private GlobalNormClip() {
    }

    /**
     * Scales the gradients in place.
     *
     * @param max largest norm, in the unit of the gradients; 0 or less means no clipping
     * @return the norm before clipping; when it is NaN or infinite nothing has been changed
     */
    public static double clip(Map<String, INDArray> grads, double max) {
        double norm = norm(grads);
        double coefficient = max / (norm + 1e-6);
        if (max > 0 && Double.isFinite(norm) && coefficient < 1) {
            grads.values().forEach(g -> g.muli(coefficient));
        }
        return norm;
    }

    /** The norm of all arrays together; NaN or infinite when any element is. */
    public static double norm(Map<String, INDArray> arrays) {
        Map<String, INDArray> dense = new LinkedHashMap<>();
        arrays.forEach((name, a) -> dense.put(name, RawArrays.dense(a)));
        List<Blocks.Block> blocks = Blocks.of(dense, dense.keySet());
        double[] sums = blocks.parallelStream().mapToDouble(b -> squares(dense.get(b.name()), b)).toArray();
        double total = 0;
        for (double s : sums) {
            total += s;
        }
        return Math.sqrt(total);
    }

    private static double squares(INDArray a, Blocks.Block b) {
        double sum = 0;
        if (a.dataType() == DataType.DOUBLE) {
            double[] x = new double[b.length()];
            new DoublePointer(RawArrays.doubles(a)).position(b.start()).get(x);
            for (double value : x) {
                sum += value * value;
            }
        } else {
            float[] x = new float[b.length()];
            new FloatPointer(RawArrays.floats(a)).position(b.start()).get(x);
            for (float value : x) {
                sum += (double) value * value;
            }
        }
        return sum;
    }
}
