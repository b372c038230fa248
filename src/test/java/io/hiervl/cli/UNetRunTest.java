package io.hiervl.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A CLIP that knows nothing of the photos: the plan trains a U-Net in place of text queries, and everything goes on from there. */
class UNetRunTest {
    private static final int TRAINED = 6;
    @TempDir
    private Path dir;
    private Path data;

    /** The scenes of the repository with words that mean other classes. */
    @BeforeEach
    void data() throws Exception {
        data = dir.resolve("data");
        Path from = Path.of("datasets/tiny").toAbsolutePath();
        List<String> labelled = Files.readAllLines(from.resolve("splits/8/labeled.txt"));
        List<String> val = Files.readAllLines(from.resolve("val.txt")).subList(0, 3);
        for (String line : Stream.concat(labelled.stream(), val.stream()).flatMap(l -> Stream.of(l.split(" "))).toList()) {
            Files.createDirectories(data.resolve(line).getParent());
            Files.copy(from.resolve(line), data.resolve(line));
        }
        Files.write(data.resolve("labeled.txt"), labelled.subList(0, 4));
        Files.write(data.resolve("unlabeled.txt"), labelled.subList(4, 8).stream().map(l -> l.split(" ")[0]).toList());
        Files.write(data.resolve("val.txt"), val);
        Files.writeString(data.resolve("dataset.yaml"), """
            name: misnamed
            classes: [background, red thing, orange thing, yellow thing, green thing, blue thing, purple thing]
            ignore: 255
            concepts:
              background: [purple thing]
              red thing: [grass, green thing]
              orange thing: [blue thing]
              yellow thing: [red thing]
              green thing: [sky]
              blue thing: [yellow thing]
              purple thing: [orange thing]
            lists: {labeled: labeled.txt, unlabeled: unlabeled.txt, val: val.txt}
            """);
    }

    /** In 32 bits: exported files compute so, and after a few steps rounding to bfloat16 decides between many classes. */
    private Cli train(Path run, int steps, Object... more) throws Exception {
        List<Object> args = new ArrayList<>(
            List.of("train", "--data", data, "--out", run, "--set", "train.steps=" + steps, "--set", "train.eval_every=0", "--no-eval",
                "--set", "model.precision=fp32"));
        args.addAll(List.of(more));
        Cli trained = Cli.run(args.toArray());
        assertEquals(0, trained.exit(), trained.err());
        return trained;
    }

    @Test
    void itIsTrainedMeasuredAndExported() throws Exception {
        Path run = dir.resolve("run");
        Cli trained = train(run, TRAINED, "--verbose");
        assertTrue(trained.err().contains("model.unet_alone=true") && trained.err().contains("a U-Net in place of text queries"),
            trained.err());
        String header = Files.readAllLines(run.resolve("metrics.csv")).get(0);
        assertTrue(header.contains(",self_s1,"), header);
        assertFalse(header.contains("set_mask") || header.contains("anchor"), header);
        JsonNode own = Cli.run("eval", "--model", run, "--data", data, "--json").json();
        for (String format : List.of("samediff", "samediff-stock", "onnx")) {
            Path file = dir.resolve("model." + format);
            Cli export = Cli.run("export", "--model", run, "--format", format, "--out", file);
            assertEquals(0, export.exit(), export.err());
            JsonNode exported = Cli.run("eval", "--model", file, "--data", data, "--json").json();
            assertEquals(own.get("images").asInt(), exported.get("images").asInt());
            assertEquals(own.get("miou").asDouble(), exported.get("miou").asDouble(), 1e-3, format);
        }
    }

    @Test
    void queriesCanBeAskedForAllTheSame() throws Exception {
        Cli trained = train(dir.resolve("queries"), 1, "--set", "model.unet_alone=false");
        assertFalse(trained.err().contains("model.unet=24") || trained.err().contains("loss.set_mask=0"), trained.err());
        assertTrue(Files.readString(dir.resolve("queries/metrics.csv")).contains("set_mask"));
    }

    @Test
    void itGoesOnToTheLastBit() throws Exception {
        Path whole = dir.resolve("whole");
        train(whole, TRAINED);
        Path parts = dir.resolve("parts");
        train(parts, TRAINED, "--set", "train.checkpoint_every=3");
        Path half = parts.resolve("checkpoints");
        try (Stream<Path> saved = Files.list(half)) {
            for (Path last : saved.filter(p -> p.getFileName().toString().endsWith(String.valueOf(TRAINED))).toList()) {
                try (Stream<Path> files = Files.walk(last)) {
                    for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                        Files.delete(file);
                    }
                }
            }
        }
        train(parts, TRAINED, "--resume");
        assertEquals(-1, Files.mismatch(arrays(whole), arrays(parts)));
    }

    private static Path arrays(Path run) throws Exception {
        try (Stream<Path> files = Files.walk(run.resolve("checkpoints"))) {
            return files.filter(f -> f.endsWith("arrays.safetensors") && f.getParent().getFileName().toString().endsWith("" + TRAINED))
                .findFirst().orElseThrow();
        }
    }
}
