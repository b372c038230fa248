package io.hiervl.cli;

import io.hiervl.HierVlException;
import io.hiervl.checkpoint.Checkpoint;
import io.hiervl.checkpoint.CheckpointStore;
import io.hiervl.checkpoint.Manifest;
import io.hiervl.checkpoint.SafeTensors;
import io.hiervl.checkpoint.SafeTensorsHeader;
import io.hiervl.export.ExportMeta;
import io.hiervl.export.ExportedModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows what a model, a checkpoint or a file of weights holds. */
@Command(name = "inspect", mixinStandardHelpOptions = true,
    description = "Shows classes, preprocessing, settings and parameters of a run, a checkpoint, an exported graph or a safetensors file.")
final class InspectCommand implements Callable<Integer> {
    private final Console console;

    @Parameters(paramLabel = "FILE", description = "Run folder, checkpoint folder, exported file or safetensors file.")
    Path file;

    @Option(names = "--arrays", description = "List every array.")
    boolean arrays;

    @Option(names = "--json", description = "Write one JSON document.")
    boolean json;

    InspectCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        if (!Files.exists(file)) {
            throw HierVlException.model(file + ": no such file");
        }
        if (file.getFileName().toString().endsWith(".safetensors")) {
            SafeTensorsHeader header = SafeTensors.header(file);
            return show(ClipCommand.ordered("kind", "safetensors", "file", file.toString(), "metadata", header.metadata()), header);
        }
        if (Models.isExported(file)) {
            return showExported(ExportedModel.load(file));
        }
        Checkpoint checkpoint = CheckpointStore.find(file);
        Manifest m = checkpoint.manifest();
        Map<String, Object> facts = ClipCommand.ordered("kind", "checkpoint", "file", checkpoint.folder().toString(), "step", m.step(),
            "classes", m.classes(), "config_hash", m.configHash());
        facts.putAll(m.details());
        return show(facts, checkpoint.header());
    }

    private int showExported(ExportedModel model) {
        ExportMeta meta = model.meta();
        Map<String, Object> facts = ClipCommand.ordered("kind", model.format().label(), "file", file.toString(),
            "classes", meta.classes(), "input", meta.input(), "shape", model.inputShape(), "output", meta.output(), "mean", meta.mean(),
            "std", meta.std(), "palette", meta.palette().stream().map(Arrays::toString).toList(), "attributes", meta.attributes(), "ops",
            model.ops());
        if (json) {
            console.json(facts);
        } else {
            print(facts);
        }
        model.close();
        return 0;
    }

    private int show(Map<String, Object> facts, SafeTensorsHeader header) {
        long values = header.entries().stream().mapToLong(e -> Arrays.stream(e.shape()).reduce(1, (a, b) -> a * b)).sum();
        facts.put("arrays", header.entries().size());
        facts.put("values", values);
        if (json) {
            List<Map<String, Object>> rows = new ArrayList<>();
            header.entries().forEach(e -> rows.add(ClipCommand.ordered("name", e.name(), "type", e.type().name(), "shape", e.shape())));
            facts.put("parameters", rows);
            console.json(facts);
            return 0;
        }
        print(facts);
        if (arrays) {
            header.entries()
                .forEach(e -> console.println(String.format(Locale.ROOT, "%-60s %s %s", e.name(), e.type(), Arrays.toString(e.shape()))));
        }
        return 0;
    }

    private void print(Map<String, Object> facts) {
        facts.forEach((key, value) -> {
            String text =
                value instanceof long[] numbers ? Arrays.toString(numbers) : value instanceof double[] reals ? Arrays.toString(reals)
                    : String.valueOf(value).strip();
            console.println(
                text.contains("\n") ? key + ":\n    " + text.replace("\n", "\n    ") : String.format(Locale.ROOT, "%-12s %s", key, text));
        });
    }
}
