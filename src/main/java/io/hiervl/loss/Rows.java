package io.hiervl.loss;

import io.hiervl.tensor.Nd4jTensors;
import io.hiervl.tensor.Tensor;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A value of a whole batch that knows how to cut itself for a micro-batch. */
@FunctionalInterface
public interface Rows {
    /** The value of images from..to-1. */
    Tensor rows(int from, int to);

    /** The same value somewhere else, moved as a whole where there is a whole. */
    default Rows placed(UnaryOperator<Tensor> place) {
        return (from, to) -> place.apply(rows(from, to));
    }

    /** An array (B,...). */
    static Rows of(Tensor array) {
        return new PerImage(array);
    }

    /** An array (B,...) of the host. */
    static Rows of(INDArray array) {
        return of(Nd4jTensors.of(array));
    }

    /** An array without a batch axis, which every part gets whole. */
    static Rows whole(Tensor array) {
        return new Whole(array);
    }

    /** An array (B,...). */
    record PerImage(Tensor array) implements Rows {
        @Override
        public Tensor rows(int from, int to) {
            return array.rows(from, to);
        }

        @Override
        public Rows placed(UnaryOperator<Tensor> place) {
            return new PerImage(place.apply(array));
        }
    }

    /** An array without a batch axis. */
    record Whole(Tensor array) implements Rows {
        @Override
        public Tensor rows(int from, int to) {
            return array;
        }

        @Override
        public Rows placed(UnaryOperator<Tensor> place) {
            return new Whole(place.apply(array));
        }
    }
}
