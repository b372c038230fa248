package io.hiervl.predict;

import io.hiervl.HierVlException;
import io.hiervl.checkpoint.Manifest;
import io.hiervl.config.EvalConfig;
import io.hiervl.image.ClipNormalize;
import io.hiervl.image.Palette;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ServiceLoader;

/**
 * Opens files that hold a whole model. The room of exported files knows this one, so it brings the implementation as a service:
 * {@code META-INF/services/io.hiervl.predict.ModelFiles}.
 */
public interface ModelFiles {
    /**
     * A model with what its file says about its use.
     *
     * @param normalize colour constants of its image tower
     * @param windows   window rule and input scale
     * @param palette   colours of its classes
     */
    record Opened(InferenceModel model, ClipNormalize normalize, EvalConfig windows, Palette palette) {
    }

    /**
     * How a model is to run.
     *
     * @param device  as {@link SegmenterBuilder#device} takes it; null: the one of this process
     * @param threads most threads of the model, 0 for all
     * @param photos  most photos that it shall work on at the same time, at least 1; it may allow fewer
     */
    record Use(String device, int threads, int photos) {
    }

    /**
     * Opens a file.
     *
     * @throws HierVlException model error naming the file; usage error if the format does not run on the device
     */
    Opened open(Path file, Use use);

    /** Whether a path can only be such a file, not a checkpoint. */
    static boolean mayRead(Path path) {
        return Files.isRegularFile(path) && !path.getFileName().toString().equals(Manifest.FILE);
    }

    /** The implementation on the class path. */
    static ModelFiles find() {
        return ServiceLoader.load(ModelFiles.class, ModelFiles.class.getClassLoader()).findFirst()
            .orElseThrow(() -> HierVlException.environment("no reader of exported files is on the class path: the file META-INF/services/"
                + ModelFiles.class.getName() + " of HierVL's jar is missing"));
    }
}
