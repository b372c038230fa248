package io.hiervl.cli;

import io.hiervl.Folders;
import io.hiervl.HierVlException;
import io.hiervl.data.Canvas;
import io.hiervl.export.ExportCheck;
import io.hiervl.export.ExportFormat;
import io.hiervl.export.ExportSource;
import io.hiervl.export.ExportedFiles;
import io.hiervl.export.ModelExport;
import io.hiervl.model.HierVlNetwork;
import io.hiervl.model.MemoryPlan;
import io.hiervl.predict.TrainedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Writes the inference graph of a trained model as one file. */
@Command(name = "export", mixinStandardHelpOptions = true,
    description = "Writes the inference graph as one file with labels and preprocessing inside.")
final class ExportCommand implements Callable<Integer> {
    private final Console console;

    @Option(names = "--model", required = true, paramLabel = "PATH", description = "Run folder or checkpoint folder.")
    Path model;

    @Option(names = "--format", required = true, paramLabel = "FORMAT",
        description = "samediff: this project's ops, read by this program. samediff-stock: ND4J's own ops only, read by any program "
            + "with ND4J. onnx: standard operators of opset 17, read by any ONNX runtime.")
    String format;

    @Option(names = "--size", paramLabel = "PIXELS", description = "Side of the input. Default: the window size of evaluation.")
    Integer size;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "File to write.")
    Path out;

    @Option(names = "--force", description = "Write over a file that exists.")
    boolean force;

    ExportCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        ExportFormat chosen = ExportFormat.of(format);
        Folders.requireFile(out, "the exported model");
        if (Files.exists(out) && !force && Files.isRegularFile(out)) {
            throw HierVlException.usage(out + " exists; add --force to write over it, or choose another file");
        }
        Models.announce(model, console);
        TrainedModel trained = Models.trained(model);
        HierVlNetwork network = trained.network();
        int multiple = network.sizeMultiple();
        int side = size == null ? Canvas.side(trained.recipe().eval().crop(), multiple) : size;
        if (side < multiple || side % multiple != 0) {
            throw HierVlException.usage("--size is " + side + ", it must be a multiple of " + multiple + " (twice the patch size)");
        }
        MemoryPlan.ofPrediction(trained.recipe().model(), trained.towers(), trained.classes().size(), side)
            .require("an exported graph for " + side + "x" + side + " pixels", size == null ? "eval.crop" : "--size");
        Map<String, String> attributes = new LinkedHashMap<>(ExportedFiles.windowAttributes(trained.recipe().eval(), side));
        attributes.put("program", "hiervl " + Version.of("io.hiervl", "hiervl"));
        console.pulse().doing("writing and checking " + out);
        ExportCheck check = ModelExport.write(out, ExportSource.of(trained, side, attributes), chosen);
        console.println(String.format(Locale.ROOT, "%s: %s, input 1 x 3 x %d x %d, %d classes, %.1f MB", out, format, side, side,
            trained.classes().size(), Files.size(out) / 1e6));
        console.println(String.format(Locale.ROOT,
            "largest difference %.3g (mean %.3g) of log scores up to %.3g; %.3g %% of the pixels get another class",
            check.maxAbsDiff(), check.meanAbsDiff(), check.scale(), 100 * check.relabelled()));
        return 0;
    }
}
