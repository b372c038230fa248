package io.hiervl.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.AtomicFile;
import io.hiervl.config.DatasetSpec;
import io.hiervl.eval.EvalResult;
import io.hiervl.eval.Evaluator;
import io.hiervl.eval.ListSource;
import io.hiervl.predict.Segmenter;
import io.hiervl.train.RunHooks;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Adds to a run what it ran on ({@code environment.json}; {@code environment-N.json} when it goes on after step N) and,
 * between its steps, the mIoU on the validation list.
 */
final class RunRecord implements RunHooks {
    private final ListSource validation;
    private final DatasetSpec spec;
    private final Console console;

    /** @param validation images to measure on, null for none */
    RunRecord(ListSource validation, DatasetSpec spec, Console console) {
        this.validation = validation;
        this.spec = spec;
        this.console = console;
    }

    @Override
    public void started(Path run, long done) {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("started", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        facts.putAll(DoctorCommand.facts());
        Path file = run.resolve(done == 0 ? "environment.json" : "environment-" + done + ".json");
        AtomicFile.write(file, out -> out.write(new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsBytes(facts)));
    }

    @Override
    public Map<String, Double> measure(Path run, long done) {
        if (validation == null) {
            return Map.of();
        }
        try (Segmenter segmenter = Segmenter.load(run)) {
            EvalResult result = new Evaluator(spec.classes()).evaluate(validation, segmenter.images(), console.progress("eval"));
            return Map.of("val_miou", result.miou(), "val_pixel_accuracy", result.matrix().pixelAccuracy());
        }
    }
}
