package io.hiervl.cli;

import io.hiervl.HierVlException;
import io.hiervl.checkpoint.BestCheckpoint;
import io.hiervl.checkpoint.Manifest;
import io.hiervl.config.EvalConfig;
import io.hiervl.predict.ModelFiles;
import io.hiervl.predict.Segmenter;
import io.hiervl.predict.TrainedModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.UnaryOperator;

/** Opens what a user names as a model. */
public final class Models {
    private Models() {
    }

    /** A run folder or checkpoint folder. */
    static TrainedModel trained(Path path) {
        requireThere(path);
        return TrainedModel.load(path);
    }

    /** Names the nearest models where there is none. */
    static void requireThere(Path path) {
        if (!Files.exists(path)) {
            throw HierVlException.model(path + ": no such model" + Nearest.hint(path, Models::isModel));
        }
    }

    /**
     * Whatever can segment photos: a run folder, a checkpoint folder or an exported file.
     *
     * @param windows from the model's window settings to those to use
     */
    public static Segmenter segmenter(Path path, UnaryOperator<EvalConfig> windows) {
        return segmenter(path, windows, 1);
    }

    /** @param photos see {@link io.hiervl.predict.SegmenterBuilder#photosAtOnce} */
    static Segmenter segmenter(Path path, UnaryOperator<EvalConfig> windows, int photos) {
        requireThere(path);
        return Segmenter.builder().windows(windows).photosAtOnce(photos).load(path);
    }

    private static boolean isModel(Path path) {
        return Files.isDirectory(path.resolve("checkpoints")) || Files.exists(path.resolve(Manifest.FILE))
            || Files.isRegularFile(path) && path.getFileName().toString().matches(".*\\.(sd|onnx|zip|fb)");
    }

    /** Says which checkpoint of a run is taken, where there is a choice. */
    public static void announce(Path path, Console console) {
        if (Files.isDirectory(path)) {
            BestCheckpoint.of(path).ifPresent(best -> console.note("the model " + path + ": " + best.describe()));
        }
        console.begin("reading the model " + path);
    }

    /** Whether a path can only be an exported graph. */
    static boolean isExported(Path path) {
        return ModelFiles.mayRead(path);
    }
}
