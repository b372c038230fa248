package io.hiervl.cli;

import io.hiervl.AtomicFile;
import io.hiervl.Folders;
import io.hiervl.HierVlException;
import io.hiervl.config.EvalConfig;
import io.hiervl.data.Dataset;
import io.hiervl.data.SplitList;
import io.hiervl.eval.ConfusionPicture;
import io.hiervl.eval.EvalResult;
import io.hiervl.eval.Evaluator;
import io.hiervl.eval.ListSource;
import io.hiervl.eval.PredictionReader;
import io.hiervl.eval.StoredPredictions;
import io.hiervl.image.Images;
import io.hiervl.predict.Segmenter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures a model, or stored predictions, on a list of images with label maps. */
@Command(name = "eval", mixinStandardHelpOptions = true,
    description = "Measures a model, or predictions that any program stored, on a list of images with label maps.",
    footer = {"", "mIoU is the mean over all classes, absent ones counting 0; pixels with the ignore value do not count."})
final class EvalCommand implements Callable<Integer> {
    private final Console console;

    @ArgGroup(multiplicity = "1")
    Subject subject;

    /** What is measured. */
    static final class Subject {
        @Option(names = "--model", required = true, paramLabel = "PATH", description = "Run folder, checkpoint folder or exported file.")
        Path model;

        @Option(names = "--predictions", required = true, paramLabel = "DIR",
            description = "Folder of index PNGs, named like the images or their label maps, with or without their subfolders.")
        Path predictions;
    }

    @Option(names = "--data", required = true, paramLabel = "DIR", description = "Data folder.")
    String data;

    @Option(names = "--counted-from", defaultValue = "0", paramLabel = "0|1",
        description = "Value of the first class in stored predictions, default ${DEFAULT-VALUE}.")
    int first;

    @Option(names = "--list", paramLabel = "FILE", description = "List, relative to the data folder. Default: the data set's val list.")
    Path list;

    @Mixin
    WindowOptions windows;

    @Option(names = "--out", paramLabel = "DIR", description = "Also write eval.json, classes.csv, confusion.csv and confusion.png there.")
    Path out;

    @Option(names = "--json", description = "Write one JSON document.")
    boolean json;

    EvalCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        if (out != null) {
            Folders.require(out, "results");
        }
        Dataset dataset = Dataset.open(Home.resolve(data), console.progress("labels"));
        SplitList samples = list == null ? dataset.list("val") : dataset.list(list);
        ListSource source = new ListSource(dataset, samples);
        Evaluator evaluator = new Evaluator(dataset.spec().classes());
        EvalResult result;
        Map<String, Object> document;
        if (subject.model != null) {
            Models.announce(subject.model, console);
            try (Segmenter segmenter = windows.limit(Models.segmenter(subject.model, windows::apply))) {
                requireSame(segmenter.classNames(), dataset.spec().classes());
                result = evaluator.evaluate(source, segmenter.images(), console.progress("eval"));
                document = result.json();
                document.put("settings", settings(segmenter.config()));
            }
        } else {
            StoredPredictions stored = StoredPredictions.find(subject.predictions, samples);
            PredictionReader reader = new PredictionReader(stored, dataset.spec(), first);
            reader.survey().forEach(n -> console.note("note: " + n));
            result = evaluator.evaluate(source, reader::read, console.progress("eval"));
            document = result.json();
        }
        write(result, document);
        if (json) {
            console.json(document);
        } else {
            console.println(result.table().stripTrailing());
        }
        return 0;
    }

    private static Map<String, Object> settings(EvalConfig c) {
        return ClipCommand.ordered("window", c.window().name().toLowerCase(Locale.ROOT), "crop", c.crop(), "stride", c.stride(),
            "short_side", c.shortSide(), "resize", c.resize().name().toLowerCase(Locale.ROOT));
    }

    private void write(EvalResult result, Map<String, Object> document) {
        if (out != null) {
            AtomicFile.write(out.resolve("eval.json"), Console.document(document) + "\n");
            AtomicFile.write(out.resolve("classes.csv"), result.csv());
            AtomicFile.write(out.resolve("confusion.csv"), result.confusionCsv());
            Images.writePng(ConfusionPicture.draw(result), out.resolve("confusion.png"));
        }
    }

    private void requireSame(List<String> known, List<String> wanted) {
        if (!known.equals(wanted)) {
            int i = 0;
            while (i < Math.min(known.size(), wanted.size()) && known.get(i).equals(wanted.get(i))) {
                i++;
            }
            throw HierVlException.data("the model " + subject.model + " knows " + known.size() + " classes, the data set " + data + " has "
                + wanted.size() + "; first difference at index " + i + ": " + (i < known.size() ? "'" + known.get(i) + "'" : "none")
                + " against "
                + (i < wanted.size() ? "'" + wanted.get(i) + "'" : "none"));
        }
    }
}
