package io.hiervl.loss;

import io.hiervl.Content;
import io.hiervl.tensor.Nd4jTensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Where the set loss of a batch looks at masks. */
public sealed interface SetPoints {
    /** The points of images from..to-1. */
    SetPoints part(int from, int to);

    /** Distinguishes points that need another graph. */
    String kind();

    /** What the graph reads: seeds, or candidates and random points per prediction. */
    List<Input<PictureTargets>> inputs(int predictions);

    /**
     * Drawn by the op.
     *
     * @param perImage one seed per image, below 2^24; micro-batches draw the same points as the whole batch
     */
    record Seeds(int[] perImage) implements SetPoints {
        private static final Input<PictureTargets> INPUT = Input.cut("set_seeds", t -> ((Seeds) t.points()).values(t.type()));

        @Override
        public SetPoints part(int from, int to) {
            return new Seeds(Arrays.copyOfRange(perImage, from, to));
        }

        @Override
        public String kind() {
            return "seeds";
        }

        @Override
        public List<Input<PictureTargets>> inputs(int predictions) {
            return List.of(INPUT);
        }

        /** The seeds as numbers of this type. */
        Rows values(DataType type) {
            return Rows.of(Nd4j.createFromArray(perImage).castTo(type));
        }

        @Override
        public boolean equals(Object other) {
            return Content.equal(this, other);
        }

        @Override
        public int hashCode() {
            return Content.hash(this);
        }

        @Override
        public String toString() {
            return Content.text(this);
        }
    }

    /**
     * Given, as another implementation drew them.
     *
     * @param images per image and prediction the points of its matched rows
     */
    record Given(List<List<Drawn>> images) implements SetPoints {
        /**
         * x, y, x, y, ... in [0,1] of every matched row, in the order of rows.
         *
         * @param candidates oversample * points of each row
         * @param random     points - floor(importance * points) of each row
         */
        public record Drawn(double[][] candidates, double[][] random) {
            @Override
            public boolean equals(Object other) {
                return Content.equal(this, other);
            }

            @Override
            public int hashCode() {
                return Content.hash(this);
            }

            @Override
            public String toString() {
                return Content.text(this);
            }
        }

        @Override
        public SetPoints part(int from, int to) {
            return new Given(images.subList(from, to));
        }

        @Override
        public String kind() {
            return "given" + images.stream().map(i -> i.get(0).candidates.length).toList();
        }

        @Override
        public List<Input<PictureTargets>> inputs(int predictions) {
            List<Input<PictureTargets>> all = new ArrayList<>();
            for (int d = 0; d < predictions; d++) {
                int prediction = d;
                all.add(Input.cut("set_candidates" + d, t -> ((Given) t.points()).candidates(prediction, t.type())));
                all.add(Input.cut("set_random" + d, t -> ((Given) t.points()).random(prediction, t.type())));
            }
            return all;
        }

        /** Candidates (N,points,2) of a prediction. */
        Rows candidates(int prediction, DataType type) {
            return (from, to) -> Nd4jTensors.of(join(images.subList(from, to).stream().map(i -> i.get(prediction).candidates), type));
        }

        /** Random points (N,points,2) of a prediction. */
        Rows random(int prediction, DataType type) {
            return (from, to) -> Nd4jTensors.of(join(images.subList(from, to).stream().map(i -> i.get(prediction).random), type));
        }

        /** (N,points,2); zeros, which nobody reads, when no row is matched or rows have no points of this kind. */
        private static INDArray join(Stream<double[][]> images, DataType type) {
            double[][] rows = images.flatMap(Arrays::stream).toArray(double[][]::new);
            int n = rows.length == 0 ? 0 : rows[0].length / 2;
            if (n == 0) {
                return Maps.array(type, new double[2 * Math.max(1, rows.length)], Math.max(1, rows.length), 1, 2);
            }
            return Maps.array(type, Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray(), rows.length, n, 2);
        }
    }
}
