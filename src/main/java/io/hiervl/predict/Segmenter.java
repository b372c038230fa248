package io.hiervl.predict;

import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.PublicApi;
import io.hiervl.backend.choice.Backends;
import io.hiervl.config.EvalConfig;
import io.hiervl.eval.ImageSegmenter;
import io.hiervl.eval.WindowModel;
import io.hiervl.graph.GraphRunner;
import io.hiervl.image.ClipNormalize;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.Palette;
import io.hiervl.image.Photo;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Finds the class of every pixel of photos:
 * <pre>
 * try (Segmenter s = Segmenter.load(path)) {
 *     LabelMap map = s.segment(image);
 * }
 * </pre>
 * Safe for use from several threads: photos are decoded by the callers at the same time, the network itself works on one
 * photo after the other (it uses all cores anyway) and on one thread that all Segmenters of a program share. A caller whose
 * thread is interrupted gets its exception at once, and its photo is given up after the window in work; {@link #cancel} does
 * so for all photos. After {@link #close} every call fails with IllegalStateException.
 */
@PublicApi
public final class Segmenter implements AutoCloseable {
    private final InferenceModel model;
    private volatile ImageSegmenter images;
    private final EvalConfig config;
    private final Palette palette;
    private final Set<Job> jobs = ConcurrentHashMap.newKeySet();
    private volatile Limits limits = Limits.NONE;
    private volatile boolean closed;
    private volatile Job current;

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
     * @param device {@code cpu}, {@code auto} or {@code cuda:N}
     * @throws io.hiervl.HierVlException of kind ENVIRONMENT if the GPU cannot be used
     */
    public static Segmenter load(Path path, String device) {
        return TrainedModel.load(path).segmenter(Backends.device(device));
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
        this.images = new ImageSegmenter(guarded(model), normalize, config);
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

    /**
     * Classes with their scores.
     *
     * @throws HierVlException data error: more pixels or time than {@link #limit} allows
     * @throws java.util.concurrent.CancellationException {@link #cancel} was called
     */
    public Prediction predict(Photo photo) {
        return predict(List.of(photo), Progress.NONE).get(0);
    }

    /**
     * Classes of several photos, whose windows go through the network together. That is faster for small photos.
     *
     * @param progress is told of windows
     */
    public List<Prediction> predict(List<Photo> photos, Progress progress) {
        Limits now = limits;
        for (Photo photo : photos) {
            if ((long) photo.width() * photo.height() > now.pixels()) {
                throw HierVlException
                    .data("the photo has " + photo.width() + "x" + photo.height() + " pixels, the limit is " + now.pixels());
            }
        }
        Job job = new Job(now.time());
        jobs.add(job);
        try {
            return Worker.call(() -> {
                if (closed) {
                    throw closed();
                }
                job.start();
                current = job;
                try {
                    return images.segment(photos.stream().map(ImageSegmenter.Request::new).toList(), progress);
                } finally {
                    current = null;
                }
            }).stream().map(r -> new Prediction(r, model.classNames())).toList();
        } catch (InterruptedException e) {
            job.cancel();
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while segmenting a photo", e);
        } finally {
            jobs.remove(job);
        }
    }

    /** Sets what is done for one photo at most; for photos from now on. */
    public Segmenter limit(Limits most) {
        limits = most;
        return this;
    }

    /** Gives up all photos that are in work or waiting: their callers get a CancellationException. */
    public void cancel() {
        jobs.forEach(Job::cancel);
    }

    private static IllegalStateException closed() {
        return new IllegalStateException("this Segmenter is closed");
    }

    /** The model, with a look at the photo's limits before every window. */
    private WindowModel guarded(InferenceModel inner) {
        return new WindowModel() {
            @Override
            public int classes() {
                return inner.classes();
            }

            @Override
            public int sizeMultiple() {
                return inner.sizeMultiple();
            }

            @Override
            public float[] scores(float[] chw, int h, int w) {
                check();
                return inner.scores(chw, h, w);
            }

            @Override
            public float[] scores(float[] nchw, int n, int h, int w) {
                check();
                return inner.scores(nchw, n, h, w);
            }

            @Override
            public int batch(int h, int w) {
                return inner.batch(h, w);
            }

            @Override
            public int lanes(int h, int w) {
                return inner.lanes(h, w);
            }

            private void check() {
                Job job = current;
                if (job != null) {
                    job.check();
                }
            }
        };
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

    /** Waits for a photo in work, then frees the model, in an interrupted thread too; closing twice does nothing. */
    @Override
    public void close() {
        synchronized (jobs) {
            if (closed) {
                return;
            }
            closed = true;
        }
        Worker.finish(() -> {
            model.close();
            GraphRunner.releaseMemory();
            return null;
        });
    }
}
