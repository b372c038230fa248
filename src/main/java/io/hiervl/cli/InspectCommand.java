package io.hiervl.cli;

import io.hiervl.HierVlException;
import io.hiervl.train.checkpoint.SafeTensors;
import io.hiervl.train.checkpoint.SafeTensorsHeader;
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

/** Shows what a file of weights holds, without reading the weights. */
@Command(name = "inspect", mixinStandardHelpOptions = true, description = "Shows the parameters of a safetensors file.")
final class InspectCommand implements Callable<Integer> {
    private final Console console;

    @Parameters(paramLabel = "FILE", description = "A safetensors file.")
    Path file;

    @Option(names = "--json", description = "Write one JSON document.")
    boolean json;

    InspectCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        if (!Files.isRegularFile(file)) {
            throw HierVlException.model(file + ": no such file");
        }
        SafeTensorsHeader header = SafeTensors.header(file);
        List<Map<String, Object>> rows = new ArrayList<>();
        long values = 0;
        for (SafeTensorsHeader.Entry entry : header.entries()) {
            rows.add(ClipCommand.ordered("name", entry.name(), "type", entry.type().name(), "shape", entry.shape()));
            values += Arrays.stream(entry.shape()).reduce(1, (a, b) -> a * b);
        }
        if (json) {
            console.json(ClipCommand.ordered("file", file.toString(), "metadata", header.metadata(), "values", values, "arrays", rows));
            return 0;
        }
        header.metadata().forEach((key, value) -> console.println(key + ": " + value));
        header.entries().forEach(e -> console.println(String.format(Locale.ROOT, "%-60s %s %s", e.name(), e.type(), Arrays.toString(e.shape()))));
        console.println(String.format(Locale.ROOT, "%d arrays, %,d values", rows.size(), values));
        return 0;
    }
}
