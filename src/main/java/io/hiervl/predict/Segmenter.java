package io.hiervl.predict;

import io.hiervl.Progress;
import io.hiervl.PublicApi;
import io.hiervl.backend.choice.Backends;
import io.hiervl.config.EvalConfig;
import io.hiervl.eval.ImageSegmenter;
import io.hiervl.eval.Segmentation;
import io.hiervl.graph.GraphRunner;
import io.hiervl.image.ClipNormalize;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.Palette;
import io.hiervl.image.Photo;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Finds the class of every pixel of photos:
 * <pre>
 * try (Segmenter s = Segmenter.load(path)) {
 *     LabelMap map = s.segment(image);
 * }
 * </pre>
 * Safe for use from several threads: photos are decoded by the callers at the same time, the network itself works on one
 * photo after the other (it uses all cores anyway) and on one thread, which keeps its memory the same however many callers
 * there are. After {@link #close} every call fails with IllegalStateException.
 */
@PublicApi
public final class Segmenter implements AutoCloseable {
    private final InferenceModel model;
    private volatile ImageSegmenter images;
    private final EvalConfig config;
    private final Palette palette;
    private final Object lock = new Object();
    private final ExecutorService worker = Executors.newSingleThreadExecutor(task -> {
        Thread t = new Thread(task, "hiervl-segmenter");
        t.setDaemon(true);
        return t;
    });
    private boolean closed;

    /**
     * Loads a trained model.
     *
     * @param path a checkpoint folder, or a run folder, whose newest checkpoint is taken
     */
    public static Segmenter load(Path path) {
        return TrainedModel.load(path).segmenter();
    }

    /**
     * Loads a trained model on a device.
     *
     * @param path   a checkpoint folder, or a run folder, whose newest checkpoint is taken
     * @param device {@code cpu}, {@code auto} or {@code cuda:N}; where all networks of this process run from now on
     * @throws io.hiervl.HierVlException of kind ENVIRONMENT if the GPU cannot be used
     */
    public static Segmenter load(Path path, String device) {
        Backends.useDevice(device);
        return load(path);
    }

    /** As the other constructor, with VOC's colours. */
    public Segmenter(InferenceModel model, ClipNormalize normalize, EvalConfig config) {
        this(model, normalize, config, Palette.voc());
    }

    /**
     * Takes over the model and closes it in the end.
     *
     * @param normalize colour constants of its image tower
     * @param config    window rule and input scale
     * @param palette   colours of its classes in pictures
     */
    public Segmenter(InferenceModel model, ClipNormalize normalize, EvalConfig config, Palette palette) {
        this.palette = palette;
        this.model = model;
        this.images = new ImageSegmenter(model, normalize, config);
        this.config = config;
    }

    /** Class names in the order of the label maps' values. */
    public List<String> classNames() {
        return model.classNames();
    }

    /** Colours of the classes in pictures. */
    public Palette palette() {
        return palette;
    }

    /** Window rule and input scale in use. */
    public EvalConfig config() {
        return config;
    }

    /** Class of every pixel of a photo file, turned upright as its EXIF entry says. */
    public LabelMap segment(Path file) {
        return segment(Images.readUpright(file));
    }

    /** Class of every pixel of a picture; an alpha channel is dropped. */
    public LabelMap segment(BufferedImage image) {
        return segment(Images.fromBuffered(image));
    }

    /** Class of every pixel, at the photo's size. */
    public LabelMap segment(Photo photo) {
        return predict(photo).labels();
    }

    /** Classes with their scores. */
    public Prediction predict(Photo photo) {
        return predict(List.of(photo), Progress.NONE).get(0);
    }

    /**
     * Classes of several photos, whose windows go through the network together. That is faster for small photos.
     *
     * @param progress is told of windows
     */
    public List<Prediction> predict(List<Photo> photos, Progress progress) {
        synchronized (lock) {
            if (closed) {
                throw new IllegalStateException("this Segmenter is closed");
            }
            List<Segmentation> results = new ArrayList<>();
            onWorker(() -> results.addAll(images.segment(photos.stream().map(ImageSegmenter.Request::new).toList(), progress)));
            return results.stream().map(r -> new Prediction(r, model.classNames())).toList();
        }
    }

    /** Whether one more photo should join these in one call of {@link #predict(List, Progress)}. */
    public boolean joins(List<Photo> photos) {
        return images.joins(photos.stream().map(ImageSegmenter.Request::new).toList());
    }

    /** Photos with more pixels are made smaller for the network; for photos from now on. Their label maps keep the photo's size. */
    public Segmenter maxPixels(long most) {
        images = images.withMaxPixels(most);
        return this;
    }

    /** The steps from photo to classes, for an evaluation on one thread; ends with this Segmenter. */
    public ImageSegmenter images() {
        return images;
    }

    /** Waits for a photo in work, then frees the model; closing twice does nothing. */
    @Override
    public void close() {
        synchronized (lock) {
            if (!closed) {
                closed = true;
                onWorker(() -> {
                    model.close();
                    GraphRunner.releaseMemory();
                });
                worker.shutdown();
            }
        }
    }

    private void onWorker(Runnable task) {
        try {
            worker.submit(task).get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            if (e.getCause() instanceof Error cause) {
                throw cause;
            }
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while segmenting a photo", e);
        }
    }
}
