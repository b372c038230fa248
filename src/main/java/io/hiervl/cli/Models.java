package io.hiervl.cli;

import io.hiervl.HierVlException;
import io.hiervl.checkpoint.BestCheckpoint;
import io.hiervl.checkpoint.Manifest;
import io.hiervl.config.EvalConfig;
import io.hiervl.export.ExportMeta;
import io.hiervl.export.ExportedModel;
import io.hiervl.image.ClipNormalize;
import io.hiervl.predict.Segmenter;
import io.hiervl.predict.TrainedModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Opens what a user names as a model. */
public final class Models {
    private static final String WINDOW = "window";
    private static final String STRIDE = "stride";
    private static final String SHORT_SIDE = "short_side";
    private static final String RESIZE = "resize";

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
        if (isExported(path)) {
            return exported(path, windows);
        }
        TrainedModel model = trained(path);
        return model.segmenter(windows.apply(model.recipe().eval()));
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
        return Files.isRegularFile(path) && !path.getFileName().toString().equals(Manifest.FILE);
    }

    /** How whole images are cut into windows, for the attributes of an exported file. */
    static Map<String, String> windowAttributes(EvalConfig eval, int side) {
        return Map.of(WINDOW, eval.window().name().toLowerCase(Locale.ROOT), STRIDE, Integer.toString(Math.min(eval.stride(), side)),
            SHORT_SIDE, Integer.toString(eval.shortSide()), RESIZE, eval.resize().name().toLowerCase(Locale.ROOT));
    }

    private static Segmenter exported(Path path, UnaryOperator<EvalConfig> windows) {
        ExportedModel model = ExportedModel.load(path);
        EvalConfig config = windows.apply(stored(path, model));
        if (config.window() == EvalConfig.Window.WHOLE || config.crop() > model.crop()) {
            throw HierVlException
                .usage(path + " is a graph for windows of " + model.crop() + "x" + model.crop() + " pixels; it cannot take "
                    + (config.window() == EvalConfig.Window.WHOLE ? "whole images" : "windows of " + config.crop()));
        }
        return new Segmenter(model, new ClipNormalize(narrow(model.meta().mean()), narrow(model.meta().std())), config,
            model.meta().colours());
    }

    private static EvalConfig stored(Path path, ExportedModel model) {
        ExportMeta meta = model.meta();
        try {
            EvalConfig.Window rule = EvalConfig.Window.valueOf(meta.attributes().getOrDefault(WINDOW, "clamped").toUpperCase(Locale.ROOT));
            // A graph of one size cannot take a whole image at once.
            return new EvalConfig(rule == EvalConfig.Window.WHOLE ? EvalConfig.Window.CLAMPED : rule, model.crop(),
                Integer.parseInt(meta.attributes().getOrDefault(STRIDE, Integer.toString(Math.max(1, model.crop() / 2)))),
                Integer.parseInt(meta.attributes().getOrDefault(SHORT_SIDE, "0")),
                EvalConfig.Resize.valueOf(meta.attributes().getOrDefault(RESIZE, "pillow").toUpperCase(Locale.ROOT)));
        } catch (IllegalArgumentException e) {
            throw HierVlException.model(path + ": its description of windows makes no sense: " + e.getMessage());
        }
    }

    private static float[] narrow(double[] values) {
        return new float[] {(float) values[0], (float) values[1], (float) values[2]};
    }
}
