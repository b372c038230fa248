package io.hiervl.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code export --card}: the model folder says what the file says. */
class ModelCardTest {
    @TempDir
    static Path dir;
    private static Path run;

    @BeforeAll
    static void train() {
        run = Forms.train(dir.resolve("run"));
    }

    private static JsonNode front(String readme) throws Exception {
        assertTrue(readme.startsWith("---\n"), readme);
        return new ObjectMapper(new YAMLFactory()).readTree(readme.substring(4, readme.indexOf("\n---\n", 4)));
    }

    @Test
    void theFolderDescribesItsFile() throws Exception {
        Path file = dir.resolve("onnx/model.onnx");
        Files.createDirectories(file.getParent());
        Path metrics = dir.resolve("eval.json");
        Cli measured = Cli.run("eval", "--model", run, "--data", "datasets/tiny", "--list", "val.txt", "--json");
        assertEquals(0, measured.exit(), measured.err());
        Files.writeString(metrics, measured.out());
        Cli export = Cli.run("export", "--model", run, "--format", "onnx", "--out", file, "--card", "--metrics", metrics);
        assertEquals(0, export.exit(), export.err());
        String readme = Files.readString(file.resolveSibling("README.md"));
        String hash = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
        assertTrue(readme.contains(hash), readme);
        JsonNode front = front(readme);
        assertEquals("image-segmentation", front.get("pipeline_tag").asText());
        double miou = front.get("model-index").get(0).get("results").get(0).get("metrics").get(0).get("value").asDouble();
        assertEquals(measured.json().get("miou").asDouble(), miou, 1e-4);
        assertTrue(readme.contains("| purple thing | ") && readme.contains("2 steps") && readme.contains("## Limits"), readme);
        assertFalse(readme.contains(System.getProperty("user.dir")), "no folder of this machine");
        JsonNode config = new ObjectMapper().readTree(file.resolveSibling("config.json").toFile());
        assertEquals(hash, config.get("sha256").asText());
        assertEquals("red thing", config.get("id2label").get("1").asText());
        assertEquals(1, config.get("label2id").get("red thing").asInt());
        JsonNode rules = new ObjectMapper().readTree(file.resolveSibling("preprocessor_config.json").toFile());
        assertEquals(64, rules.get("size").get("height").asInt());
        assertEquals(3, rules.get("image_mean").size());
        assertTrue(Files.readString(file.resolveSibling(".gitattributes")).contains("*.onnx filter=lfs"));
    }

    @Test
    void whatWasNotMeasuredIsNotClaimed() throws Exception {
        Path file = dir.resolve("plain/model.sd");
        Files.createDirectories(file.getParent());
        assertEquals(0, Cli.run("export", "--model", run, "--format", "samediff", "--out", file, "--card").exit());
        String readme = Files.readString(file.resolveSibling("README.md"));
        assertTrue(readme.contains("Not measured.") && !front(readme).has("model-index"), readme);
        Cli again = Cli.run("export", "--model", run, "--format", "samediff", "--out", file.resolveSibling("other.sd"), "--card");
        assertEquals(2, again.exit());
        assertTrue(again.err().contains("README.md exists"), again.err());
    }

    @Test
    void wrongFiguresAreRefusedBeforeTheExport() throws Exception {
        Path wrong = dir.resolve("wrong.json");
        Files.writeString(wrong, "{\"miou\": 0.5}");
        Path file = dir.resolve("wrong.onnx");
        Cli export = Cli.run("export", "--model", run, "--format", "onnx", "--out", file, "--card", "--metrics", wrong);
        assertEquals(3, export.exit());
        assertTrue(export.err().contains("wrong.json") && export.err().contains("eval --json"), export.err());
        assertFalse(Files.exists(file));
        assertEquals(2, Cli.run("export", "--model", run, "--format", "onnx", "--out", file, "--metrics", wrong).exit());
    }
}
