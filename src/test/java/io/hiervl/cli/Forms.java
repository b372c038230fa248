package io.hiervl.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Networks that were trained for two steps on the rendered scenes, as run folder, checkpoint and exported files. */
public final class Forms {
    /** A rendered scene. */
    public static final Path PHOTO = Path.of("datasets/tiny/JPEGImages/val_000.png").toAbsolutePath();

    private Forms() {
    }

    /** One call of the command line, which must succeed. */
    public static void hiervl(Object... args) {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        String[] words = Stream.of(args).map(String::valueOf).toArray(String[]::new);
        PrintStream nothing = new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
        int exit = Main.run(nothing, new PrintStream(err, true, StandardCharsets.UTF_8), words);
        assertEquals(0, exit, err.toString(StandardCharsets.UTF_8));
    }

    /** Trains a run in 32 bits, as exported files compute. */
    public static Path train(Path run, String... settings) {
        List<Object> args = new ArrayList<>(List.of("train", "--recipe", "tiny", "--out", run, "--no-eval"));
        for (String set : Stream.concat(Stream.of("train.steps=2", "train.warmup=1", "train.eval_every=0", "model.precision=fp32"),
            Stream.of(settings)).toList()) {
            args.add("--set");
            args.add(set);
        }
        hiervl(args.toArray());
        return run;
    }

    /** One network in all forms by name: run, checkpoint, samediff, samediff-stock, onnx. */
    public static Map<String, Path> all(Path dir) throws IOException {
        Map<String, Path> forms = new TreeMap<>();
        Path run = train(dir.resolve("run"), "train.steps=24");
        forms.put("run", run);
        try (Stream<Path> checkpoints = Files.list(run.resolve("checkpoints"))) {
            forms.put("checkpoint", checkpoints.filter(Files::isDirectory).findFirst().orElseThrow());
        }
        for (String format : List.of("samediff", "samediff-stock", "onnx")) {
            Path file = dir.resolve("model-" + format + (format.equals("onnx") ? ".onnx" : ".sd"));
            hiervl("export", "--model", run, "--format", format, "--out", file);
            forms.put(format, file);
        }
        return forms;
    }
}
