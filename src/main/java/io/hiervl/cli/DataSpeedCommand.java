package io.hiervl.cli;

import io.hiervl.HierVlException;
import io.hiervl.MemoryLimits;
import io.hiervl.config.AugmentationConfig;
import io.hiervl.config.Recipes;
import io.hiervl.data.DataSpeed;
import io.hiervl.data.Dataset;
import io.hiervl.op.SameDiffOps;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Measures how fast a data set's photos become crops. */
@Command(name = "speed", mixinStandardHelpOptions = true,
    description = "Measures how fast photos are read, decoded and augmented, without training: crops a second, labelled and unlabelled.")
final class DataSpeedCommand implements Callable<Integer> {
    private final Console console;

    private static final int MOST_THREADS = 1024;

    @Parameters(paramLabel = "DIR", description = "Data folder.")
    Path dir;

    @Option(names = "--recipe", defaultValue = "default", paramLabel = "NAME|FILE",
        description = "Whose augmentation; default: ${DEFAULT-VALUE}.")
    String recipe;

    @Option(names = "--crop", paramLabel = "N", description = "Side of the crops; default: the recipe's.")
    Integer crop;

    @Option(names = "--crops", defaultValue = "100", paramLabel = "N",
        description = "Crops of each kind to make; default: ${DEFAULT-VALUE}.")
    int crops;

    @Option(names = "--threads", paramLabel = "N", description = "Default: 1 and the number of cores.")
    Integer threads;

    @Option(names = "--json", description = "Write one JSON document.")
    boolean json;

    DataSpeedCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        requirePositive("--crops", crops);
        requirePositive("--crop", crop == null ? 1 : crop);
        requirePositive("--threads", threads == null ? 1 : threads);
        if (threads != null && threads > MOST_THREADS) {
            throw HierVlException.usage("--threads is " + threads + ", at most " + MOST_THREADS + " are possible");
        }
        SameDiffOps.start();
        var settings = Recipes.load(recipe, List.of());
        AugmentationConfig augment = settings.augment();
        int side = crop == null ? settings.train().batch().crop() : crop;
        // a labelled crop and three views of an unlabelled one
        MemoryLimits.requireHeap("crops of " + side + "x" + side + " pixels", 4 * 3.0 * side * side,
            crop == null ? "train.crop" : "--crop");
        Dataset dataset = Dataset.open(Home.resolve(dir.toString()));
        DataSpeed speed = new DataSpeed(dataset, side, augment);
        int cores = Runtime.getRuntime().availableProcessors();
        List<Map<String, Object>> rows = new ArrayList<>();
        for (int n : threads != null ? List.of(threads) : cores > 1 ? List.of(1, cores) : List.of(1)) {
            rows.add(row("labelled", n, speed.labelled(dataset.list("labeled"), crops, n)));
            rows.add(row("unlabelled", n, speed.unlabelled(dataset.list("unlabeled"), crops, n)));
        }
        if (json) {
            console.json(Map.of("crop", speed.crop(), "rows", rows));
        }
        return 0;
    }

    private static void requirePositive(String option, int value) {
        if (value < 1) {
            throw HierVlException.usage(option + " is " + value + ", it must be at least 1");
        }
    }

    private Map<String, Object> row(String kind, int n, DataSpeed.Rate rate) {
        if (!json) {
            console.println(String.format(Locale.ROOT, "%-10s %d threads %8.1f crops/s", kind, n, rate.perSecond()));
        }
        return ClipCommand.ordered("kind", kind, "threads", n, "crops", rate.crops(), "crops_per_second", rate.perSecond());
    }
}
