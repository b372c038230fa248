package io.hiervl.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.hiervl.HierVlException;
import io.hiervl.InputFiles;
import io.hiervl.runlog.MetricsCsv;
import io.hiervl.runlog.MlflowRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * Sends the settings and figures of a run to an MLflow server while it trains, from what the run folder holds. A server that goes away
 * hurts no training: what could not be sent is tried again, and a warning comes once.
 */
final class MlflowExport implements AutoCloseable {
    private static final String EXPERIMENT = "hiervl";
    private static final int LARGEST_RECIPE = 1 << 20;
    private static final long LOOK_SECONDS = 5;

    private final Path run;
    private final Console console;
    private final MlflowRun server;
    private final ScheduledExecutorService looker = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread thread = new Thread(work, "hiervl-mlflow");
        thread.setDaemon(true);
        return thread;
    });
    /** The last step that was sent, by column. */
    private final Map<String, Long> sent = new HashMap<>();
    private boolean settings;
    private boolean warned;
    private String status = "FAILED";

    private MlflowExport(Path run, MlflowRun server, Console console) {
        this.run = run;
        this.server = server;
        this.console = console;
        ScheduledFuture<?> unused = looker.scheduleWithFixedDelay(this::look, LOOK_SECONDS, LOOK_SECONDS, TimeUnit.SECONDS);
    }

    /** Begins a run on the server; null without an address. */
    static MlflowExport beside(Path run, String address, Console console) {
        if (address == null) {
            return null;
        }
        MlflowRun server = new MlflowRun(address, EXPERIMENT, String.valueOf(run.toAbsolutePath().normalize().getFileName()));
        console.note("figures go to " + address + ", experiment " + EXPERIMENT + ", run " + server.id());
        return new MlflowExport(run, server, console);
    }

    /** @param exit code of the training; without a call it failed */
    int ended(int exit) {
        status = exit == 0 ? "FINISHED" : "KILLED";
        return exit;
    }

    private synchronized void look() {
        try {
            send();
        } catch (HierVlException e) {
            if (!warned) {
                console.note("warning: " + e.getMessage() + "; the training goes on, and figures are sent later");
                warned = true;
            }
        }
    }

    private void send() {
        if (!settings && Files.exists(run.resolve("resolved.yaml"))) {
            server.parameters(flat(run.resolve("resolved.yaml")));
            settings = true;
        }
        Path file = run.resolve("metrics.csv");
        if (!Files.exists(file)) {
            return;
        }
        Map<String, double[]> table = MetricsCsv.read(file);
        double[] steps = table.getOrDefault("step", new double[0]);
        List<MlflowRun.Metric> fresh = new ArrayList<>();
        Map<String, Long> now = new HashMap<>(sent);
        table.forEach((name, values) -> {
            for (int i = 0; i < steps.length && !name.equals("step"); i++) {
                long step = (long) steps[i];
                if (!Double.isNaN(values[i]) && step > sent.getOrDefault(name, -1L)) {
                    fresh.add(new MlflowRun.Metric(name, values[i], step));
                    now.put(name, step);
                }
            }
        });
        server.metrics(fresh);
        sent.putAll(now);
    }

    private static Map<String, String> flat(Path yaml) {
        Map<String, String> all = new LinkedHashMap<>();
        try {
            flatten("", new YAMLMapper().readTree(InputFiles.text(yaml, "a recipe", LARGEST_RECIPE, HierVlException.Kind.ENVIRONMENT)),
                all);
        } catch (IOException e) {
            throw HierVlException.environment("cannot read " + yaml, e);
        }
        return all;
    }

    private static void flatten(String prefix, JsonNode node, Map<String, String> all) {
        if (node.isObject()) {
            node.fields().forEachRemaining(e -> flatten(prefix.isEmpty() ? e.getKey() : prefix + "." + e.getKey(), e.getValue(), all));
        } else if (!node.isNull()) {
            all.put(prefix, node.isValueNode() ? node.asText() : node.toString());
        }
    }

    /** Sends what is left and ends the run on the server. */
    @Override
    public void close() {
        looker.shutdown();
        look();
        try {
            server.end(status);
        } catch (HierVlException e) {
            console.note("warning: " + e.getMessage());
        }
    }
}
