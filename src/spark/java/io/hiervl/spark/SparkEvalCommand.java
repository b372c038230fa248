package io.hiervl.spark;

import io.hiervl.AtomicFile;
import io.hiervl.Folders;
import io.hiervl.HierVlException;
import io.hiervl.cli.Console;
import io.hiervl.cli.WindowOptions;
import io.hiervl.data.Dataset;
import io.hiervl.data.SplitList;
import io.hiervl.eval.EvalResult;
import io.hiervl.eval.ListSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.spark.SparkConf;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures a model on a cluster. */
@Command(name = "eval", mixinStandardHelpOptions = true,
    description = "Measures a model on a list of images with label maps, on a cluster. The numbers are those of 'hiervl eval'.")
final class SparkEvalCommand implements Callable<Integer> {
    /** Several tasks for each slot even out images that take longer. */
    private static final int PER_SLOT = 4;

    private final Console console;

    @Mixin
    SparkOptions cluster;

    @Option(names = "--model", required = true, paramLabel = "PATH",
        description = "Run folder, checkpoint folder or exported file, on anything Hadoop reads; a local one must be on every node.")
    String model;

    @Option(names = "--data", required = true, paramLabel = "DIR",
        description = "Data folder; one that is not local is copied to every executor.")
    String data;

    @Option(names = "--list", paramLabel = "FILE", description = "List, relative to the data folder. Default: the data set's val list.")
    Path list;

    @Mixin
    WindowOptions windows;

    @Option(names = "--out", paramLabel = "DIR", description = "Also write eval.json, classes.csv and confusion.csv to this local folder.")
    Path out;

    @Option(names = "--json", description = "Write one JSON document.")
    boolean json;

    SparkEvalCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        if (out != null) {
            Folders.require(out, "results");
        }
        SparkConf conf = cluster.configuration();
        HadoopFiles files = HadoopFiles.of(conf);
        console.begin("reading the data");
        DataFolder folder = DataFolder.of(files, data);
        Dataset dataset = folder.open(files);
        SplitList samples = list == null ? dataset.list("val") : dataset.list(list);
        ListSource source = new ListSource(dataset, samples);
        console.begin("reading the model " + model);
        ModelSource.Facts facts = ModelSource.read(files, model, windows::apply, windows.maxPixels(), cluster.device);
        if (!facts.classes().equals(dataset.spec().classes())) {
            throw HierVlException.data("the model " + model + " knows the classes " + facts.classes() + ", the data set " + data + " has "
                + dataset.spec().classes());
        }
        long start = System.nanoTime();
        try (Session session = Session.open(conf, console)) {
            int tasks = Math.min(source.size(), session.slots() * PER_SLOT);
            List<int[]> ranges = new ArrayList<>();
            for (int t = 0; t < tasks; t++) {
                ranges.add(new int[] {(int) ((long) source.size() * t / tasks), (int) ((long) source.size() * (t + 1) / tasks)});
            }
            EvalRange task = new EvalRange(facts.source(), files, folder, folder.relative(files, samples.file()));
            EvalResult sum = session.run(() -> session.context().parallelize(ranges, tasks).map(task).treeReduce(EvalResult::plus),
                console.progress("eval"), tasks, source.size() + " images");
            write(new EvalResult(sum.classes(), sum.matrix(), sum.boundary(), sum.images(), (System.nanoTime() - start) / 1e9));
        }
        return 0;
    }

    private void write(EvalResult result) {
        Map<String, Object> document = result.json();
        if (out != null) {
            AtomicFile.write(out.resolve("eval.json"), Console.document(document) + "\n");
            AtomicFile.write(out.resolve("classes.csv"), result.csv());
            AtomicFile.write(out.resolve("confusion.csv"), result.confusionCsv());
        }
        if (json) {
            console.json(document);
        } else {
            console.println(result.table().stripTrailing());
        }
    }
}
