package io.hiervl.serve;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.LabelMaps;
import java.io.ByteArrayInputStream;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What the service answers, over real HTTP. */
class PredictionServiceTest {
    private static Service service;

    @BeforeAll
    static void start() {
        service = Service.plain();
    }

    @AfterAll
    static void stop() {
        service.close();
    }

    private static LabelMap square(int side) {
        int[] values = new int[50 * 40];
        for (int y = 0; y < side; y++) {
            for (int x = 0; x < side; x++) {
                values[y * 50 + x] = 1;
            }
        }
        return LabelMap.of(values, 50, 40);
    }

    @Test
    void aPhotoGivesClassesSharesAndConfidence() throws Exception {
        HttpResponse<byte[]> answer = service.post("/v1/segment", Service.png(Service.square(10)), "Content-Type", "image/png");
        assertEquals(200, answer.statusCode());
        JsonNode json = Service.json(answer);
        assertEquals("red", json.get("model").asText());
        JsonNode thing = json.at("/photos/0/classes/1");
        assertEquals("red thing", thing.get("name").asText());
        assertEquals(100, thing.get("pixels").asInt());
        assertEquals(0.05, thing.get("fraction").asDouble(), 1e-9);
        assertEquals(0.75, thing.get("mean_score").asDouble(), 1e-3);
        assertTrue(json.at("/photos/0/regions").isMissingNode());
    }

    @Test
    void theIndexPngHoldsTheClasses() throws Exception {
        for (String[] asked : new String[][] {{"?as=index", "*/*"}, {"", "image/png"}}) {
            HttpResponse<byte[]> answer =
                service.post("/v1/segment" + asked[0], Service.png(Service.square(7)), "Accept", asked[1]);
            assertEquals("image/png", answer.headers().firstValue("Content-Type").orElseThrow());
            assertEquals(square(7), LabelMaps.decode(answer.body(), "answer", null, 1 << 20));
        }
    }

    @Test
    void theOverlayShowsTheColourAtTheAskedOpacity() throws Exception {
        byte[] photo = Service.png(Service.square(20));
        int full = ImageIO.read(new ByteArrayInputStream(service.post("/v1/segment?as=overlay&opacity=1", photo).body())).getRGB(5, 5);
        int none = ImageIO.read(new ByteArrayInputStream(service.post("/v1/segment?as=overlay&opacity=0", photo).body())).getRGB(5, 5);
        assertEquals(0x800000, full & 0xFFFFFF, "VOC's colour of class 1");
        assertEquals(0xFF0000, none & 0xFFFFFF, "the photo");
        assertEquals(400, service.post("/v1/segment?as=overlay&opacity=2", photo).statusCode());
    }

    @Test
    void acceptDecidesAndWhatIsNotThereIsRefused() throws Exception {
        byte[] photo = Service.png(Service.square(3));
        String type = service.post("/v1/segment", photo, "Accept", "image/png;q=0.1, application/json").headers()
            .firstValue("Content-Type").orElseThrow();
        assertEquals("application/json", type);
        assertEquals(406, service.post("/v1/segment", photo, "Accept", "text/html").statusCode());
        assertEquals(400, service.post("/v1/segment?as=tiff", photo).statusCode());
        assertEquals(400, service.post("/v1/segment?include=secrets", photo).statusCode());
    }

    @Test
    void runLengthsAndPolygonsDescribeTheMap() throws Exception {
        byte[] photo = Service.png(Service.square(9));
        JsonNode runs = Service.json(service.post("/v1/segment?regions=rle", photo)).at("/photos/0/regions/0");
        assertEquals("red thing", runs.get("name").asText());
        assertEquals("[40,50]", runs.at("/rle/size").toString());
        byte[] values = new byte[50 * 40];
        int at = 0;
        boolean inside = false;
        for (JsonNode count : runs.at("/rle/counts")) {
            for (int i = 0; i < count.asInt(); i++, at++) {
                values[at % 40 * 50 + at / 40] = (byte) (inside ? 1 : 0);
            }
            inside = !inside;
        }
        assertEquals(values.length, at);
        assertArrayEquals(square(9).values(), values);
        JsonNode polygon = Service.json(service.post("/v1/segment?regions=polygons", photo)).at("/photos/0/regions/0");
        assertEquals("[0,0,9,9]", polygon.get("bbox").toString());
        assertEquals(8, polygon.at("/rings/0").size());
    }

    @Test
    void labelsConfidenceAndPhotoComeAsExactGreyPngs() throws Exception {
        byte[] photo = Service.png(Service.square(11));
        JsonNode one = Service.json(service.post("/v1/segment?include=labels,confidence,photo", photo)).at("/photos/0");
        assertEquals(square(11), LabelMaps.decode(Base64.getDecoder().decode(one.get("labels_png").asText()), "labels", null, 1 << 20));
        LabelMap confidence =
            LabelMaps.decode(Base64.getDecoder().decode(one.get("confidence_png").asText()), "confidence", null, 1 << 20);
        assertEquals(Math.round(0.75 * 255), confidence.at(3, 3));
        assertEquals(Service.square(11), Images.decode(Base64.getDecoder().decode(one.get("photo_png").asText()), "photo", false, 1 << 20));
    }

    @Test
    void aFormMayHoldSeveralPhotos() throws Exception {
        List<Map.Entry<String, byte[]>> files = new ArrayList<>();
        for (int side = 1; side <= 5; side++) {
            files.add(Map.entry("photo", Service.png(Service.square(side))));
        }
        JsonNode photos = Service.json(service.form("/v1/segment", files)).get("photos");
        for (int side = 1; side <= 5; side++) {
            assertEquals(side * side, photos.get(side - 1).at("/classes/1/pixels").asInt());
        }
        assertEquals(400, service.form("/v1/segment?as=index", files).statusCode());
        assertEquals(400, service.form("/v1/segment", List.of()).statusCode());
        assertEquals(400, service.post("/v1/segment", new byte[10], "Content-Type", "multipart/form-data").statusCode());
    }

    @Test
    void modelsAreChosenByName() throws Exception {
        byte[] photo = Service.png(Service.square(10));
        assertEquals(1, Service.json(service.post("/v1/segment?model=nothing", photo)).at("/photos/0/classes").size());
        HttpResponse<byte[]> unknown = service.post("/v1/segment?model=%2e%2e%2fsecret", photo);
        assertEquals(404, unknown.statusCode());
        assertTrue(Service.detail(unknown).contains("red, nothing"), Service.detail(unknown));
        assertEquals("nothing", Service.json(service.get("/v1/model?model=nothing")).get("name").asText());
        JsonNode all = Service.json(service.get("/v1/models"));
        assertEquals(2, all.get("models").size());
        assertEquals("[128,0,0]", all.at("/models/0/classes/1/colour").toString());
        assertEquals("false", all.get("collects").toString());
    }

    @Test
    void healthMetricsAndTheDocumentAreThere() throws Exception {
        service.post("/v1/segment", Service.png(Service.square(2)));
        assertEquals("UP", Service.json(service.get("/health/live")).get("status").asText());
        assertEquals("UP", Service.json(service.get("/health/ready")).get("status").asText());
        String metrics = new String(service.get("/metrics").body(), java.nio.charset.StandardCharsets.UTF_8);
        assertTrue(metrics.contains("hiervl_photos_total{model=\"red\"}"), metrics);
        assertTrue(metrics.contains("hiervl_http_requests_seconds_count{route=\"/v1/segment\",status=\"200\"}"), metrics);
        assertTrue(metrics.contains("process_resident_memory_bytes") && metrics.contains("hiervl_requests_working"), metrics);
        JsonNode document = Service.json(service.get("/openapi.json"));
        List<String> missing = new ArrayList<>();
        document.get("paths").fields().forEachRemaining(path -> path.getValue().fieldNames().forEachRemaining(method -> {
            try {
                int status = (method.equals("get") ? service.get(path.getKey()) : service.post(path.getKey(), new byte[0])).statusCode();
                if (status == 405 || !path.getValue().at("/" + method + "/responses").has(Integer.toString(status))) {
                    missing.add(method + " " + path.getKey() + " " + status);
                }
            } catch (Exception e) {
                missing.add(method + " " + path.getKey() + " " + e);
            }
        }));
        assertEquals(List.of(), missing, "every path answers, with a status that the document lists");
    }

    @Test
    void thePageNeedsNothingFromElsewhere() throws Exception {
        for (String path : List.of("/", "/page.css", "/page.js")) {
            HttpResponse<byte[]> answer = service.get(path);
            assertEquals(200, answer.statusCode(), path);
            String text = new String(answer.body(), java.nio.charset.StandardCharsets.UTF_8);
            assertTrue(text.length() > 500 && !text.contains("http://") && !text.contains("https://"), path);
            assertTrue(answer.headers().firstValue("Content-Security-Policy").orElseThrow().startsWith("default-src 'self'"));
        }
        assertNotEquals(200, service.get("/index.html").statusCode());
    }
}
