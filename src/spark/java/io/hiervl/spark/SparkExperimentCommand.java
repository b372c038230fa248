package io.hiervl.spark;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.cli.Console;
import io.hiervl.cli.Experiment;
import io.hiervl.cli.Home;
import io.hiervl.report.ExperimentTable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.apache.spark.SparkConf;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The runs of an experiment on a cluster. */
@Command(name = "experiment", mixinStandardHelpOptions = true,
    description = "Trains and measures the runs of an experiment file on a cluster, one in each executor at a time. The table is that "
        + "of 'hiervl experiment'.",
    footer = {"", "A run whose result is there is not repeated. A run that is stopped in between begins anew."})
final class SparkExperimentCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    SparkOptions cluster;

    @Parameters(paramLabel = "FILE", description = "YAML with name, recipe, labels, seeds, clip and rows.")
    Path file;

    @Option(names = "--out", required = true, paramLabel = "DIR",
        description = "Folder of the results and of the tables, FILE's name with .csv and .md.")
    String out;

    @Option(names = "--set", paramLabel = "KEY=VALUE", description = "Overrides a setting in every run.")
    List<String> settings = new ArrayList<>();

    SparkExperimentCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        Experiment experiment = Experiment.read(file, settings);
        SparkConf conf = cluster.configuration();
        HadoopFiles files = HadoopFiles.of(conf);
        files.requireFolder(out, "results and tables");
        List<Integer> left = IntStream.range(0, experiment.cells().size())
            .filter(c -> !files.exists(ExperimentRun.result(out, experiment.cells().get(c)))).boxed().toList();
        String name = file.getFileName().toString();
        if (!left.isEmpty()) {
            ExperimentRun task = new ExperimentRun(files, name, Files.readString(file, StandardCharsets.UTF_8), List.copyOf(settings),
                Home.folder().toString(), cluster.device, files.absolute(out));
            try (Session session = Session.open(conf, console)) {
                session.run(() -> {
                    session.context().parallelize(left, left.size()).foreach(task);
                    return null;
                }, console.progress("experiment"), left.size(), "runs");
            }
        }
        ExperimentTable table = new ExperimentTable();
        for (int c = 0; c < experiment.cells().size(); c++) {
            String result = ExperimentRun.result(out, experiment.cells().get(c));
            table.add(experiment.entry(c, new ObjectMapper().readTree(files.read(result)), result));
        }
        String stem = name.replaceAll("\\.ya?ml$", "");
        files.write(out + "/" + stem + ".csv", table.csv().getBytes(StandardCharsets.UTF_8));
        files.write(out + "/" + stem + ".md", table.markdown(table.reported()).getBytes(StandardCharsets.UTF_8));
        console.println(experiment.spec().name() + "\n\n" + table.markdown(table.reported()));
        return 0;
    }
}
