package io.hiervl.cli;

import io.hiervl.HierVlException;
import io.hiervl.clip.ClipBundle;
import io.hiervl.config.Recipe;
import io.hiervl.config.Recipes;
import io.hiervl.config.TrainConfig;
import io.hiervl.data.Dataset;
import io.hiervl.data.SplitList;
import io.hiervl.op.Backend;
import io.hiervl.train.StopSignal;
import io.hiervl.train.Trainer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Trains a model into a run folder. */
@Command(name = "train", mixinStandardHelpOptions = true, description = "Trains a model. Ctrl-C saves a checkpoint; --resume goes on from it.")
final class TrainCommand implements Callable<Integer> {
    private final Console console;

    @Option(names = "--recipe", defaultValue = "default", description = "Built-in recipe (default, literal, tiny, voc-mini) or a YAML file.")
    String recipe;

    @Option(names = "--data", paramLabel = "DIR", description = "Folder with dataset.yaml; default: the recipe's.")
    Path data;

    @Option(names = "--clip", paramLabel = "DIR", description = "CLIP bundle; default: the recipe's.")
    Path clip;

    @Option(names = "--labeled", paramLabel = "FILE", description = "List of labelled images; default: the data set's.")
    Path labeled;

    @Option(names = "--unlabeled", paramLabel = "FILE", description = "List of unlabelled images; default: the data set's.")
    Path unlabeled;

    @Option(names = "--set", paramLabel = "KEY=VALUE", description = "Overrides a setting of the recipe, e.g. train.steps=200.")
    List<String> settings = new ArrayList<>();

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Run folder.")
    Path out;

    @Option(names = "--resume", description = "Go on from the newest checkpoint of the run folder.")
    boolean resume;

    @Option(names = "--json", description = "Write one JSON document.")
    boolean json;

    TrainCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        Backend.start();
        Recipe resolved = Recipes.load(recipe, settings);
        Dataset dataset = Dataset.open(folder(data, resolved.dataset(), "--data", "data set"));
        ClipBundle bundle = ClipBundle.open(folder(clip, resolved.clip(), "--clip", "CLIP bundle"));
        SplitList labelled = labeled == null ? dataset.list("labeled") : dataset.list(labeled);
        boolean semi = resolved.train().method() != TrainConfig.Method.SUPERVISED;
        SplitList unlabelled = !semi ? null : unlabeled == null ? dataset.list("unlabeled") : dataset.list(unlabeled);
        StopSignal signal = new StopSignal();
        Thread main = Thread.currentThread();
        Thread hook = new Thread(() -> {
            signal.stop();
            try {
                main.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        Runtime.getRuntime().addShutdownHook(hook);
        Trainer.Outcome outcome = new Trainer(resolved, dataset, labelled, unlabelled, bundle, out).train(resume, signal, console.progress("train"));
        if (!signal.isSet()) {
            Runtime.getRuntime().removeShutdownHook(hook);
        }
        if (json) {
            console.json(Map.of("run", out.toString(), "steps", outcome.steps(), "finished", outcome.finished(), "seconds", outcome.seconds(),
                "last", outcome.last()));
        } else {
            console.println(String.format(Locale.ROOT, "%s after step %d, %.1f s; checkpoint in %s", outcome.finished() ? "finished" : "stopped",
                outcome.steps(), outcome.seconds(), out));
        }
        return 0;
    }

    static Path folder(Path given, String ofRecipe, String option, String what) {
        if (given != null) {
            return given;
        }
        if (ofRecipe == null) {
            throw HierVlException.usage("no " + what + ": the recipe names none, add " + option + " DIR");
        }
        return Home.resolve(ofRecipe);
    }
}
