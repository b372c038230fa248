package io.hiervl.loss;

import io.hiervl.graph.Ops;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Where the set loss of a batch looks at masks. */
public sealed interface SetPoints {
    /** The points of images from..to-1. */
    SetPoints part(int from, int to);

    /** Distinguishes points that need another graph. */
    String kind();

    /** Placeholders of the graph: one of seeds, or candidates and random points per prediction. */
    List<SDVariable> placeholders(Ops ops, int predictions);

    /** Values of the placeholders. */
    Map<String, INDArray> values(DataType type);

    /**
     * Drawn by the op.
     *
     * @param perImage one seed per image, below 2^24; micro-batches draw the same points as the whole batch
     */
    record Seeds(int[] perImage) implements SetPoints {
        private static final String NAME = "set_seeds";

        @Override
        public SetPoints part(int from, int to) {
            return new Seeds(Arrays.copyOfRange(perImage, from, to));
        }

        @Override
        public String kind() {
            return "seeds";
        }

        @Override
        public List<SDVariable> placeholders(Ops ops, int predictions) {
            return List.of(ops.placeholder(NAME, perImage.length));
        }

        @Override
        public Map<String, INDArray> values(DataType type) {
            return Map.of(NAME, Nd4j.createFromArray(perImage).castTo(type));
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
        public List<SDVariable> placeholders(Ops ops, int predictions) {
            List<SDVariable> all = new ArrayList<>();
            values(DataType.DOUBLE).forEach((name, value) -> all.add(ops.placeholder(name, value.shape())));
            return all;
        }

        @Override
        public Map<String, INDArray> values(DataType type) {
            Map<String, INDArray> all = new LinkedHashMap<>();
            for (int d = 0; d < images.get(0).size(); d++) {
                int prediction = d;
                all.put("set_candidates" + d, join(images.stream().map(i -> i.get(prediction).candidates), type));
                all.put("set_random" + d, join(images.stream().map(i -> i.get(prediction).random), type));
            }
            return all;
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
