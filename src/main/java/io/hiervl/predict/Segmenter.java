package io.hiervl.predict;

import io.hiervl.config.EvalConfig;
import io.hiervl.eval.ImageSegmenter;
import io.hiervl.image.ClipNormalize;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.Photo;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.List;

/**
 * Finds the class of every pixel of photos:
 * <pre>
 * try (Segmenter s = Segmenter.load(path)) {
 *     LabelMap map = s.segment(image);
 * }
 * </pre>
 * Safe for use from several threads: photos are decoded by the callers at the same time, the network itself works on one
 * photo after the other (it uses all cores anyway). After {@link #close} every call fails with IllegalStateException.
 */
public final class Segmenter implements AutoCloseable {
    private final InferenceModel model;
    private final ImageSegmenter images;
    private final Object lock = new Object();
    private boolean closed;

    /**
     * Takes over the model and closes it in the end.
     *
     * @param normalize colour constants of its image tower
     * @param config    window rule and input scale
     */
    public Segmenter(InferenceModel model, ClipNormalize normalize, EvalConfig config) {
        this.model = model;
        this.images = new ImageSegmenter(model, normalize, config);
    }

    /** Class names in the order of the label maps' values. */
    public List<String> classNames() {
        return model.classNames();
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
        synchronized (lock) {
            if (closed) {
                throw new IllegalStateException("this Segmenter is closed");
            }
            return new Prediction(images.segment(photo), model.classNames());
        }
    }

    /** Waits for a photo in work, then frees the model; closing twice does nothing. */
    @Override
    public void close() {
        synchronized (lock) {
            if (!closed) {
                closed = true;
                model.close();
            }
        }
    }
}
