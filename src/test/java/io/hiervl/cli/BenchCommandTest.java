package io.hiervl.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchCommandTest {
    @Test
    void measuresInAProcessOfItsOwnAndWritesOneDocument() throws Exception {
        JsonNode document = Cli.run("bench", "--only", "inference tiny", "--runs", 1, "--json").json();
        assertEquals(1, document.get("rows").size());
        JsonNode row = document.get("rows").get(0);
        assertEquals("inference tiny", row.get("name").asText());
        assertEquals("fp32", row.get("precision").asText());
        assertTrue(row.get("median_ms").asDouble() > 0, row.toString());
        assertTrue(row.get("runs").asInt() >= 1, row.toString());
        assertTrue(row.has("min_ms") && row.has("max_ms") && row.has("peak_rss_mb"), row.toString());
        assertTrue(document.get("machine").get("threads").asInt() >= 1);
    }

    @Test
    void wrongNamesAndSizesAreUsageErrors(@TempDir Path empty) {
        Cli unknown = Cli.run("bench", "--only", "vision 300 fwd");
        assertEquals(2, unknown.exit());
        assertTrue(unknown.err().contains("vision 224 fwd"), unknown.err());
        assertEquals(2, Cli.run("bench", "--size", "vit-l").exit());
        assertEquals(2, Cli.run("bench", "--runs", 0).exit());
        assertEquals(2, Cli.run("bench", "--peer", empty).exit());
    }
}
