package io.hiervl.spark;

import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.cli.Console;
import io.hiervl.cli.Home;
import io.hiervl.cli.TrainData;
import io.hiervl.config.Recipe;
import io.hiervl.config.Recipes;
import io.hiervl.config.TrainConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.spark.SparkConf;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Trains a model on a cluster. */
@Command(name = "train", mixinStandardHelpOptions = true,
    description = "Trains a model on a cluster: every batch is cut over the executors, and a step is that of one machine with the "
        + "undivided batch.",
    footer = {"", "The batch sizes of the recipe are those of the undivided batch; both must be multiples of the number of executors.",
        "Measure the model with 'hiervl spark eval'."})
final class SparkTrainCommand implements Callable<Integer> {
    /** What happens when an executor is lost. */
    enum Loss { CONTINUE, STOP }

    private final Console console;

    @Mixin
    SparkOptions cluster;

    @Option(names = "--executors", paramLabel = "N", description = "Executors to train on; default: those that the cluster gives.")
    Integer executors;

    @Option(names = "--on-loss", paramLabel = "continue|stop", defaultValue = "continue",
        description = "When an executor is lost: go on from the last checkpoint with those that are there (default), or stop.")
    Loss loss;

    @Option(names = "--recipe", paramLabel = "NAME|FILE", defaultValue = "default",
        description = "Built-in recipe or a YAML file; default: ${DEFAULT-VALUE}.")
    String recipe;

    @Option(names = "--data", paramLabel = "DIR",
        description = "Folder with dataset.yaml; default: the recipe's. One that is not local is copied to every executor.")
    String data;

    @Option(names = "--clip", paramLabel = "DIR", description = "CLIP bundle; default: the recipe's.")
    String clip;

    @Option(names = "--backbone", paramLabel = "DIR|FILE", description = "Image tower beside the CLIP; default: CLIP's own.")
    String backbone;

    @Option(names = "--labeled", paramLabel = "FILE", description = "List of labelled images; default: the data set's.")
    Path labeled;

    @Option(names = "--unlabeled", paramLabel = "FILE", description = "List of unlabelled images; default: the data set's.")
    Path unlabeled;

    @Option(names = "--set", paramLabel = "KEY=VALUE", description = "Overrides a setting of the recipe; may be repeated.")
    List<String> settings = new ArrayList<>();

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Run folder, on anything Hadoop writes.")
    String out;

    @Option(names = "--resume", description = "Go on from the newest checkpoint of the run folder.")
    boolean resume;

    @Option(names = "--json", description = "Write one JSON document.")
    boolean json;

    SparkTrainCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        SparkConf conf = TrainJob.configure(cluster.configuration());
        HadoopFiles files = HadoopFiles.of(conf);
        RunFiles run = new RunFiles(files, files.absolute(out));
        requireStart(run);
        TrainPlan plan = plan(files, run);
        files.requireFolder(out, "checkpoints");
        try (Session session = Session.open(conf, console)) {
            Progress progress = console.progress("train");
            double[] outcome = new TrainJob(session, plan, batch(plan), loss, console).train(executors, progress);
            TrainPart.forget(run);
            report(outcome);
        }
        return 0;
    }

    private void requireStart(RunFiles run) {
        boolean before = run.newest().isPresent();
        if (before && !resume) {
            throw HierVlException.usage(out + " holds a run with a checkpoint at step " + run.step()
                + "; add --resume to go on, or choose another folder");
        }
        if (!before && resume) {
            throw HierVlException.model(out + " holds no checkpoint to resume from; leave out --resume to start a new run there");
        }
    }

    private TrainPlan plan(HadoopFiles files, RunFiles run) {
        console.begin("reading the data");
        List<String> own = new ArrayList<>(settings);
        Path folder = data == null ? null : DataFolder.of(files, data).here(files);
        Path tower = clip == null ? null : DataFolder.of(files, clip).here(files);
        if (folder != null) {
            own.add(0, "dataset=" + quoted(folder.toString()));
        }
        if (tower != null) {
            own.add(0, "clip=" + quoted(tower.toString()));
        }
        NativeStart.on("cpu");
        TrainData input = TrainData.open(recipe, own, new TrainData.Choice(folder, null, labeled, unlabeled, null), console);
        Recipe resolved = input.recipe();
        DataFolder where = DataFolder.of(files, data == null ? input.dataset().root().toString() : data);
        if (clip == null && resolved.source().clip() == null) {
            throw HierVlException.usage("no CLIP bundle: the recipe names none, add --clip DIR");
        }
        return new TrainPlan(resolved.toYaml(), resolved.name(), where, where.relative(files, input.labelled().file()),
            input.unlabelled() == null ? null : where.relative(files, input.unlabelled().file()),
            DataFolder.of(files, clip == null ? resolved.source().clip() : clip),
            backbone == null ? null : DataFolder.of(files, backbone), Home.folder().toString(), cluster.device, run);
    }

    private static String quoted(String path) {
        return '"' + path.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    /** Sizes that the number of executors must divide. */
    private static List<Integer> batch(TrainPlan plan) {
        TrainConfig train = Recipes.parse(plan.recipe(), plan.name()).train();
        return train.method() == TrainConfig.Method.SUPERVISED ? List.of(train.batch().batchLabelled())
            : List.of(train.batch().batchLabelled(), train.batch().batchUnlabelled());
    }

    private void report(double[] outcome) {
        if (json) {
            Map<String, Object> document = new LinkedHashMap<>();
            document.put("run", out);
            document.put("steps", (long) outcome[0]);
            document.put("executors", (int) outcome[3]);
            document.put("restarts", (int) outcome[4]);
            document.put("seconds", outcome[1]);
            document.put("total", outcome[2]);
            console.json(document);
        } else {
            console.println(String.format(Locale.ROOT, "finished after step %d on %d executors in %.1f s%s; model in %s", (long) outcome[0],
                (int) outcome[3], outcome[1], outcome[4] > 0 ? String.format(Locale.ROOT, ", with %d restarts", (int) outcome[4]) : "",
                out));
        }
    }
}
