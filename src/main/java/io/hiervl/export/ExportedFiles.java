package io.hiervl.export;

import io.hiervl.HierVlException;
import io.hiervl.InputFiles;
import io.hiervl.Linkage;
import io.hiervl.backend.Backend;
import io.hiervl.backend.choice.Backends;
import io.hiervl.config.EvalConfig;
import io.hiervl.image.ClipNormalize;
import io.hiervl.op.SameDiffOps;
import io.hiervl.predict.ModelFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Exported files as models of a {@link io.hiervl.predict.Segmenter}: their description holds the window rule too. */
public final class ExportedFiles implements ModelFiles {
    private static final String WINDOW = "window";
    private static final String STRIDE = "stride";
    private static final String SHORT_SIDE = "short_side";
    private static final String RESIZE = "resize";

    /** For the loader of services. */
    public ExportedFiles() {
    }

    /** How whole images are cut into windows, for the attributes of an exported file. */
    public static Map<String, String> windowAttributes(EvalConfig eval, int side) {
        return Map.of(WINDOW, eval.window().name().toLowerCase(Locale.ROOT), STRIDE, Integer.toString(Math.min(eval.stride(), side)),
            SHORT_SIDE, Integer.toString(eval.shortSide()), RESIZE, eval.resize().name().toLowerCase(Locale.ROOT));
    }

    @Override
    public Opened open(Path file, Use use) {
        ExportedModel model = load(file, use);
        try {
            ExportMeta meta = model.meta();
            return new Opened(model, new ClipNormalize(narrow(meta.mean()), narrow(meta.std())), windows(file, model), meta.colours());
        } catch (RuntimeException e) {
            model.close();
            throw e;
        }
    }

    /** The threads are those of ONNX Runtime; graphs of SameDiff take those of their caller. */
    static ExportedModel load(Path file, Use use) {
        String device = use.device();
        SameDiffOps.start();
        InputFiles.requireRegular(file, HierVlException.Kind.MODEL);
        if (!Files.isRegularFile(file)) {
            throw HierVlException.model(file + ": no such file");
        }
        if (ExportFormat.isOnnx(file)) {
            requireHost(file, ExportFormat.ONNX, device);
            return onnx(file, use);
        }
        Backend backend = device == null ? Backends.compute() : Backends.device(device);
        SameDiffModel model = SameDiffModel.load(file, backend);
        if (model.format() == ExportFormat.SAMEDIFF_STOCK) {
            requireHost(file, model.format(), device);
        }
        return model;
    }

    private static ExportedModel onnx(Path file, Use use) {
        try {
            return OnnxRuntimeModel.load(file, use);
        } catch (LinkageError e) {
            Optional<String> other = Linkage.missingClass(e).filter(c -> !c.startsWith("ai.onnxruntime."));
            if (other.isPresent()) {
                throw HierVlException.environment(file + " needs the class " + other.get() + ", which is not on the class path", e);
            }
            throw HierVlException.environment(file + " needs ONNX Runtime, which cannot be loaded (" + e
                + "): add com.microsoft.onnxruntime:onnxruntime or hiervl-runtime of the platform to the class path", e);
        }
    }

    private static void requireHost(Path file, ExportFormat format, String device) {
        if (device != null && !device.equalsIgnoreCase("cpu") && !device.equalsIgnoreCase("auto")) {
            throw HierVlException
                .usage(file + " is a file of format " + format.label() + ", which runs on the CPU; the device is '" + device
                    + "', expected cpu or auto");
        }
    }

    private static EvalConfig windows(Path path, ExportedModel model) {
        Map<String, String> attributes = model.meta().attributes();
        try {
            EvalConfig.Window rule = EvalConfig.Window.valueOf(attributes.getOrDefault(WINDOW, "clamped").toUpperCase(Locale.ROOT));
            // A graph of one size cannot take a whole image at once.
            return new EvalConfig(rule == EvalConfig.Window.WHOLE ? EvalConfig.Window.CLAMPED : rule, model.crop(),
                Integer.parseInt(attributes.getOrDefault(STRIDE, Integer.toString(Math.max(1, model.crop() / 2)))),
                Integer.parseInt(attributes.getOrDefault(SHORT_SIDE, "0")),
                EvalConfig.Resize.valueOf(attributes.getOrDefault(RESIZE, "pillow").toUpperCase(Locale.ROOT)));
        } catch (IllegalArgumentException e) {
            throw HierVlException.model(path + ": its description of windows makes no sense: " + e.getMessage());
        }
    }

    private static float[] narrow(double[] values) {
        return new float[] {(float) values[0], (float) values[1], (float) values[2]};
    }
}
