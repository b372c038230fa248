package io.hiervl.predict;

import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.PublicApi;
import io.hiervl.backend.Backend;
import io.hiervl.backend.choice.Backends;
import io.hiervl.config.EvalConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.UnaryOperator;

/**
 * Settings of a {@link Segmenter}, then {@link #load}. What is not set has the model's own value or no limit.
 *
 * <table>
 * <caption>What can be set for which format</caption>
 * <tr><th></th><th>run folder, checkpoint</th><th>samediff</th><th>samediff-stock</th><th>onnx</th></tr>
 * <tr><td>threads</td><td>yes</td><td>yes</td><td>yes</td><td>yes, at load time</td></tr>
 * <tr><td>photos at once</td><td colspan="3">no: one</td><td>yes</td></tr>
 * <tr><td>windows</td><td>any</td><td colspan="3">not WHOLE; {@code crop} at most the side of the graph</td></tr>
 * <tr><td>device</td><td>any</td><td>any</td><td>cpu, auto</td><td>cpu, auto</td></tr>
 * <tr><td>all others</td><td colspan="4">yes</td></tr>
 * </table>
 *
 * <p>Not safe for several threads; the Segmenters that it makes are. One builder may make several.
 */
@PublicApi
public final class SegmenterBuilder {
    private int threads;
    private int photos = 1;
    private UnaryOperator<EvalConfig> windows = UnaryOperator.identity();
    private Limits limits = Limits.NONE;
    private long maxPixels = Long.MAX_VALUE;
    private Progress progress = Progress.NONE;
    private String device;

    SegmenterBuilder() {
    }

    /**
     * Most threads that compute at a time, 0 for all (the default). All means the environment variable OMP_NUM_THREADS, else one per core;
     * a larger number than that changes nothing. Decoding runs in the callers' threads and is not counted.
     */
    public SegmenterBuilder threads(int most) {
        if (most < 0) {
            throw new IllegalArgumentException(most + " threads; expected 1 or more, or 0 for all");
        }
        threads = most;
        return this;
    }

    /**
     * Most photos that the network works on at the same time; 1 is the default. Only ONNX files do more than one. They share the threads
     * out among the photos, so many callers are served sooner and a lone one later. Large windows allow fewer, because each photo in work
     * needs memory of its own. Results are the same.
     */
    public SegmenterBuilder photosAtOnce(int most) {
        if (most < 1) {
            throw new IllegalArgumentException(most + " photos at once; expected 1 or more");
        }
        photos = most;
        return this;
    }

    /** Window rule and input scale in place of the model's own. */
    public SegmenterBuilder windows(EvalConfig config) {
        return windows(own -> config);
    }

    /** From the model's own window rule and input scale to those to use. */
    public SegmenterBuilder windows(UnaryOperator<EvalConfig> change) {
        windows = change;
        return this;
    }

    /** Another kind of windows; size, step and input scale stay the model's. */
    public SegmenterBuilder window(EvalConfig.Window rule) {
        return windows(own -> new EvalConfig(rule, own.crop(), own.stride(), own.shortSide(), own.resize()));
    }

    /** Refuses photos with more pixels than this. Files and bytes are refused before they are decoded. */
    public SegmenterBuilder pixelLimit(long most) {
        limits = new Limits(most, limits.time());
        return this;
    }

    /** Gives a photo up after this time; it is looked at between windows, so a photo may take one window longer. */
    public SegmenterBuilder timeout(Duration most) {
        limits = new Limits(limits.pixels(), most);
        return this;
    }

    /** Makes photos with more pixels smaller for the network; their label maps keep the photo's size. */
    public SegmenterBuilder maxPixels(long most) {
        if (most < 1) {
            throw new IllegalArgumentException(most + " pixels; expected 1 or more");
        }
        maxPixels = most;
        return this;
    }

    /** Is told of the windows of every photo, in the thread that computes; calls with a Progress of their own do not reach it. */
    public SegmenterBuilder progress(Progress told) {
        progress = told;
        return this;
    }

    /**
     * Where the network runs.
     *
     * @param name {@code cpu}, {@code auto} (a GPU if one can be used) or {@code cuda:N}; without this call the device of the process
     */
    public SegmenterBuilder device(String name) {
        device = name;
        return this;
    }

    /**
     * Loads a model of any kind.
     *
     * @param path a run folder, whose best or newest checkpoint is taken, a checkpoint folder, or an exported file ({@code .sd},
     *             {@code .onnx}; the content counts, not the name)
     * @throws HierVlException model error naming the file if it is missing or damaged; usage error if a setting does not fit its format;
     *                         environment error if the device cannot be used
     */
    public Segmenter load(Path path) {
        Segmenter loaded = open(path);
        return loaded.limit(limits).maxPixels(maxPixels).threads(threads).progress(progress);
    }

    private Segmenter open(Path path) {
        try {
            // ND4J leaves objects in every thread that it worked in; a caller's would hold this program's class loader.
            return Worker.shared().call(() -> ModelFiles.mayRead(path) ? ofFile(path) : ofCheckpoint(path));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while loading " + path, e);
        }
    }

    private Segmenter ofCheckpoint(Path path) {
        Backend backend = device == null ? null : Backends.device(device);
        TrainedModel model = TrainedModel.load(path);
        return model.segmenter(windows.apply(model.recipe().eval()), backend);
    }

    private Segmenter ofFile(Path file) {
        ModelFiles.Opened opened = ModelFiles.find().open(file, new ModelFiles.Use(device, threads, photos));
        int crop = opened.model().crop();
        EvalConfig config = windows.apply(opened.windows());
        if (config.window() == EvalConfig.Window.WHOLE || config.crop() > crop) {
            opened.model().close();
            throw HierVlException.usage(file + " is a graph for windows of " + crop + "x" + crop + " pixels; it cannot take "
                + (config.window() == EvalConfig.Window.WHOLE ? "whole images" : "windows of " + config.crop()));
        }
        return new Segmenter(opened.model(), opened.normalize(), config, opened.palette());
    }
}
