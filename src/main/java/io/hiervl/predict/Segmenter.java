package io.hiervl.predict;

import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.PublicApi;
import io.hiervl.backend.jvm.Parallel;
import io.hiervl.config.EvalConfig;
import io.hiervl.eval.ImageSegmenter;
import io.hiervl.eval.Scores;
import io.hiervl.eval.Segmentation;
import io.hiervl.graph.GraphRunner;
import io.hiervl.image.ClipNormalize;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.Palette;
import io.hiervl.image.Photo;
import java.awt.image.BufferedImage;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;

/**
 * Finds the class of every pixel of photos:
 * <pre>
 * try (Segmenter s = Segmenter.load(path)) {
 *     LabelMap map = s.segment(image);
 * }
 * </pre>
 * Safe for use from several threads: photos are decoded by the callers at the same time, the network itself works on one
 * photo after the other (it uses all cores anyway) and on one thread that all Segmenters of a program share. Exported ONNX files can
 * work on several photos ({@link SegmenterBuilder#photosAtOnce}), on threads of their own. A caller whose thread is interrupted
 * gets its exception at once, and its photo is given up after the window in work; {@link #cancel} does so for all photos. After
 * {@link #close} every call fails with IllegalStateException.
 *
 * <p>Photos that nobody can read, and photos beyond the {@link #limit}, make a {@link HierVlException} of kind DATA.
 */
@PublicApi
public final class Segmenter implements AutoCloseable {
    private final InferenceModel model;
    private final Worker worker;
    private volatile ImageSegmenter images;
    private final EvalConfig config;
    private final Palette palette;
    private final Set<Job> jobs = ConcurrentHashMap.newKeySet();
    private volatile Limits limits = Limits.NONE;
    private volatile Progress told = Progress.NONE;
    private volatile int threads;
    private volatile boolean closed;

    /** Settings for a Segmenter: threads, windows, limits, progress, device. */
    public static SegmenterBuilder builder() {
        return new SegmenterBuilder();
    }

    /**
     * Loads a model of any kind with its own settings.
     *
     * @param path a run folder, whose best or newest checkpoint is taken, a checkpoint folder, or an exported file
     * @throws HierVlException model error naming the file if it is missing or damaged
     */
    public static Segmenter load(Path path) {
        return builder().load(path);
    }

    /**
     * Loads a model on a device.
     *
     * @param path   as for the other method
     * @param device {@code cpu}, {@code auto} or {@code cuda:N}
     * @throws HierVlException of kind ENVIRONMENT if the GPU cannot be used
     */
    public static Segmenter load(Path path, String device) {
        return builder().device(device).load(path);
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
        this.worker = model.photos() == 1 ? Worker.shared() : Worker.own(model.photos());
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
        return predict(file).labels();
    }

    /** The same for the bytes of a photo file. */
    public LabelMap segment(byte[] file) {
        return predict(file).labels();
    }

    /** The same for a stream, which is read to its end and not closed. */
    public LabelMap segment(InputStream file) {
        return predict(file).labels();
    }

    /** Class of every pixel of a picture; an alpha channel is dropped. */
    public LabelMap segment(BufferedImage image) {
        return predict(image).labels();
    }

    /** Class of every pixel, at the photo's size. */
    public LabelMap segment(Photo photo) {
        return predict(photo).labels();
    }

    /**
     * Classes of any number of photos, in their order. Small photos go through the network together, as many as fill its batches.
     *
     * @throws HierVlException as for one photo; then there is no result for any
     */
    public List<LabelMap> segment(List<Photo> photos) {
        List<LabelMap> maps = new ArrayList<>();
        List<Photo> together = new ArrayList<>();
        for (Photo photo : photos) {
            if (!together.isEmpty() && !joins(together)) {
                predict(together, told).forEach(p -> maps.add(p.labels()));
                together.clear();
            }
            together.add(photo);
        }
        if (!together.isEmpty()) {
            predict(together, told).forEach(p -> maps.add(p.labels()));
        }
        return maps;
    }

    /** Classes of a photo file with their scores. */
    public Prediction predict(Path file) {
        return predict(PhotoInputs.read(file, limits.pixels()));
    }

    /** The same for the bytes of a photo file. */
    public Prediction predict(byte[] file) {
        return predict(PhotoInputs.read(file, limits.pixels()));
    }

    /** The same for a stream, which is read to its end and not closed. */
    public Prediction predict(InputStream file) {
        return predict(PhotoInputs.read(file, limits.pixels()));
    }

    /** The same for a picture. */
    public Prediction predict(BufferedImage image) {
        return predict(Images.fromBuffered(image));
    }

    /**
     * Classes with their scores.
     *
     * @throws HierVlException data error: more pixels or time than {@link #limit} allows
     * @throws java.util.concurrent.CancellationException {@link #cancel} was called
     */
    public Prediction predict(Photo photo) {
        return predict(List.of(photo), told).get(0);
    }

    /**
     * Classes of several photos, whose windows go through the network together. That is faster for small photos.
     *
     * @param progress is told of windows
     */
    public List<Prediction> predict(List<Photo> photos, Progress progress) {
        photos.forEach(this::requireFits);
        List<ImageSegmenter.Request> requests = photos.stream().map(ImageSegmenter.Request::new).toList();
        List<Segmentation> results = work(with -> with.segment(requests, progress));
        return results.stream().map(r -> new Prediction(r, model.classNames())).toList();
    }

    /**
     * Probabilities of all classes at every pixel, at the photo's size. They take 4 bytes for each class and pixel.
     *
     * @throws HierVlException data error: limits as of {@link #predict(Photo)}, or more than 2^31 probabilities
     */
    public ClassProbabilities probabilities(Photo photo) {
        requireFits(photo);
        long values = (long) model.classes() * photo.width() * photo.height();
        if (values > Integer.MAX_VALUE - 8) {
            throw HierVlException.data("the photo has " + photo.width() + "x" + photo.height() + " pixels and the model "
                + model.classes() + " classes: " + values + " probabilities do not fit an array, which takes 2147483639");
        }
        Scores scores = work(with -> with.scores(photo, told));
        return new ClassProbabilities(scores.values(), model.classNames(), photo.width(), photo.height());
    }

    private void requireFits(Photo photo) {
        if ((long) photo.width() * photo.height() > limits.pixels()) {
            throw HierVlException
                .data("the photo has " + photo.width() + "x" + photo.height() + " pixels, the limit is " + limits.pixels());
        }
    }

    private <T> T work(Function<ImageSegmenter, T> task) {
        Job job = new Job(limits.time());
        jobs.add(job);
        try {
            return worker.call(() -> {
                if (closed) {
                    throw closed();
                }
                job.start();
                return Parallel.within(threads, () -> task.apply(images.with(new GuardedModel(model, job))));
            });
        } catch (RejectedExecutionException e) {
            throw closed();
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

    /** Whether one more photo should join these in one call of {@link #predict(List, Progress)}. */
    public boolean joins(List<Photo> photos) {
        return images.joins(photos.stream().map(ImageSegmenter.Request::new).toList());
    }

    /** Photos with more pixels are made smaller for the network; for photos from now on. Their label maps keep the photo's size. */
    public Segmenter maxPixels(long most) {
        images = images.withMaxPixels(most);
        return this;
    }

    /** See {@link SegmenterBuilder#threads}. */
    Segmenter threads(int most) {
        threads = most;
        return this;
    }

    /** See {@link SegmenterBuilder#progress}. */
    Segmenter progress(Progress progress) {
        told = progress;
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
        if (worker != Worker.shared()) {
            worker.end();
        }
        Worker.shared().finish(() -> {
            model.close();
            GraphRunner.releaseMemory();
            return null;
        });
    }
}
