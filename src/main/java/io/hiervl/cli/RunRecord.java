package io.hiervl.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import io.hiervl.InputFiles;
import io.hiervl.checkpoint.Checkpoint;
import io.hiervl.config.DatasetSpec;
import io.hiervl.eval.EvalResult;
import io.hiervl.eval.Evaluator;
import io.hiervl.eval.ListSource;
import io.hiervl.predict.Segmenter;
import io.hiervl.predict.TrainedModel;
import io.hiervl.train.RunHooks;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Adds to a run what it ran on ({@code environment.json}; {@code environment-N.json} when it goes on after step N) and,
 * between its steps, the mIoU on the validation list.
 */
final class RunRecord implements RunHooks {
    private static final long LARGEST = 1 << 28;

    private final ListSource validation;
    private final DatasetSpec spec;
    private final Console console;
    private final Map<Long, EvalResult> results = new HashMap<>();
    private List<String> plan = List.of();

    /** @param validation images to measure on, null for none */
    RunRecord(ListSource validation, DatasetSpec spec, Console console) {
        this.validation = validation;
        this.spec = spec;
        this.console = console;
    }

    private static String read(Path file) {
        try {
            return InputFiles.text(file, "a file of a run", LARGEST, HierVlException.Kind.DATA);
        } catch (IOException e) {
            throw AtomicFile.failure(file, e);
        }
    }

    /** What was found after a step; null if it was not measured in this call. */
    EvalResult result(long step) {
        return results.get(step);
    }

    @Override
    public void warn(String sentence) {
        console.warn("warning: " + sentence);
    }

    @Override
    public boolean verbose() {
        return console.verbose();
    }

    /** Writes the plan above the settings of a new run. */
    void plan(List<String> lines) {
        plan = lines;
    }

    @Override
    public void started(Path run, long done) {
        if (done == 0 && !plan.isEmpty()) {
            Path settings = run.resolve("resolved.yaml");
            AtomicFile.write(settings, plan.stream().map(l -> "# " + l + "\n").collect(Collectors.joining()) + read(settings));
        }
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("started", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        facts.putAll(DoctorCommand.facts());
        console.pulse().doing("building the graphs and running the first step");
        Path file = run.resolve(done == 0 ? "environment.json" : "environment-" + done + ".json");
        AtomicFile.write(file, out -> out.write(new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsBytes(facts)));
    }

    @Override
    public Map<String, Double> measure(Checkpoint newest, long done) {
        if (validation == null) {
            return Map.of();
        }
        console.pulse().doing("measuring step " + done);
        try (Segmenter segmenter = TrainedModel.of(newest).segmenter()) {
            EvalResult result = new Evaluator(spec.classes()).evaluate(validation, segmenter.images(), console.progress("eval"));
            results.put(done, result);
            return Map.of("val_miou", result.miou(), "val_pixel_accuracy", result.matrix().pixelAccuracy());
        }
    }
}
