package io.hiervl.cli;

import io.hiervl.HierVlException;
import io.hiervl.data.Dataset;
import io.hiervl.eval.ConfusionPicture;
import io.hiervl.eval.EvalResult;
import io.hiervl.eval.Evaluator;
import io.hiervl.eval.ListSource;
import io.hiervl.image.Images;
import io.hiervl.predict.Segmenter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures a model on a list of images with label maps. */
@Command(name = "eval", mixinStandardHelpOptions = true, description = "Measures a model on a list of images with label maps.")
final class EvalCommand implements Callable<Integer> {
    private final Console console;

    @Option(names = "--model", required = true, paramLabel = "PATH", description = "Run folder, checkpoint folder or exported file.")
    Path model;

    @Option(names = "--data", required = true, paramLabel = "DIR", description = "Data folder.")
    String data;

    @Option(names = "--list", paramLabel = "FILE", description = "List, relative to the data folder. Default: the data set's val list.")
    Path list;

    @Option(names = "--out", paramLabel = "DIR", description = "Also write classes.csv and confusion.png there.")
    Path out;

    @Option(names = "--json", description = "Write one JSON document.")
    boolean json;

    EvalCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        Dataset dataset = Dataset.open(Home.resolve(data));
        ListSource source = new ListSource(dataset, list == null ? dataset.list("val") : dataset.list(list));
        EvalResult result;
        try (Segmenter segmenter = Models.segmenter(model)) {
            requireSame(segmenter.classNames(), dataset.spec().classes());
            result = new Evaluator(dataset.spec().classes(), dataset.spec().ignore()).evaluate(source, segmenter.images(), console.progress("eval"));
        }
        if (out != null) {
            Files.createDirectories(out);
            Files.writeString(out.resolve("classes.csv"), result.csv(), StandardCharsets.UTF_8);
            Images.writePng(ConfusionPicture.draw(result), out.resolve("confusion.png"));
        }
        if (json) {
            console.json(result.json());
        } else {
            console.println(result.table().stripTrailing());
        }
        return 0;
    }

    private void requireSame(List<String> known, List<String> wanted) {
        if (!known.equals(wanted)) {
            int i = 0;
            while (i < Math.min(known.size(), wanted.size()) && known.get(i).equals(wanted.get(i))) {
                i++;
            }
            throw HierVlException.data("the model " + model + " knows " + known.size() + " classes, the data set " + data + " has " + wanted.size()
                + "; first difference at index " + i + ": " + (i < known.size() ? "'" + known.get(i) + "'" : "none") + " against "
                + (i < wanted.size() ? "'" + wanted.get(i) + "'" : "none"));
        }
    }
}
