package io.hiervl.spark;

import io.hiervl.HierVlException;
import io.hiervl.cli.Models;
import io.hiervl.config.EvalConfig;
import io.hiervl.predict.Segmenter;
import java.io.Serializable;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.apache.spark.sql.SparkSession;

/**
 * A model as executors find it: one copy for each executor, which all of its tasks share. It is read on the driver first, so
 * that a wrong path or a damaged file is found before the first task.
 */
public final class ModelSource implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final Map<String, Segmenter> LOADED = new HashMap<>();

    private final String path;
    private final WindowChoice windows;
    private final Long maxPixels;
    private final String device;
    private final HadoopFiles files;

    private ModelSource(String path, WindowChoice windows, Long maxPixels, String device, HadoopFiles files) {
        this.path = path;
        this.windows = windows;
        this.maxPixels = maxPixels;
        this.device = device;
        this.files = files;
    }

    /**
     * A model for predictions, with windows that blend into each other.
     *
     * @param path run folder, checkpoint folder or exported file, on anything Hadoop reads; a local path must exist on every node
     * @throws HierVlException of kind MODEL if there is no such model or it cannot be used
     */
    public static ModelSource of(SparkSession spark, String path) {
        return read(new HadoopFiles(spark.sessionState().newHadoopConf()), path,
            c -> c.window() == EvalConfig.Window.WHOLE ? c
                : new EvalConfig(EvalConfig.Window.BLENDED, c.crop(), c.stride(), c.shortSide(), c.resize()),
            null, "cpu").source();
    }

    /**
     * What the driver must know of a model.
     *
     * @param classes names in index order
     */
    record Facts(ModelSource source, List<String> classes, EvalConfig config) {
    }

    /**
     * @param choice    from the model's window settings to those to use
     * @param maxPixels null for no limit
     * @param device    of the executors
     */
    static Facts read(HadoopFiles files, String path, UnaryOperator<EvalConfig> choice, Long maxPixels, String device) {
        NativeStart.on("cpu");
        if (files.here(path) == null && !files.exists(path)) {
            throw HierVlException.model(path + ": no such model");
        }
        try (Segmenter segmenter = Models.segmenter(LocalCopies.of(files, path), choice)) {
            EvalConfig config = segmenter.config();
            return new Facts(new ModelSource(files.absolute(path), WindowChoice.of(config), maxPixels, device, files),
                segmenter.classNames(), config);
        }
    }

    /** The executor's copy; the first task that asks reads it. Never closed: it ends with the executor. */
    Segmenter segmenter() {
        synchronized (LOADED) {
            return LOADED.computeIfAbsent(path + " " + windows + " " + maxPixels, key -> {
                NativeStart.on(device);
                Segmenter segmenter = Models.segmenter(LocalCopies.of(files, path), c -> windows.config());
                return maxPixels == null ? segmenter : segmenter.maxPixels(maxPixels);
            });
        }
    }
}
