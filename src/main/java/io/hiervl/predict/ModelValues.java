package io.hiervl.predict;

import io.hiervl.HierVlException;
import io.hiervl.MemoryLimits;
import io.hiervl.clip.ClipArchitecture;
import io.hiervl.clip.RandomClip;
import io.hiervl.graph.ParameterStore;
import io.hiervl.model.NetworkParameters;
import io.hiervl.config.ModelConfig;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What can be wrong with the numbers of a model; without these checks it would predict one class for everything. */
final class ModelValues {
    private static final double UNIT = 1e-2;

    private ModelValues() {
    }

    /** Refuses arrays with NaN or infinite values, by name and position. */
    static void requireFinite(Map<String, INDArray> arrays, String where) {
        arrays.forEach((name, array) -> {
            if (array.dataType() == DataType.FLOAT || array.dataType() == DataType.DOUBLE) {
                requireFinite(name, array, where);
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
                throw HierVlException.model(where + ": array " + name + " has the value " + v + " at position " + i + "; a model's values are finite numbers");
            }
        }
    }

    /** Text embeddings are unit vectors, one a class. */
    static void requireUnitRows(INDArray t, List<String> classes, String name, String where) {
        for (int k = 0; k < classes.size(); k++) {
            double norm = t.getRow(k).norm2Number().doubleValue();
            if (!(Math.abs(norm - 1) <= UNIT)) {
                throw HierVlException.model(where + ": row " + k + " of " + name + " (class '" + classes.get(k) + "') has the length " + norm
                    + ", text embeddings have the length 1");
            }
        }
    }

    /** Compares names and shapes with those of a new network of these settings: for files without a checksum. */
    static void requireShapes(ParameterStore store, ModelConfig config, ClipArchitecture clip, int classes, String where) {
        ClipArchitecture.Vision v = clip.vision();
        // 12 D^2 values a block: sizes that the stored values cannot have are not allocated
        if (12.0 * v.width() * v.width() * v.layers() > 2.0 * store.size() || 3.0 * v.patch() * v.patch() * v.width() > store.size()
                || (double) v.mlp() * v.width() > store.size() || (double) clip.projection() * v.width() > store.size()
                || (double) v.grid() * v.grid() * v.width() > 64.0 * store.size()) {
            throw HierVlException.model("the manifest of " + where + " describes an image tower that is larger than the stored " + store.size() + " values");
        }
        ClipArchitecture image = new ClipArchitecture(v, new ClipArchitecture.Text(1, 0, 1, 1, 1, 1), clip.projection(), clip.activation(), clip.eps(),
            clip.logitScale(), clip.source());
        RandomClip.weights(image, new Random(0)).arrays().forEach((name, array) -> {
            if (name.startsWith("vision.")) {
                boolean positions = name.endsWith("positional_embedding");
                require(store, name, positions ? null : array.shape(), where);
            }
        });
        INDArray table = store.get("vision.positional_embedding").array();
        long side = Math.round(Math.sqrt(table.size(0) - 1.0));
        if (table.rank() != 2 || table.size(1) != v.width() || side * side != table.size(0) - 1) {
            throw HierVlException.model(where + ": array p/vision.positional_embedding has the shape " + Arrays.toString(table.shape())
                + ", expected a square number of rows and one, each of " + v.width() + " values");
        }
        for (ParameterStore.Parameter p : NetworkParameters.fresh(config, clip, classes).all()) {
            require(store, p.name(), p.array().shape(), where);
        }
    }

    private static void require(ParameterStore store, String name, long[] shape, String where) {
        if (!store.has(name)) {
            throw HierVlException.model(where + ": array p/" + name + " is missing");
        }
        long[] found = store.get(name).array().shape();
        if (shape != null && !Arrays.equals(found, shape)) {
            throw HierVlException.model(where + ": array p/" + name + " has the shape " + Arrays.toString(found) + ", expected " + Arrays.toString(shape));
        }
    }
}
