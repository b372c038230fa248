package io.hiervl.notebooks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class NotebooksTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path FOLDER = Path.of("notebooks");

    static List<Path> notebooks() throws IOException {
        try (Stream<Path> files = Files.list(FOLDER)) {
            return files.filter(p -> p.toString().endsWith(".ipynb")).sorted().toList();
        }
    }

    @ParameterizedTest
    @MethodSource("notebooks")
    void runsAndShowsAPicture(Path file) throws IOException {
        JsonNode notebook = JSON.readTree(file.toFile());
        assertEquals("java", notebook.at("/metadata/kernelspec/name").asText());
        notebook.get("cells").forEach(cell -> assertTrue(cell.path("outputs").isEmpty(), "commit notebooks without outputs"));
        JsonNode result;
        try (NotebookRunner runner = new NotebookRunner(FOLDER)) {
            result = runner.run(notebook);
        }
        Path target = Files.createDirectories(Path.of("target/notebooks")).resolve(file.getFileName());
        JSON.writerWithDefaultPrettyPrinter().writeValue(target.toFile(), result);
        assertTrue(result.toString().contains("image/png"), "no picture was shown");
        result.get("cells").forEach(cell -> {
            boolean prints = cell.path("source").toString().contains("System.out.print");
            assertTrue(!prints || cell.path("outputs").toString().contains("stdout"), () -> "printed nothing: " + cell.path("source"));
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"if (true) throw new IllegalStateException(\"boom\");", "int x = unknown;", "Missing f() { return null; }",
        "import java.util.*;", "%maven a:b:c", "// nothing", "int x = ("})
    void afailingCellFails(String source) {
        try (NotebookRunner runner = new NotebookRunner(FOLDER)) {
            AssertionError e = assertThrows(AssertionError.class, () -> runner.run(notebook("int one = 1;", source)));
            assertTrue(e.getMessage().startsWith("cell 2: "), e.getMessage());
        }
    }

    @Test
    void valuesAndPrintedTextBecomeOutputs() {
        try (NotebookRunner runner = new NotebookRunner(FOLDER)) {
            JsonNode result = runner.run(notebook("System.out.println(\"hi\");\nint a = 2;", "a + 1", "a = 5;",
                "new java.awt.image.BufferedImage(2, 2, 1)"));
            assertEquals("hi\n", result.at("/cells/0/outputs/0/text").asText());
            assertEquals("3", result.at("/cells/1/outputs/0/data/text~1plain").asText());
            assertTrue(result.at("/cells/2/outputs").isEmpty());
            assertTrue(result.at("/cells/3/outputs/0/data/image~1png").asText().startsWith("iVBOR"));
        }
    }

    private static JsonNode notebook(String... cells) {
        ObjectNode notebook = JSON.createObjectNode();
        ArrayNode list = notebook.putArray("cells");
        for (String source : cells) {
            list.addObject().put("cell_type", "code").put("source", source);
        }
        return notebook;
    }
}
