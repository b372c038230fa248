package io.hiervl.predict;

import io.hiervl.HierVlException;
import io.hiervl.MemoryLimits;
import io.hiervl.backbone.Backbone;
import io.hiervl.config.ModelConfig;
import io.hiervl.graph.ParameterStore;
import io.hiervl.model.ImageTowers;
import io.hiervl.model.NetworkParameters;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What can be wrong with the numbers of a model; without these checks it would predict one class for everything. */
final class ModelValues {
    private static final double UNIT = 1e-2;

    private ModelValues() {
    }

    /** Refuses arrays of whole numbers, and those with NaN or infinite values, by name and position. */
    static void requireFinite(Map<String, INDArray> arrays, String where) {
        arrays.forEach((name, array) -> {
            if (array.dataType() == DataType.FLOAT || array.dataType() == DataType.DOUBLE) {
                requireFinite(name, array, where);
            } else {
                throw HierVlException
                    .model(
                        where + ": array " + name + " has the data type " + array.dataType() + ", a model's arrays have FLOAT or DOUBLE");
            }
        });
    }

    private static void requireFinite(String name, INDArray array, String where) {
        if (Double.isFinite(array.sumNumber().doubleValue()) && array.amaxNumber().doubleValue() <= MemoryLimits.LARGEST_VALUE) {
            return;
        }
        INDArray flat = array.dup('c').reshape(array.length());
        for (long i = 0; i < flat.length(); i++) {
            double v = flat.getDouble(i);
            if (!(Math.abs(v) <= MemoryLimits.LARGEST_VALUE)) {
                throw HierVlException.model(
                    where + ": array " + name + " has the value " + v + " at position " + i + "; a model's values are finite numbers");
            }
        }
    }

    /** Text embeddings are unit vectors, one a class. */
    static void requireUnitRows(INDArray t, List<String> classes, String name, String where) {
        for (int k = 0; k < classes.size(); k++) {
            double norm = t.getRow(k).norm2Number().doubleValue();
            if (!(Math.abs(norm - 1) <= UNIT)) {
                throw HierVlException
                    .model(where + ": row " + k + " of " + name + " (class '" + classes.get(k) + "') has the length " + norm
                        + ", text embeddings have the length 1");
            }
        }
    }

    /** Compares names and shapes with those of a new network of these settings: for files without a checksum. */
    static void requireShapes(ParameterStore store, ModelConfig config, ImageTowers towers, int classes, String where) {
        requireTower(store, ImageTowers.VISION, towers.image(), where);
        if (!towers.aligned()) {
            requireTower(store, ImageTowers.FROZEN, towers.clip(), where);
        }
        for (ParameterStore.Parameter p : NetworkParameters.fresh(config, towers, classes).all()) {
            require(store, p.name(), p.array().shape(), where);
        }
    }

    private static void requireTower(ParameterStore store, String prefix, Backbone tower, String where) {
        // sizes that the stored values cannot have are not even listed
        if (tower.layers() > store.all().size()) {
            throw larger(store, where);
        }
        Map<String, long[]> shapes = tower.shapes();
        double values =
            shapes.values().stream().mapToDouble(s -> Arrays.stream(s).asDoubleStream().map(Math::abs).reduce(1, (x, y) -> x * y)).sum();
        if (values > store.size()) {
            throw larger(store, where);
        }
        shapes.forEach((name, shape) -> {
            String full = prefix + "." + name;
            require(store, full, shape[0] < 0 ? null : shape, where);
            long[] found = store.get(full).array().shape();
            if (shape[0] < 0) {
                long side = Math.round(Math.sqrt(found[0] - 1.0));
                if (found.length != 2 || found[1] != shape[1] || side * side != found[0] - 1) {
                    throw HierVlException.model(where + ": array p/" + full + " has the shape " + Arrays.toString(found)
                        + ", expected a square number of rows and one, each of " + shape[1] + " values");
                }
            }
        });
    }

    private static HierVlException larger(ParameterStore store, String where) {
        return HierVlException
            .model("the manifest of " + where + " describes an image tower that is larger than the stored " + store.size() + " values");
    }

    private static void require(ParameterStore store, String name, long[] shape, String where) {
        if (!store.has(name)) {
            throw HierVlException.model(where + ": array p/" + name + " is missing");
        }
        long[] found = store.get(name).array().shape();
        if (shape != null && !Arrays.equals(found, shape)) {
            throw HierVlException
                .model(where + ": array p/" + name + " has the shape " + Arrays.toString(found) + ", expected " + Arrays.toString(shape));
        }
    }
}
