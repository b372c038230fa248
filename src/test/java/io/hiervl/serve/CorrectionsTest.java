package io.hiervl.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.hiervl.HierVlException;
import io.hiervl.data.Dataset;
import io.hiervl.data.Pair;
import io.hiervl.data.SplitList;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Corrections become labelled pairs that training reads. */
class CorrectionsTest {
    @TempDir
    Path dir;

    private Path data(String more) throws IOException {
        Path data = Files.createDirectories(dir.resolve("data"));
        Files.writeString(data.resolve("dataset.yaml"), "name: mine\nclasses: [background, red thing]\n" + more);
        Files.writeString(data.resolve("labeled.txt"), "images/old.png masks/old.png");
        return data;
    }

    private static Service service(Path data) {
        return new Service(Service.options(2, 8, Duration.ofSeconds(30), null), data, new TaskImages(null, null, 1 << 20));
    }

    private static byte[] labels(int side, int value) throws IOException {
        byte[] rgb = new byte[3 * 50 * 40];
        for (int i = 0; i < 50 * 40; i++) {
            for (int c = 0; c < 3; c++) {
                rgb[3 * i + c] = (byte) (i % 50 < side && i / 50 < side ? value : 0);
            }
        }
        return Service.png(new io.hiervl.image.Photo(rgb, 50, 40));
    }

    private static List<Map.Entry<String, byte[]>> pair(byte[] labels) throws IOException {
        return List.of(Map.entry("photo", Service.png(Service.square(10))), Map.entry("labels", labels));
    }

    private static long files(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(Files::isRegularFile).count();
        }
    }

    @Test
    void aCorrectionIsAPairOfTheDataSet() throws Exception {
        Path data = data("ignore: 9\n");
        try (Service s = service(data)) {
            assertTrue(Service.json(s.get("/v1/models")).get("collects").asBoolean());
            for (int i = 2; i <= 3; i++) {
                HttpResponse<byte[]> answer = s.form("/v1/corrections", pair(labels(12, i == 2 ? 1 : 255)));
                assertEquals(200, answer.statusCode(), Service.detail(answer));
                JsonNode made = Service.json(answer);
                assertEquals(i, made.get("pairs").asInt());
                assertTrue(made.get("image").asText().matches("corrected/images/[0-9a-f-]+\\.png"), made.toString());
            }
        }
        SplitList list = Dataset.open(data).list("labeled");
        assertEquals("images/old.png", list.samples().get(0).image(), "what was there stays, also without a line end");
        Pair pair = Dataset.open(data).load(list.samples().get(1), true);
        assertEquals(Service.square(10), pair.photo());
        assertEquals(144, pair.labels().histogram()[1]);
        assertEquals(144, Dataset.open(data).load(list.samples().get(2), true).labels().histogram()[255],
            "no label has the set's own value");
        assertFalse(Files.exists(dir.resolve("etc")), "file names of forms are dropped");
    }

    @Test
    void whatDoesNotFitLeavesTheDataSetAlone() throws Exception {
        Path data = data("");
        try (Service s = service(data)) {
            long before = files(data);
            assertEquals(400, s.form("/v1/corrections", pair(labels(5, 7))).statusCode(), "a value that is no class");
            HttpResponse<byte[]> size = s.form("/v1/corrections",
                List.of(Map.entry("photo", Service.png(new io.hiervl.image.Photo(new byte[3 * 9], 3, 3))),
                    Map.entry("labels", labels(5, 1))));
            assertEquals(400, size.statusCode());
            assertTrue(Service.detail(size).contains("50x40") && Service.detail(size).contains("3x3"), Service.detail(size));
            assertEquals(400, s.form("/v1/corrections", List.of(Map.entry("photo", labels(5, 1)))).statusCode());
            assertEquals(415, s.post("/v1/corrections", labels(5, 1), "Content-Type", "image/png").statusCode());
            assertEquals(before, files(data));
            assertEquals("images/old.png masks/old.png", Files.readString(data.resolve("labeled.txt")));
        }
        try (Service s = Service.plain()) {
            HttpResponse<byte[]> none = s.form("/v1/corrections", pair(labels(5, 1)));
            assertEquals(404, none.statusCode());
            assertTrue(Service.detail(none).contains("--collect"));
        }
    }

    @Test
    void dataSetsThatWouldReadOtherClassesAreRefused() throws Exception {
        Path mapped = data("labels: {map: {0: 1, 1: 0}}\n");
        HierVlException rules = assertThrows(HierVlException.class, () -> service(mapped));
        assertEquals(HierVlException.Kind.DATA, rules.kind());
        assertTrue(rules.getMessage().contains("another meaning"), rules.getMessage());
        Files.writeString(mapped.resolve("dataset.yaml"), "name: other\nclasses: [background, cat]\n");
        HierVlException classes = assertThrows(HierVlException.class, () -> service(mapped));
        assertTrue(classes.getMessage().contains("red thing") && classes.getMessage().contains("cat"), classes.getMessage());
        assertEquals(2, files(mapped), "nothing is left of the attempts");
    }
}
