package io.hiervl.cli;

import io.hiervl.Folders;
import io.hiervl.HierVlException;
import io.hiervl.checkpoint.Checkpoint;
import io.hiervl.checkpoint.CheckpointStore;
import io.hiervl.checkpoint.Manifest;
import io.hiervl.checkpoint.SafeTensors;
import io.hiervl.checkpoint.SafeTensorsHeader;
import io.hiervl.export.ExportMeta;
import io.hiervl.export.ExportedModel;
import io.hiervl.export.ModelGraphs;
import io.hiervl.structure.Figures;
import io.hiervl.structure.ModelGraph;
import java.nio.file.Files;
import java.nio.file.Path;
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

    @Option(names = "--graph", paramLabel = "OUT",
        description = "Write the graph by modules with shapes, parameters, operations and memory: OUT.html opens and closes modules, "
            + "OUT.svg is a picture, OUT.dot is for Graphviz. Several times for several files.")
    List<Path> graphs = List.of();

    @Option(names = "--size", paramLabel = "PIXELS",
        description = "With --graph: side of the input of a run's graph. Default: the window size of evaluation.")
    Integer size;

    @Option(names = "--json", description = "Write one JSON document.")
    boolean json;

    InspectCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        graphs.forEach(ModelGraph.Form::of);
        if (size != null && graphs.isEmpty()) {
            throw HierVlException.usage("--size is the side of a graph's input; it needs --graph");
        }
        if (!Files.exists(file)) {
            throw HierVlException.model(file + ": no such file");
        }
        if (!graphs.isEmpty()) {
            return draw();
        }
        if (file.toString().endsWith(".safetensors")) {
            SafeTensorsHeader header = SafeTensors.header(file);
            return show(ClipCommand.ordered("kind", "safetensors", "file", file.toString(), "metadata", header.metadata()), rows(header));
        }
        if (Models.isExported(file)) {
            return showExported(ExportedModel.load(file));
        }
        Checkpoint checkpoint = CheckpointStore.find(file);
        Manifest m = checkpoint.manifest();
        Map<String, Object> facts = ClipCommand.ordered("kind", "checkpoint", "file", checkpoint.folder().toString(), "step", m.step(),
            "classes", m.classes(), "config_hash", m.configHash());
        facts.putAll(m.details());
        return show(facts, rows(checkpoint.header()));
    }

    private int draw() {
        for (Path out : graphs) {
            Folders.requireFile(out, "the graph");
        }
        if (file.toString().endsWith(".safetensors")) {
            throw HierVlException.usage(file + " holds arrays without a graph; --graph takes a run, a checkpoint or an exported file");
        }
        ModelGraph graph = size == null ? ModelGraphs.read(file) : ModelGraphs.read(file, size);
        graphs.forEach(graph::write);
        Figures all = graph.root().figures();
        Map<String, Object> facts = ClipCommand.ordered("file", file.toString(), "graphs", graphs.stream().map(Path::toString).toList(),
            "operations", all.operations(), "parameters", all.parameters(), "flops", all.flops(), "written_bytes", all.written(),
            "peak_bytes",
            all.peak());
        if (json) {
            console.json(facts);
        } else {
            print(facts);
        }
        return 0;
    }

    private int showExported(ExportedModel model) {
        ExportMeta meta = model.meta();
        Map<String, Object> facts = ClipCommand.ordered("kind", model.format().label(), "file", file.toString(),
            "classes", meta.classes(), "input", meta.input(), "shape", model.inputShape(), "output", meta.output(), "mean", meta.mean(),
            "std", meta.std(), "palette", meta.palette().stream().map(Arrays::toString).toList(), "attributes", meta.attributes(), "ops",
            model.ops());
        List<Row> rows =
            model.weights().entrySet().stream().map(e -> new Row(e.getKey(), e.getValue().dataType().name(), e.getValue().shape()))
                .toList();
        model.close();
        return show(facts, rows);
    }

    /** An array that a file holds. */
    private record Row(String name, String type, long[] shape) {
    }

    private int show(Map<String, Object> facts, List<Row> rows) {
        facts.put("arrays", rows.size());
        facts.put("values", rows.stream().mapToLong(r -> Arrays.stream(r.shape).reduce(1, (a, b) -> a * b)).sum());
        if (json) {
            facts.put("parameters", rows.stream().map(r -> ClipCommand.ordered("name", r.name, "type", r.type, "shape", r.shape)).toList());
            console.json(facts);
            return 0;
        }
        print(facts);
        if (arrays) {
            rows.forEach(r -> console.println(String.format(Locale.ROOT, "%-60s %s %s", r.name, r.type, Arrays.toString(r.shape))));
        }
        return 0;
    }

    private static List<Row> rows(SafeTensorsHeader header) {
        return header.entries().stream().map(e -> new Row(e.name(), e.type().name(), e.shape())).toList();
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
