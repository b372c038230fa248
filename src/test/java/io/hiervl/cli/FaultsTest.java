package io.hiervl.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands with input that once crashed the program or ended in a trace: one sentence and the right code. */
class FaultsTest {
    private static final Path FAULTS = Path.of(System.getProperty("shared.dir", "../shared"), "data", "faults");

    @TempDir
    Path folder;

    /** One sentence of the program and nothing of Java. */
    private static String sentence(int code, Cli run) {
        assertEquals(code, run.exit(), run.err());
        List<String> ours = run.err().lines().filter(l -> l.startsWith("hiervl: ")).toList();
        assertFalse(ours.isEmpty(), run.err());
        assertFalse(run.err().contains("\tat ") || run.err().contains("internal error") || run.err().contains("null;"), run.err());
        return ours.get(ours.size() - 1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"train.crop=100000", "train.crop=2147483647", "model.dim=1000000", "model.visual_queries=100000000",
        "model.n_enc=1000000",
        "eval.crop=2147483647", "eval.crop=30000", "model.n_dec=100000000", "model.points=100000000", "model.cm_dim=2000000000",
        "model.enc_ffn=2000000000",
        "model.dec_ffn=1000000000",
        "model.stem=100000", "model.stem=2147483640", "model.unet=100000", "model.visual_prompt_tokens=2000000000",
        "train.batch_labelled=10000000", "train.batch_unlabelled=10000000", "loss.sample_points=2147483647", "loss.oversample=1000000000"})
    void giantSettingsAreComparedWithMemory(String setting) {
        Cli run = Cli.run("train", "--recipe", "tiny", "--set", setting, "--data", "datasets/tiny", "--clip", "graphs/tiny-clip", "--out",
            folder.resolve("o"));
        String lower = sentence(3, run).replaceFirst(".*lower ", "");
        String key = setting.replaceFirst("=.*", "");
        assertTrue(lower.contains(key.startsWith("model.") ? "model" : key), run.err());
    }

    @Test
    void photosAreNotMadeLargerThanMemory() {
        Cli run = Cli.run("train", "--recipe", "tiny", "--set", "augment.scale_mode=ratio", "--set", "augment.ratio_long=100000", "--set",
            "augment.ratio_short=100000", "--data", "datasets/tiny", "--no-eval", "--out", folder.resolve("o"));
        assertTrue(sentence(3, run).contains("augment.ratio_long"), run.err());
    }

    @ParameterizedTest
    @CsvSource({"--crop,46341,3", "--crop,2147483647,3", "--threads,100000,2"})
    void sizesOfDataSpeedAreBounded(String option, String value, int code) {
        sentence(code, Cli.run("data", "speed", "datasets/tiny", "--crops", "1", option, value));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~',
        value = {"lists: {labeled: }|labeled", "files: {folders: {a: }}|folders", "lists: {labeled: /etc/passwd}|data folder",
            "lists: {labeled: ../../etc/passwd}|data folder", "lists: {labeled: ~\\0x~}|control character", "classes: [a, null]|classes",
            "classes: [a, a]|twice",
            "files: {annotations: [/etc/passwd]}|data folder", "palette: [[1, 2]]|palette"})
    void descriptionsOfDataAreChecked(String line, String expected) throws Exception {
        String text = "name: x\n" + (line.startsWith("classes") ? "" : "classes: [a, b]\n") + line.replace('~', '"') + "\n";
        Files.writeString(folder.resolve("dataset.yaml"), text);
        assertTrue(sentence(3, Cli.run("data", "check", folder)).contains(expected), text);
    }

    @ParameterizedTest
    @CsvSource({"one-byte.sd,4", "nan-weight.stock.sd,4", "external-passwd.onnx,4"})
    void sharedModels(String name, int code) {
        Assumptions.assumeTrue(Files.exists(FAULTS.resolve(name)));
        sentence(code, Cli.run("predict", "--model", FAULTS.resolve(name), "--out", folder, "datasets/tiny/JPEGImages"));
    }

    @ParameterizedTest
    @CsvSource({"clip-external-passwd,outside the model's folder", "clip-negative-id,expected a whole number from 0 on",
        "clip-unknown-op,operator set"})
    void sharedBundles(String name, String expected) {
        Assumptions.assumeTrue(Files.exists(FAULTS.resolve(name)));
        for (List<Object> command : List.of(List.<Object>of("clip", "check", FAULTS.resolve(name)),
            List.<Object>of("clip", "embed", FAULTS.resolve(name), "--text", "a cat", "--out", folder.resolve("x.npy")))) {
            String said = sentence(4, Cli.run(command.toArray()));
            assertTrue(said.contains(expected), said);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"empty-list.dataset.yaml", "nul-name.dataset.yaml"})
    void sharedDescriptions(String name) throws Exception {
        Assumptions.assumeTrue(Files.exists(FAULTS.resolve(name)));
        Files.write(folder.resolve("dataset.yaml"), Files.readAllBytes(FAULTS.resolve(name)));
        sentence(3, Cli.run("data", "check", folder));
    }

    @Test
    void namesThatAreNoPathsAreUsageOrDataErrors() {
        Cli run = Cli.run("train", "--recipe", "a\0b", "--out", folder.resolve("o"));
        sentence(3, run);
    }

    /** Mostly a variable of a script without a value; taken as a path it would be the folder one stands in. */
    @ParameterizedTest
    @ValueSource(strings = {"predict --model  photo.png --out o", "predict --model m photo.png --out ", "predict --model m  --out o",
        "train --recipe tiny --init-from  --out o", "data check ", "export --model m --format onnx --out "})
    void emptyPathsAreUsageErrors(String line) {
        Cli run = Cli.run((Object[]) line.split(" ", -1));
        assertEquals(2, run.exit(), run.err());
        assertTrue(run.err().contains("the path is empty"), run.err());
    }
}
