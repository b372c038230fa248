package io.hiervl.cli;

import io.hiervl.AtomicFile;
import io.hiervl.Folders;
import io.hiervl.HierVlException;
import io.hiervl.config.DatasetSpec;
import io.hiervl.config.Recipe;
import io.hiervl.data.Dataset;
import io.hiervl.data.ListFiles;
import io.hiervl.data.SplitList;
import io.hiervl.eval.ListSource;
import io.hiervl.image.Palette;
import io.hiervl.serve.http.HttpService;
import io.hiervl.watch.Snapshots;
import io.hiervl.watch.WatchPage;
import io.hiervl.watch.WatchedRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows runs while they train. */
@Command(name = "watch", mixinStandardHelpOptions = true,
    description = "Shows one or several runs on a local page while they train: curves, speed, memory, predictions of checkpoints.",
    footer = {"", "--freeze writes the same page as one file instead of serving it. docs/watching.md says what it shows."})
final class WatchCommand implements Callable<Integer> {
    private static final long LOOK_SECONDS = 5;

    private final Console console;

    @Parameters(arity = "1..*", paramLabel = "RUN", description = "Run folders.")
    List<Path> runs;

    @Option(names = "--port", defaultValue = "0", paramLabel = "N", description = "Port of 127.0.0.1; default: a free one.")
    int port;

    @Option(names = "--photos", defaultValue = "4", paramLabel = "N",
        description = "Validation photos that every checkpoint predicts, 0 for none; default: 4. It takes time from the training.")
    int photos;

    @Option(names = "--freeze", paramLabel = "FILE", description = "Write the page as one file and end.")
    Path freeze;

    WatchCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws InterruptedException {
        if (photos < 0 || photos > 64) {
            throw HierVlException.usage("--photos is " + photos + ", it must be 0 to 64");
        }
        List<WatchedRun> watched = new ArrayList<>();
        for (Path run : runs) {
            if (!Files.isDirectory(run)) {
                throw HierVlException.data(run + ": no such run folder" + Nearest.hint(run, p -> Files.exists(p.resolve("metrics.csv"))));
            }
            watched.add(new WatchedRun(name(run), run));
        }
        Map<WatchedRun, Snapshots> snapshots = new LinkedHashMap<>();
        if (photos > 0) {
            watched.forEach(w -> {
                Snapshots shots = snapshots(w);
                if (shots != null) {
                    snapshots.put(w, shots);
                }
            });
        }
        WatchPage page = new WatchPage(watched, snapshots);
        if (freeze != null) {
            Folders.requireFile(freeze, "the page");
            snapshots.values().forEach(Snapshots::look);
            AtomicFile.write(AtomicFile.named(freeze), page.frozen());
            console.println("wrote " + freeze);
            return 0;
        }
        ScheduledExecutorService looker = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread t = new Thread(task, "hiervl-watch");
            t.setDaemon(true);
            return t;
        });
        try (Until stop = new Until(); HttpService http = page.serve(port)) {
            ScheduledFuture<?> unused =
                looker.scheduleWithFixedDelay(() -> snapshots.values().forEach(Snapshots::look), 0, LOOK_SECONDS, TimeUnit.SECONDS);
            console.println("listening at " + http.address());
            console.pulse().rest();
            stop.await();
        } finally {
            looker.shutdown();
            looker.awaitTermination(1, TimeUnit.MINUTES);
        }
        return 0;
    }

    /** The page of a run beside its training, without pictures; null if none is asked for. */
    static HttpService beside(Path run, Integer port, Console console) {
        if (port == null) {
            return null;
        }
        HttpService http = new WatchPage(List.of(new WatchedRun(name(run), run)), Map.of()).serve(port);
        console.note("watch the run at " + http.address());
        return http;
    }

    private static String name(Path run) {
        Path last = run.toAbsolutePath().normalize().getFileName();
        return last == null ? run.toString() : last.toString();
    }

    /** Pictures on the run's own validation list; null with a remark where it cannot be found. */
    private Snapshots snapshots(WatchedRun run) {
        try {
            Recipe recipe = run.requireRecipe();
            if (recipe.source().dataset() == null) {
                throw HierVlException.data("its settings name no data set");
            }
            Dataset dataset = Dataset.open(Path.of(recipe.source().dataset()));
            SplitList val = dataset.list(new ListFiles(dataset, recipe.source().split(), null).require("val"));
            DatasetSpec spec = dataset.spec();
            return new Snapshots(run, new ListSource(dataset, dataset.requireMasks(val)), spec.classes(), Palette.of(spec.pictureColours()),
                photos);
        } catch (IOException | HierVlException e) {
            console.note("note: no predictions of " + run.folder() + ": " + e.getMessage());
            return null;
        }
    }
}
