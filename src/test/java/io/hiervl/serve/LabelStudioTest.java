package io.hiervl.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import io.hiervl.HierVlException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** The protocol of Label Studio's ML backends. */
class LabelStudioTest {
    private static final String SETUP = "<View><Image name=\"img\" value=\"$photo\"/><BrushLabels name=\"tag\" toName=\"img\">"
        + "<Label value=\"red thing\"/></BrushLabels></View>";

    private static HttpResponse<byte[]> post(Service s, String path, Object body) throws Exception {
        return s.post(path, new ObjectMapper().writeValueAsBytes(body), "Content-Type", "application/json");
    }

    private static String inline(int side) throws Exception {
        return "data:image/png;base64," + Base64.getEncoder().encodeToString(Service.png(Service.square(side)));
    }

    private static Map<String, Object> tasks(String setup, String address) {
        return Map.of("project", "7.1", "label_config", setup, "tasks", List.of(Map.of("id", 3, "data", Map.of("photo", address))));
    }

    /** The runs of Label Studio's brush format. */
    private static int marked(JsonNode rle, int pixels) {
        StringBuilder bits = new StringBuilder();
        rle.forEach(b -> bits.append(String.format("%8s", Integer.toBinaryString(b.asInt())).replace(' ', '0')));
        assertEquals(4 * pixels, Integer.parseInt(bits.substring(0, 32), 2));
        int at = 32 + 5 + 16;
        int marked = 0;
        for (int seen = 0; seen < 4 * pixels;) {
            int length = Integer.parseInt(bits.substring(at + 3, at + 19), 2) + 1;
            marked += Integer.parseInt(bits.substring(at + 19, at + 27), 2) == 255 ? length / 4 : 0;
            seen += length;
            at += 27;
        }
        return marked;
    }

    @Test
    void itSpeaksTheProtocol() throws Exception {
        try (Service s = Service.plain()) {
            assertEquals("UP", Service.json(s.get("/health")).get("status").asText());
            JsonNode setup = Service.json(post(s, "/setup", Map.of("project", "7.1", "schema", SETUP, "hostname", "http://x")));
            assertEquals("red", setup.get("model_version").asText());
            HttpResponse<byte[]> answer = post(s, "/predict", tasks("", inline(10)));
            assertEquals(200, answer.statusCode(), Service.detail(answer));
            JsonNode prediction = Service.json(answer).at("/results/0");
            assertEquals(0.75, prediction.get("score").asDouble(), 1e-3);
            JsonNode region = prediction.at("/result/0");
            assertEquals("tag img brushlabels 50", region.get("from_name").asText() + " " + region.get("to_name").asText() + " "
                + region.get("type").asText() + " " + region.get("original_width").asText());
            assertEquals("[\"red thing\"]", region.at("/value/brushlabels").toString());
            assertEquals(100, marked(region.at("/value/rle"), 50 * 40));
        }
    }

    @Test
    void polygonsWhereTheSetupAsksForThem() throws Exception {
        String polygons = SETUP.replace("BrushLabels", "PolygonLabels");
        try (Service s = Service.plain()) {
            JsonNode region = Service.json(post(s, "/predict", tasks(polygons, inline(10)))).at("/results/0/result/0");
            assertEquals("polygonlabels", region.get("type").asText());
            double right = 0;
            for (JsonNode corner : region.at("/value/points")) {
                right = Math.max(right, corner.get(0).asDouble());
            }
            assertEquals(20.0, right, 1e-9, "10 of 50 pixels, in per cent");
            String other = polygons.replace("red thing", "cat");
            assertEquals(0, Service.json(post(s, "/predict", tasks(other, inline(10)))).at("/results/0/result").size());
        }
    }

    @Test
    void picturesComeFromTheNamedLabelStudioAlone() throws Exception {
        HttpServer studio = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        AtomicReference<String> shown = new AtomicReference<>();
        byte[] photo = Service.png(Service.square(10));
        studio.createContext("/data/upload/1/a.png", exchange -> {
            shown.set(exchange.getRequestHeaders().getFirst("Authorization"));
            exchange.sendResponseHeaders(200, photo.length);
            exchange.getResponseBody().write(photo);
            exchange.close();
        });
        studio.createContext("/leads/away", exchange -> {
            exchange.getResponseHeaders().add("Location", "file:///etc/passwd");
            exchange.sendResponseHeaders(302, -1);
            exchange.close();
        });
        studio.start();
        String base = "http://127.0.0.1:" + studio.getAddress().getPort();
        try (Service s = new Service(Service.options(2, 4, Duration.ofSeconds(30), null), null, new TaskImages(base, "k3y", 1 << 20))) {
            assertEquals(200, post(s, "/predict", tasks(SETUP, "/data/upload/1/a.png")).statusCode());
            assertEquals("Token k3y", shown.get());
            for (String elsewhere : List.of("http://127.0.0.1:1/a.png", "http://localhost.evil.example/a.png", "file:///etc/passwd",
                "//evil.example/a.png", base.replace("http", "https") + "/a.png")) {
                assertEquals(403, post(s, "/predict", tasks(SETUP, elsewhere)).statusCode(), elsewhere);
            }
            assertEquals(502, post(s, "/predict", tasks(SETUP, "/leads/away")).statusCode());
            assertEquals(502, post(s, "/predict", tasks(SETUP, "/data/upload/none.png")).statusCode());
        } finally {
            studio.stop(0);
        }
        try (Service s = Service.plain()) {
            HttpResponse<byte[]> none = post(s, "/predict", tasks(SETUP, "/data/upload/1/a.png"));
            assertEquals(400, none.statusCode());
            assertTrue(Service.detail(none).contains("--label-studio"));
        }
    }

    @Test
    void badSetupsAndTasksAreRefused() throws Exception {
        String entity = "<!DOCTYPE v [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>" + SETUP;
        try (Service s = Service.plain()) {
            for (String setup : List.of(entity, "<View>", "<View/>", SETUP.replace("$photo", "photo"))) {
                assertEquals(400, post(s, "/setup", Map.of("project", "1", "schema", setup)).statusCode(), setup);
            }
            assertEquals(400, post(s, "/predict", Map.of("project", "unknown", "tasks", List.of())).statusCode());
            assertEquals(400, post(s, "/predict", Map.of("label_config", SETUP, "tasks", "x")).statusCode());
            assertEquals(400, post(s, "/predict", tasks(SETUP, "data:image/png;base64,???")).statusCode());
            assertEquals(400, s.post("/predict", "[".getBytes(StandardCharsets.UTF_8)).statusCode());
        }
        assertThrows(HierVlException.class, () -> new TaskImages("ftp://x", null, 1));
        assertThrows(HierVlException.class, () -> new TaskImages("http://user:password@x", null, 1));
    }
}
