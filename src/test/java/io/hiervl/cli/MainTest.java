package io.hiervl.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MainTest {
    @TempDir
    Path dir;

    @Test
    void wrongUsageIsTwoAndNamesTheMistake() {
        assertEquals(2, Cli.run().exit());
        assertEquals(2, Cli.run("clip").exit());
        assertEquals(2, Cli.run("doctor", "--jsn").exit());
        Cli typo = Cli.run("docter");
        assertEquals(2, typo.exit());
        assertTrue(typo.err().contains("doctor"), typo.err());
        assertEquals("", typo.out());
    }

    @Test
    void aDeviceThatIsNoneIsWrongUsage() {
        for (String[] line : new String[][] {{"doctor", "--device", "gpu"}, {"--device", "cuda:x", "doctor"}}) {
            Cli wrong = Cli.run((Object[]) line);
            assertEquals(2, wrong.exit());
            assertTrue(wrong.err().contains("--device") && wrong.err().contains("cuda:N"), wrong.err());
        }
        Cli cpu = Cli.run("doctor", "--device", "cpu");
        assertEquals(0, cpu.exit());
        assertTrue(cpu.out().lines().anyMatch(l -> l.matches("device +cpu.*")), cpu.out());
    }

    @Test
    void helpAndVersionAreResults() {
        assertEquals(0, Cli.run("--help").exit());
        assertTrue(Cli.run("clip", "--help").out().contains("tokenize"));
        assertTrue(Cli.run("--version").out().startsWith("hiervl"));
    }

    /** Classes of Spark's commands are removed by a build without Spark, the file that names them stays. */
    @Test
    void commandsOfALargerBuildMayBeNamedAndMissing() throws Exception {
        Path services = Files.createDirectories(dir.resolve("META-INF/services"));
        Files.writeString(services.resolve(MoreCommands.class.getName()), "io.hiervl.none.NoCommands\n");
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        try (URLClassLoader more = new URLClassLoader(new URL[] {dir.toUri().toURL()}, before)) {
            thread.setContextClassLoader(more);
            Cli version = Cli.run("--version");
            assertEquals(0, version.exit(), version.err());
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    @Test
    void knownFailuresHaveTheirCodeAndNoStackTrace() {
        Cli missing = Cli.run("clip", "check", dir.resolve("none"));
        assertEquals(4, missing.exit());
        assertTrue(missing.err().contains("none"), missing.err());
        assertFalse(missing.err().contains("\tat "), missing.err());
        assertTrue(Cli.run("clip", "check", dir.resolve("none"), "--debug").err().contains("\tat "));
        assertTrue(Cli.run("--debug", "clip", "check", dir.resolve("none")).err().contains("\tat "));
    }

    @Test
    void doctorWritesOneDocument() throws Exception {
        JsonNode facts = Cli.run("doctor", "--json").json();
        assertTrue(facts.get("cores").asInt() >= 1);
        assertTrue(facts.get("cuda").asText().contains("never executed"));
        assertTrue(facts.get("kernels").asText().length() > 3);
        assertTrue(facts.get("precision").asText().startsWith("auto means"), facts.toString());
        assertTrue(facts.get("binaries").asText().startsWith(org.bytedeco.javacpp.Loader.getPlatform())
            && facts.get("heap").asText().endsWith("GiB"), facts.toString());
    }

    @Test
    void aRandomBundleAgreesWithOnnxRuntimeAndEmbeds() throws Exception {
        Path clip = dir.resolve("clip");
        assertEquals(0, Cli.run("clip", "random", clip, "--size", "tiny", "--seed", 3).exit());
        assertEquals(6, Cli.run("clip", "random", clip, "--size", "tiny").exit());
        JsonNode check = Cli.run("clip", "check", clip, "--json").json();
        assertTrue(check.get("vision").get("max_abs_diff").asDouble() < 1e-4, check.toString());
        assertTrue(check.get("text").get("max_abs_diff").asDouble() < 1e-4, check.toString());
        assertEquals(64, check.get("recognised").get("width").asInt());

        Path file = dir.resolve("e.npy");
        assertEquals(0, Cli.run("clip", "embed", clip, "--text", "a photo of a cat", "--text", "dog", "--out", file).exit());
        byte[] bytes = Files.readAllBytes(file);
        ByteBuffer data = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int header = data.getShort(8);
        assertEquals(0, (header + 10) % 64);
        assertTrue(new String(bytes, 10, header, StandardCharsets.US_ASCII).contains("'shape': (2, 64)"));
        assertEquals(10 + header + 2 * 64 * 4, bytes.length);

        Path photo = Path.of("datasets/tiny/JPEGImages/val_000.png");
        assertEquals(0, Cli.run("clip", "embed", clip, "--image", photo, photo, "--out", file).exit());
        assertEquals(10 + header + 2 * 64 * 4, Files.size(file));
        assertEquals(2, Cli.run("clip", "embed", clip, "--out", file).exit());

        JsonNode tokens = Cli.run("clip", "tokenize", clip, "a photo", "cat", "--json").json();
        assertEquals("cat", tokens.get(1).get("text").asText());
        assertEquals(2, tokens.get(0).get("ids").size());
    }

    @Test
    void aBundleWhoseConfigurationContradictsItsWeightsIsRefused() throws Exception {
        Path clip = dir.resolve("clip");
        assertEquals(0, Cli.run("clip", "random", clip, "--size", "tiny").exit());
        Path config = clip.resolve("config.json");
        Files.writeString(config, Files.readString(config).replaceFirst("\"num_attention_heads\" : 4", "\"num_attention_heads\" : 8"));
        Cli check = Cli.run("clip", "check", clip);
        assertEquals(4, check.exit());
        assertTrue(check.err().contains("num_attention_heads is 8 in config.json, but 4"), check.err());
    }

    @Test
    void synthWritesTheSameFilesAgainAndSparesOthers() throws Exception {
        assertEquals(0, Cli.run("data", "synth", dir.resolve("a"), "--seed", 5).exit());
        assertEquals(0, Cli.run("data", "synth", dir.resolve("b"), "--seed", 5).exit());
        assertEquals(-1, Files.mismatch(dir.resolve("a/val.txt"), dir.resolve("b/val.txt")));
        try (var files = Files.list(dir.resolve("a/JPEGImages"))) {
            Path first = files.sorted().findFirst().orElseThrow();
            assertEquals(-1, Files.mismatch(first, dir.resolve("b/JPEGImages").resolve(first.getFileName())));
        }
        assertEquals(6, Cli.run("data", "synth", dir.resolve("a")).exit());
    }

    /** Each of these was once answered with the words of a library or with a stack trace. */
    @Test
    void badInputIsAnsweredInWords() throws Exception {
        Path text = Files.writeString(dir.resolve("a note.txt"), "x");
        Path folder = Files.createDirectories(dir.resolve("ä folder"));
        List<List<Object>> commands = List.of(List.of(2, "data", "speed", "datasets/tiny", "--crop", -3),
            List.of(2, "data", "speed", "datasets/tiny", "--threads", -1),
            List.of(2, "data", "speed", "datasets/tiny", "--crops", 0), List.of(4, "inspect", text),
            List.of(3, "experiment", folder, "--out", dir.resolve("out")),
            List.of(3, "experiment", dir.resolve("none.yaml"), "--out", dir.resolve("out")));
        for (List<Object> command : commands) {
            Cli cli = Cli.run(command.subList(1, command.size()).toArray());
            assertEquals(command.get(0), cli.exit(), command + ": " + cli.err());
            assertFalse(cli.err().contains("Exception") || cli.err().contains("null") || cli.err().contains("\tat "), cli.err());
        }
    }

    @Test
    void dataSpeedCountsCrops() throws Exception {
        JsonNode speed = Cli.run("data", "speed", "datasets/tiny", "--recipe", "tiny", "--crops", 8, "--threads", 1, "--json").json();
        assertEquals(64, speed.get("crop").asInt());
        assertEquals(List.of("labelled", "unlabelled"), List.of(speed.at("/rows/0/kind").asText(), speed.at("/rows/1/kind").asText()));
        assertTrue(speed.at("/rows/1/crops_per_second").asDouble() > 1);
    }

    @Test
    void progressLinesTellHowMuchIsLeft() {
        assertEquals("train [##########..........] 50/100 left 0:50  loss 1.2", ProgressLine.line("train", 50, 100, "loss 1.2", 0, 50));
        assertEquals("train [##########..........] 50/100 left 0:20", ProgressLine.line("train", 50, 100, "", 25, 10));
        assertEquals("read 7", ProgressLine.line("read", 7, 0, "", 0, 1));
        assertEquals("1:01:05", ProgressLine.time(3665));
    }
}
