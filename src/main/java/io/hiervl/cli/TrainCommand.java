package io.hiervl.cli;

import io.hiervl.HierVlException;
import io.hiervl.backbone.BackboneWeights;
import io.hiervl.backbone.Backbones;
import io.hiervl.clip.ClipBundle;
import io.hiervl.config.Recipe;
import io.hiervl.data.Dataset;
import io.hiervl.eval.EvalResult;
import io.hiervl.eval.ListSource;
import io.hiervl.op.SameDiffOps;
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
@Command(name = "train", mixinStandardHelpOptions = true, description = "Trains a model into a run folder, measures it and writes a report.",
    footer = {"", "Ctrl-C saves a checkpoint and stops; --resume goes on from it."})
final class TrainCommand implements Callable<Integer> {
    /** What shells expect of a program that stopped because of Ctrl-C. */
    private static final int INTERRUPTED = 130;

    private final Console console;

    @Option(names = "--recipe", defaultValue = "default", paramLabel = "NAME|FILE",
        description = "Built-in recipe or a YAML file: default, literal, tiny, voc-mini, and the benchmarks with "
            + "their splits, such as voc-92, "
            + "coco-1_512, ade20k-1_128, cityscapes-1_30.")
    String recipe;

    @Option(names = "--data", paramLabel = "DIR", description = "Folder with dataset.yaml; default: the recipe's.")
    Path data;

    @Option(names = "--clip", paramLabel = "DIR", description = "CLIP bundle; default: the recipe's.")
    Path clip;

    @Option(names = "--backbone", paramLabel = "DIR|FILE",
        description = "Image tower beside the CLIP: ONNX file or folder in the Hugging Face layout; default: CLIP's own.")
    Path backbone;

    @Option(names = "--splits", paramLabel = "DIR",
        description = "Folder of the recipe's split, such as UniMatch's splits/pascal; default: splits in the data folder.")
    Path splits;

    @Option(names = "--labeled", paramLabel = "FILE", description = "List of labelled images; default: the data set's.")
    Path labeled;

    @Option(names = "--unlabeled", paramLabel = "FILE", description = "List of unlabelled images; default: the data set's.")
    Path unlabeled;

    @Option(names = "--val", paramLabel = "FILE", description = "List to measure the finished model on; default: the data set's val list, if it is there.")
    Path val;

    @Option(names = "--set", paramLabel = "KEY=VALUE", description = "Overrides a setting of the recipe, e.g. train.steps=200; may be repeated.")
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
        SameDiffOps.start();
        TrainData input = TrainData.open(recipe, settings, new TrainData.Choice(data, splits, labeled, unlabeled, val), console);
        Recipe resolved = input.recipe();
        Dataset dataset = input.dataset();
        ListSource source = input.validation();
        if (source == null && resolved.train().every().evalEvery() > 0) {
            throw HierVlException.config("train.eval_every is " + resolved.train().every().evalEvery() + ", but there is no list to measure on; add --val FILE");
        }
        ClipBundle bundle = ClipBundle.open(folder(clip, resolved.source().clip(), "--clip", "CLIP bundle"));
        BackboneWeights tower = backbone == null ? null : Backbones.open(Home.resolve(backbone.toString()));
        console.note("files and lists are there; damage inside a picture is found when it is drawn, 'hiervl data check' finds it before");
        StopSignal signal = new StopSignal();
        Trainer.Outcome outcome;
        try (Interrupt interrupt = new Interrupt(signal, console)) {
            outcome = new Trainer(resolved, dataset, input.labelled(), input.unlabelled(), bundle, tower, out)
                .train(resume, signal, console.progress("train"), new RunRecord(source, dataset.spec(), console));
        }
        EvalResult result = null;
        if (outcome.finished()) {
            result = RunReport.write(out, resolved, source, dataset.spec(), console);
        }
        if (json) {
            Map<String, Object> document = ClipCommand.ordered("run", out.toString(), "steps", outcome.steps(), "finished", outcome.finished(),
                "seconds", outcome.seconds(), "last", outcome.last());
            if (result != null) {
                document.put("eval", result.json());
            }
            console.json(document);
        } else {
            console.println(String.format(Locale.ROOT, "%s after step %d, %s; model in %s%s", outcome.finished() ? "finished" : "stopped",
                outcome.steps(), ProgressLine.time(outcome.seconds()), out,
                result == null ? "" : String.format(Locale.ROOT, "; mIoU %.2f on %d images", 100 * result.miou(), result.images())));
        }
        return outcome.finished() ? 0 : INTERRUPTED;
    }

    static Path folder(Path given, String ofRecipe, String option, String what) {
        if (given != null) {
            return Home.resolve(given.toString());
        }
        if (ofRecipe == null) {
            throw HierVlException.usage("no " + what + ": the recipe names none, add " + option + " DIR");
        }
        return Home.resolve(ofRecipe);
    }
}
