package io.hiervl.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.backend.choice.Backends;
import io.hiervl.backend.cuda.Emulator;
import io.hiervl.image.LabelMap;
import io.hiervl.predict.Segmenter;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Commands on the emulated GPU. */
@Tag("cuda")
class DeviceCommandsTest {
    private static final Path TINY = Path.of("datasets/tiny");

    @TempDir
    static Path dir;
    private static Path run;
    private static Path val;
    private static Cli trained;
    private static long launchesOfTraining;

    /** A small model, trained for one step on the GPU. */
    @BeforeAll
    static void train() throws Exception {
        Emulator.backend(); // later calls of this process find the same driver
        run = dir.resolve("run");
        val = Files.write(dir.resolve("val.txt"), Files.readAllLines(TINY.resolve("val.txt")).subList(0, 1));
        long before = launches();
        trained = Cli.run("train", "--recipe", "tiny", "--data", TINY, "--clip", "graphs/tiny-clip", "--val", val, "--out", run,
            "--no-eval",
            "--set", "train.steps=1", "--set", "train.warmup=1", "--set", "train.crop=32", "--set", "train.batch_labelled=1", "--set",
            "train.batch_unlabelled=1", "--set", "model.n_enc=1", "--set", "model.n_dec=1", "--set", "loss.sample_points=784", "--device",
            "cuda:0");
        launchesOfTraining = launches() - before;
    }

    private static long launches() {
        return Emulator.counters()[0];
    }

    @AfterEach
    void hostAgain() {
        Backends.useDevice("cpu");
    }

    @Test
    void trainRunsOnTheGpu() {
        assertEquals(0, trained.exit(), trained.err());
        assertTrue(launchesOfTraining > 1000, "a step has more than " + launchesOfTraining + " launches");
    }

    @Test
    void evalPredictAndExportGiveWhatTheCpuGives() throws Exception {
        Object[] eval = {"eval", "--model", run, "--data", TINY, "--list", val, "--json"};
        long before = launches();
        Cli onGpu = Cli.run(with(eval, "--device", "cuda:0"));
        assertTrue(launches() > before, "nothing ran on the GPU");
        assertEquals(0, onGpu.exit(), onGpu.err());
        assertEquals(Cli.run(eval).json().get("miou").asDouble(), onGpu.json().get("miou").asDouble(), 0.5);
        Path photo = TINY.resolve(Files.readAllLines(val).get(0).split(" ")[0]);
        Cli predicted = Cli.run("predict", "--model", run, photo, "--out", dir.resolve("out"), "--device", "cuda:0");
        assertEquals(0, predicted.exit(), predicted.err());
        Cli exported = Cli.run("export", "--model", run, "--format", "onnx", "--out", dir.resolve("m.onnx"), "--device", "cuda:0");
        assertEquals(0, exported.exit(), exported.err());
    }

    private static Object[] with(Object[] words, Object... more) {
        return Stream.concat(Arrays.stream(words), Arrays.stream(more)).toArray();
    }

    @Test
    void aSegmenterTakesADevice() throws Exception {
        Path photo = TINY.resolve(Files.readAllLines(val).get(0).split(" ")[0]);
        try (Segmenter gpu = Segmenter.load(run, "cuda:0"); Segmenter cpu = Segmenter.load(run, "cpu")) {
            LabelMap expected = cpu.segment(photo);
            LabelMap actual = gpu.segment(photo);
            long different = 0;
            for (int y = 0; y < expected.height(); y++) {
                for (int x = 0; x < expected.width(); x++) {
                    different += expected.at(x, y) == actual.at(x, y) ? 0 : 1;
                }
            }
            // rounding may decide between two classes here and there
            assertTrue(different <= 0.01 * expected.width() * expected.height(), different + " pixels differ");
        }
    }

    @Test
    void doctorShowsTheGpu() {
        Cli doctor = Cli.run("doctor", "--device", "cuda:0");
        assertEquals(0, doctor.exit(), doctor.err());
        assertTrue(doctor.out().contains("HierVL emulator") && doctor.out().contains("products by"), doctor.out());
    }

    @Test
    void aGpuThatIsNotThereEndsEveryCommand() {
        for (List<String> words : List.of(List.of("doctor"), List.of("demo", "--out", dir.resolve("d").toString()), List.of("bench"))) {
            Cli missing = Cli.run(with(words.toArray(), "--device", "cuda:7"));
            assertEquals(HierVlException.Kind.ENVIRONMENT.exitCode(), missing.exit(), missing.err());
            assertTrue(missing.err().contains("cuda:7"), missing.err());
        }
    }

    @Test
    void everyCommandHasTheOption() {
        PrintStream nowhere = new PrintStream(java.io.OutputStream.nullOutputStream(), false, java.nio.charset.StandardCharsets.UTF_8);
        Console console = new Console(nowhere, nowhere);
        CommandLine line = new CommandLine(new Main(console), Main.factory(console));
        requireDevice(line.getSubcommands());
    }

    private static void requireDevice(Map<String, CommandLine> commands) {
        commands.forEach((name, command) -> {
            if (!name.equals("help")) {
                assertNotNull(command.getCommandSpec().findOption("--device"), name);
                requireDevice(command.getSubcommands());
            }
        });
    }
}
