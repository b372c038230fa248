package io.hiervl.cli;

import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.Stoppable;
import io.hiervl.backbone.BackboneWeights;
import io.hiervl.backbone.Backbones;
import io.hiervl.backend.choice.Backends;
import io.hiervl.checkpoint.BestCheckpoint;
import io.hiervl.clip.ClipBundle;
import io.hiervl.config.DatasetSpecs;
import io.hiervl.config.Recipe;
import io.hiervl.config.TrainConfig;
import io.hiervl.data.ClassCounts;
import io.hiervl.data.Dataset;
import io.hiervl.eval.EvalResult;
import io.hiervl.eval.ListSource;
import io.hiervl.op.SameDiffOps;
import io.hiervl.serve.http.HttpService;
import io.hiervl.train.StartWeights;
import io.hiervl.train.StopSignal;
import io.hiervl.train.Trainer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Trains a model into a run folder. */
@Command(name = "train", mixinStandardHelpOptions = true,
    description = "Trains a model into a run folder, measures it and writes a report.",
    footer = {"", "Ctrl-C saves a checkpoint and stops; --resume goes on from it.",
        "A finished run goes on with --resume --set train.steps=N, N larger than before.",
        "--init-from begins a new run with the weights of another one."})
final class TrainCommand implements Callable<Integer> {
    /** What shells expect of a program that stopped because of Ctrl-C. */
    private static final int INTERRUPTED = 130;

    private static final double MINUTES = 30;

    private final Console console;

    @Spec
    CommandSpec spec;

    @Option(names = "--recipe", paramLabel = "NAME|FILE",
        description = "Built-in recipe or a YAML file; 'hiervl recipes' lists them. Default: photos for own photos, "
            + "default for benchmarks.")
    String recipe;

    @Option(names = "--minutes", paramLabel = "N", description = "How long a run with the recipe photos shall take. Default: 30.")
    Double minutes;

    @Option(names = "--no-eval", description = "Do not measure the model, neither on the way nor at the end.")
    boolean noEval;

    @Option(names = "--baseline",
        description = "Train with the labelled photos alone too, for as long as the run took, and compare both in the verdict.")
    boolean baseline;

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

    @Option(names = "--val", paramLabel = "FILE",
        description = "List to measure the finished model on; default: the data set's val list, if it is there.")
    Path val;

    @Option(names = "--set", paramLabel = "KEY=VALUE",
        description = "Overrides a setting of the recipe, e.g. train.steps=200; may be repeated.")
    List<String> settings = new ArrayList<>();

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Run folder.")
    Path out;

    @Option(names = "--resume", description = "Go on from the newest checkpoint of the run folder.")
    boolean resume;

    @Option(names = "--init-from", paramLabel = "RUN|FILE",
        description = "Start from the weights of a run, a checkpoint or an exported file, as far as they fit; classes may differ.")
    Path initFrom;

    @Option(names = "--watch", arity = "0..1", fallbackValue = "0", paramLabel = "PORT",
        description = "Show the run on a local page while it trains; default: a free port.")
    Integer watch;

    @Option(names = "--mlflow", paramLabel = "URI",
        description = "Send settings and figures to this MLflow server, one way; MLFLOW_TRACKING_TOKEN in the environment is shown to it.")
    String mlflow;

    @Option(names = "--json", description = "Write one JSON document.")
    boolean json;

    TrainCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        console.begin("reading the data");
        SameDiffOps.start();
        String name = recipeName();
        boolean plans = name.equals(TrainData.PHOTOS) && !holdsRun();
        if (minutes != null && !name.equals(TrainData.PHOTOS)) {
            throw HierVlException
                .usage("--minutes plans a run with the recipe photos; this run has the recipe " + name + ", set train.steps instead");
        }
        if (baseline && noEval) {
            throw HierVlException.usage("--baseline compares two measured models, and --no-eval measures none");
        }
        if (minutes != null && !(minutes > 0)) {
            throw HierVlException.usage("--minutes is " + minutes + ", it must be above 0");
        }
        StartWeights start = start();
        List<String> own = TrainData.with(folders(), settings);
        if (noEval) {
            own = TrainData.with(own, List.of("train.eval_every=0", "train.patience=0"));
        }
        TrainData input = TrainData.open(name, own, new TrainData.Choice(data, splits, labeled, unlabeled, val), console);
        StopSignal signal = new StopSignal();
        try (Interrupt interrupt = new Interrupt(signal, console); HttpService page = WatchCommand.beside(out, watch, console);
             MlflowExport figures = MlflowExport.beside(out, mlflow, console)) {
            int exit = run(name, own, plans, input, signal, start);
            return figures == null ? exit : figures.ended(exit);
        }
    }

    private int run(String name, List<String> own, boolean plans, TrainData read, StopSignal signal, StartWeights start) {
        TrainData input = read;
        Dataset dataset = input.dataset();
        ListSource source = noEval ? null : input.validation();
        RunRecord record = new RunRecord(source, dataset.spec(), console);
        ClipBundle bundle = ClipBundle.open(clipFolder(input.recipe()));
        BackboneWeights tower = backbone == null ? null : Backbones.open(Home.resolve(backbone.toString()));
        GuidanceWorth guidance = null;
        try {
            boolean guided = input.recipe().train().method() == TrainConfig.Method.HIERVL && input.recipe().loss().guidance().start() > 0;
            if ((guided || plans) && !holdsRun()) {
                console.pulse().doing("measuring the frozen CLIP on labelled photos");
                Recipe windows = input.recipe();
                guidance = Stoppable.run(signal::isSet,
                    () -> GuidanceWorth.measure(bundle, dataset, read.labelled(), windows, console));
                console.note(guidance.line());
                if (guided && guidance.nothing()) {
                    console.warn("warning: " + guidance.advice());
                } else if (guided && guidance.hidden() != null) {
                    console.warn("warning: " + guidance.hidden());
                }
            }
            if (plans) {
                PhotoPlan plan = plan(input, name, own, PhotoPlan.of(input,
                    (tower == null ? Backbones.ofClip(bundle) : tower).backbone(), guidance, own,
                    Backends.compute().onHost() ? freeBytes(out) : 0), bundle, tower, signal,
                    source == null ? 0 : source.size());
                if (plan == null) {
                    return INTERRUPTED;
                }
                plan.lines().forEach(console::note);
                record.plan(plan.lines());
                input = input.with(name, TrainData.with(plan.settings(), own));
            }
        } catch (Stoppable.Stopped e) {
            console.note("stopped before the first step; nothing was trained");
            return INTERRUPTED;
        }
        return train(input, source, bundle, tower, signal, record, guidance, start);
    }

    /** Bytes on the disk where a folder is or will be. */
    private static long freeBytes(Path folder) {
        Path there = folder.toAbsolutePath();
        while (there.getParent() != null && !Files.exists(there)) {
            there = there.getParent();
        }
        return there.toFile().getUsableSpace();
    }

    /** The plan with its steps; null if the signal came while they were timed. */
    private PhotoPlan plan(TrainData input, String name, List<String> own, PhotoPlan plan, ClipBundle bundle, BackboneWeights tower,
                           StopSignal signal,
                           int val) {
        int given = input.recipe().train().length().steps();
        if (given > 0) {
            return plan.given(given, val);
        }
        console.begin("planning: building the network and timing two steps");
        List<String> timed = TrainData.with(TrainData.with(plan.settings(), own), StepTimer.SETTINGS);
        double budget = minutes == null ? MINUTES : minutes;
        if (plan.tower() == null) {
            double from = input.with(name, timed).recipe().train().batch().unlabelledFrom();
            double seconds = (1 - from) * timed(input, name, timed, StepTimer.ALL, bundle, tower, signal);
            if (from > 0 && !Double.isNaN(seconds)) {
                seconds += from * timed(input, name, timed, StepTimer.LABELLED, bundle, tower, signal);
            }
            return Double.isNaN(seconds) ? null : plan.timed(seconds, budget, val);
        }
        double first = timed(input, name, timed, StepTimer.FIRST, bundle, tower, signal);
        double again = Double.isNaN(first) ? first : timed(input, name, timed, StepTimer.AGAIN, bundle, tower, signal);
        return Double.isNaN(again) ? null : plan.timed(first, again, budget, val);
    }

    private double timed(TrainData input, String name, List<String> settings, List<String> more, ClipBundle bundle, BackboneWeights tower,
                         StopSignal signal) {
        return StepTimer.seconds(input.with(name, TrainData.with(settings, more)), bundle, tower, out.resolve(".plan"), signal);
    }

    private int train(TrainData input, ListSource source, ClipBundle bundle, BackboneWeights tower, StopSignal signal, RunRecord record,
                      GuidanceWorth guidance, StartWeights start) {
        Recipe resolved = input.recipe();
        Dataset dataset = input.dataset();
        if (source == null && resolved.train().every().evalEvery() > 0) {
            throw HierVlException.config(
                "train.eval_every is " + resolved.train().every().evalEvery() + ", but there is no list to measure on; add --val FILE");
        }
        if (baseline && (source == null || resolved.train().method() == TrainConfig.Method.SUPERVISED)) {
            throw HierVlException
                .usage(source == null ? "--baseline compares measured models, and there is no list to measure on; add --val FILE"
                    : "--baseline trains with the labelled photos alone, and so does this run");
        }
        console.note("files and lists are there; damage inside a picture is found when it is drawn, 'hiervl data check' finds it before");
        console.begin("building the network");
        Trainer.Outcome outcome = new Trainer(resolved, dataset, input.labelled(), input.unlabelled(), bundle, tower, out)
            .startingFrom(start).train(resume, signal, console.progress("train"), record);
        EvalResult result = null;
        Rivals rivals = Rivals.NONE;
        if (outcome.finished()) {
            rivals = baseline ? Rivals.supervised(input, bundle, tower, out, signal, console) : rivals;
            if (signal.isSet()) {
                console.warn("the baseline was not trained to the end; the same command with --resume goes on with it");
            }
            BestCheckpoint best = BestCheckpoint.of(out).orElse(null);
            EvalResult last = record.result(outcome.steps());
            Rivals trained = rivals;
            try {
                console.pulse().doing("writing the report");
                result = Stoppable.run(signal::isSet, () -> RunReport.write(out, resolved, source, dataset.spec(), console,
                    new RunFacts(facts(dataset), best, best == null ? last : record.result(best.step()), last, guidance,
                        ClassCounts.of(dataset, input.labelled(), Progress.NONE),
                        trained.withUnaveraged(out, resolved, source, dataset.spec(), console), resolved, out)));
            } catch (Stoppable.Stopped e) {
                console.warn("the model was not measured to the end; it is kept in " + out);
            }
        }
        if (json) {
            Map<String, Object> document =
                ClipCommand.ordered("run", out.toString(), "steps", outcome.steps(), "finished", outcome.finished(),
                    "seconds", outcome.seconds(), "last", outcome.last());
            if (result != null) {
                document.put("eval", result.json());
            }
            if (rivals.supervised() != null) {
                document.put("baseline", rivals.supervised().json());
            }
            console.json(document);
        } else {
            console.println(String.format(Locale.ROOT, "%s after step %d, %s; model in %s%s", outcome.finished() ? "finished" : "stopped",
                outcome.steps(), ProgressLine.time(outcome.seconds()), out,
                result == null ? ""
                    : String.format(Locale.ROOT, "; mIoU %.2f on %d images; report in %s", 100 * result.miou(), result.images(),
                        out.resolve("report.html"))));
        }
        return outcome.finished() ? 0 : INTERRUPTED;
    }

    /** The recipe that is asked for, or that fits the data; a run that goes on has the one it began with. */
    private String recipeName() {
        Path before = out.resolve("resolved.yaml");
        if ((recipe == null || recipe.equals(TrainData.PHOTOS)) && resume && Files.isRegularFile(before)) {
            return before.toString();
        }
        if (recipe != null) {
            return recipe;
        }
        if (data == null) {
            return "default";
        }
        return DatasetSpecs.BUILT_IN.contains(DatasetSpecs.read(Home.resolve(data.toString())).name()) ? "default" : TrainData.PHOTOS;
    }

    /** Read first, so that what is no model is said before anything long begins. Null if the run starts or goes on without. */
    private StartWeights start() {
        if (initFrom == null) {
            return null;
        }
        if (resume && holdsRun()) {
            console.note("--init-from is not read again: the run goes on with its own weights");
            return null;
        }
        Path from = Home.resolve(initFrom.toString());
        Models.requireThere(from);
        return StartWeights.read(from);
    }

    private boolean holdsRun() {
        return Files.isDirectory(out.resolve("checkpoints"));
    }

    /** Folders given on the command line, as settings: resolved.yaml and the manifest name them. */
    private List<String> folders() {
        List<String> given = new ArrayList<>();
        if (data != null) {
            given.add("dataset=" + quoted(Home.resolve(data.toString())));
        }
        if (clip != null) {
            given.add("clip=" + quoted(Home.resolve(clip.toString())));
        }
        return given;
    }

    private static String quoted(Path path) {
        return '"' + path.toString().replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    private Path clipFolder(Recipe resolved) {
        Path chosen = folder(clip, resolved.source().clip(), "--clip", "CLIP bundle");
        if (!Files.isDirectory(chosen)) {
            String hint = Nearest.hint(chosen,
                p -> Files.isDirectory(p) && (Files.exists(p.resolve("config.json")) || Files.exists(p.resolve("onnx"))));
            if (!hint.isEmpty()) {
                throw HierVlException.model(chosen + ": no such CLIP folder" + hint);
            }
        }
        return chosen;
    }

    private List<String> facts(Dataset dataset) {
        return List.of("Command: hiervl " + String.join(" ", spec.root().commandLine().getParseResult().originalArgs()),
            "Data: " + dataset.root().toAbsolutePath().normalize(), "Date: " + Instant.now().truncatedTo(ChronoUnit.SECONDS),
            "Versions: hiervl " + Version.of("io.hiervl", "hiervl") + ", Java " + System.getProperty("java.version"));
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
