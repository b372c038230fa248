package io.hiervl.watch;

import io.hiervl.HierVlException;
import io.hiervl.InputFiles;
import io.hiervl.checkpoint.BestCheckpoint;
import io.hiervl.checkpoint.RunLock;
import io.hiervl.config.Recipe;
import io.hiervl.config.Recipes;
import io.hiervl.runlog.MetricsCsv;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the folder of a run says now. Nothing is written into it, and it may be read while it is trained.
 *
 * @param name   for the page
 * @param folder of the run; it may appear later
 */
public record WatchedRun(String name, Path folder) {
    private static final int LARGEST_RECIPE = 1 << 20;
    private static final Pattern PID = Pattern.compile("^pid (\\d+) ");
    private static final Pattern RESIDENT = Pattern.compile("VmRSS:\\s+(\\d+) kB");

    /** A snapshot for the page. */
    Map<String, Object> snapshot() {
        Map<String, Object> out = new LinkedHashMap<>();
        List<String> messages = new ArrayList<>();
        out.put("name", name);
        Map<String, double[]> columns = columns(messages);
        Recipe recipe = recipe(messages);
        double[] steps = columns.getOrDefault("step", new double[0]);
        long done = steps.length == 0 ? 0 : (long) steps[steps.length - 1];
        out.put("done", done);
        if (recipe != null) {
            long planned = recipe.train().length().steps();
            double photos = last(columns, "images_per_second");
            if (planned > 0) { // a run by epochs states no steps
                out.put("steps", planned);
            }
            if (photos > 0 && done < planned) {
                out.put("seconds_left", Math.round(recipe.train().images(done, planned, planned) / photos));
            }
        }
        out.put("columns", readable(columns));
        resident().ifPresent(kb -> out.put("memory_mb", kb / 1024));
        age(steps.length > 0).ifPresent(text -> messages.add(text));
        best().ifPresent(messages::add);
        out.put("messages", messages);
        return out;
    }

    private Map<String, double[]> columns(List<String> messages) {
        Path file = folder.resolve("metrics.csv");
        if (!Files.isRegularFile(file)) {
            messages.add("no metrics.csv yet: the run has not begun");
            return Map.of();
        }
        try {
            return MetricsCsv.read(file);
        } catch (HierVlException e) {
            messages.add("metrics.csv cannot be read now");
            return Map.of();
        }
    }

    /** The settings, null if there are none yet. */
    Recipe recipe(List<String> messages) {
        Path file = folder.resolve("resolved.yaml");
        try {
            return Files.isRegularFile(file) ? requireRecipe() : null;
        } catch (IOException | HierVlException e) {
            messages.add("resolved.yaml cannot be read: the number of planned steps is unknown");
            return null;
        }
    }

    /**
     * As {@link #recipe}, for those who cannot do without.
     *
     * @throws IOException     no text in UTF-8
     * @throws HierVlException no such file, or no recipe
     */
    public Recipe requireRecipe() throws IOException {
        return Recipes.parse(InputFiles.text(folder.resolve("resolved.yaml"), "a recipe", LARGEST_RECIPE, HierVlException.Kind.DATA),
            "resolved.yaml");
    }

    private java.util.Optional<String> best() {
        try {
            return BestCheckpoint.of(folder).map(BestCheckpoint::describe);
        } catch (HierVlException e) {
            return java.util.Optional.of("the note of the best checkpoint cannot be read");
        }
    }

    /** JSON has no NaN: such cells become null. */
    private static Map<String, Object> readable(Map<String, double[]> columns) {
        Map<String, Object> out = new LinkedHashMap<>();
        columns.forEach((name, values) -> out.put(name, Arrays.stream(values).mapToObj(v -> Double.isFinite(v) ? v : null).toList()));
        return out;
    }

    private static double last(Map<String, double[]> columns, String name) {
        double found = Double.NaN;
        for (double v : columns.getOrDefault(name, new double[0])) {
            found = Double.isFinite(v) ? v : found;
        }
        return found;
    }

    private java.util.Optional<String> age(boolean begun) {
        try {
            if (Files.exists(folder.resolve("report.html"))) {
                return java.util.Optional.of("finished");
            }
            if (begun) {
                Duration d = Duration.between(Files.getLastModifiedTime(folder.resolve("metrics.csv")).toInstant(), Instant.now());
                return java.util.Optional.of("last figures " + Math.max(0, d.toSeconds()) + " s ago");
            }
        } catch (IOException e) {
            // The next look may succeed.
        }
        return java.util.Optional.empty();
    }

    /** Resident memory of the training process in KiB, where it runs on this Linux machine. */
    private java.util.Optional<Long> resident() {
        try {
            Matcher pid = PID.matcher(RunLock.text(folder));
            if (pid.find()) {
                Matcher rss = RESIDENT.matcher(Files.readString(Path.of("/proc", pid.group(1), "status")));
                return rss.find() ? java.util.Optional.of(Long.parseLong(rss.group(1))) : java.util.Optional.empty();
            }
        } catch (IOException e) {
            // Another system, another machine, or the run has ended.
        }
        return java.util.Optional.empty();
    }
}
