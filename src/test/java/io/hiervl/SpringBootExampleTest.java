package io.hiervl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.cli.Forms;
import io.hiervl.predict.Prediction;
import io.hiervl.predict.Segmenter;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The service of examples/spring-boot as a fat jar with hiervl-runtime alone. */
@Timeout(400)
class SpringBootExampleTest {
    private static final int WARM = 60;
    private static final int REQUESTS = 200;
    private static final Pattern STARTED = Pattern.compile("Tomcat started on port (\\d+)");

    @TempDir
    Path dir;

    private int port(Process service, Path log) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
        while (System.nanoTime() < end && service.isAlive()) {
            Matcher started = STARTED.matcher(Files.readString(log));
            if (started.find()) {
                return Integer.parseInt(started.group(1));
            }
            Thread.sleep(200);
        }
        throw new AssertionError("the service does not start: " + Files.readString(log));
    }

    /** Resident memory in kilobytes, -1 where the system does not tell. */
    private static long resident(Process process) throws IOException {
        Path status = Path.of("/proc", Long.toString(process.pid()), "status");
        return !Files.exists(status) ? -1 : Files.readAllLines(status).stream().filter(l -> l.startsWith("VmRSS"))
            .mapToLong(l -> Long.parseLong(l.replaceAll("\\D", ""))).findFirst().orElse(-1);
    }

    @Test
    void itAnswersWithoutFaultsInSteadyMemory() throws Exception {
        OfflineMaven.run(dir.resolve("maven.txt"), "-f", "examples/pom.xml", "-pl", ":hiervl-example-spring-boot", "-am", "package",
            "-Dhiervl.platform=" + Loader.getPlatform());
        Path run = Forms.train(dir.resolve("run"), "train.steps=24");
        Path log = dir.resolve("service.txt");
        Process service = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx256m",
            "-Dorg.bytedeco.javacpp.maxbytes=1g", "-Dorg.bytedeco.javacpp.maxphysicalbytes=0", "-jar",
            "examples/spring-boot/target/hiervl-example-spring-boot-1.jar", "--hiervl.model=" + run, "--server.port=0",
            "--server.address=127.0.0.1", "--hiervl.upload-bytes=100000").redirectErrorStream(true).redirectOutput(log.toFile()).start();
        try {
            drive(URI.create("http://127.0.0.1:" + port(service, log) + "/segment"), run, service);
            service.destroy();
            assertTrue(service.waitFor(30, TimeUnit.SECONDS), "the service does not stop");
            assertTrue(Files.readString(log).contains("Graceful shutdown complete"), Files.readString(log));
        } finally {
            service.destroyForcibly();
        }
    }

    private static void drive(URI uri, Path run, Process service) throws Exception {
        HttpClient client = HttpClient.newHttpClient();
        byte[] photo = Files.readAllBytes(Forms.PHOTO);
        Prediction expected;
        try (Segmenter s = Segmenter.load(run)) {
            expected = s.predict(Forms.PHOTO);
        }
        JsonNode first = null;
        long warm = 0;
        for (int i = 0; i < WARM + REQUESTS; i++) {
            if (i == WARM) {
                warm = resident(service);
            }
            HttpResponse<byte[]> answer = post(client, uri, photo, "application/json");
            assertEquals(200, answer.statusCode());
            JsonNode json = new ObjectMapper().readTree(answer.body());
            first = first == null ? json : first;
            assertEquals(first, json);
        }
        List<Prediction.Area> areas = expected.areas();
        for (int k = 0; k < areas.size(); k++) {
            assertEquals(areas.get(k).pixels(), first.get("classes").get(k).get("pixels").asLong());
        }
        long grown = resident(service) - warm;
        assertTrue(grown < 40_000, grown + " kB more after " + REQUESTS + " requests, " + warm + " before");
        assertNotNull(ImageIO.read(new ByteArrayInputStream(post(client, uri, photo, "image/png").body())));
        HttpResponse<byte[]> text = post(client, uri, "no photo".getBytes(java.nio.charset.StandardCharsets.UTF_8), "application/json");
        assertEquals(400, text.statusCode());
        assertTrue(new ObjectMapper().readTree(text.body()).get("error").asText().contains("the photo"));
        assertEquals(413, post(client, uri, new byte[100_001], "application/json").statusCode());
    }

    private static HttpResponse<byte[]> post(HttpClient client, URI uri, byte[] body, String accept) throws Exception {
        return client.send(HttpRequest.newBuilder(uri).header("Content-Type", "application/octet-stream").header("Accept", accept)
            .POST(HttpRequest.BodyPublishers.ofByteArray(body)).build(), HttpResponse.BodyHandlers.ofByteArray());
    }
}
