package io.hiervl.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code train --mlflow} against a server that answers as MLflow's REST form 2.0 says. */
class MlflowExportTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path TINY = Path.of("datasets/tiny");

    private HttpServer server;
    private final List<String> asked = new ArrayList<>();
    private final List<JsonNode> bodies = new ArrayList<>();

    @TempDir
    Path dir;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private synchronized void answer(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath().replace("/api/2.0/mlflow/", "");
        asked.add(exchange.getRequestMethod() + " " + path);
        bodies.add(JSON.readTree(exchange.getRequestBody().readAllBytes()));
        Map<String, String> answers = Map.of("experiments/create", "{\"experiment_id\": \"7\"}", "runs/create",
            "{\"run\": {\"info\": {\"run_id\": \"abc\"}}}", "runs/log-batch", "{}", "runs/update", "{}");
        byte[] body = answers.getOrDefault(path, "{\"error_code\": \"RESOURCE_DOES_NOT_EXIST\"}").getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(answers.containsKey(path) ? 200 : 404, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    private Cli train(String address) throws IOException {
        Path val = Files.write(dir.resolve("val.txt"), Files.readAllLines(TINY.resolve("val.txt")).subList(0, 2));
        return Cli.run("train", "--recipe", "tiny", "--data", TINY, "--clip", "graphs/tiny-clip", "--val", val, "--out",
            dir.resolve("mine"),
            "--no-eval", "--mlflow", address, "--set", "train.steps=2", "--set", "train.warmup=1", "--set", "train.log_every=1", "--set",
            "train.batch_labelled=2", "--set", "train.batch_unlabelled=2", "--set", "model.n_dec=1", "--set", "loss.sample_points=4096");
    }

    @Test
    void settingsAndEveryFigureAreSentOnce() throws Exception {
        Cli cli = train("http://127.0.0.1:" + server.getAddress().getPort() + "/");
        assertEquals(0, cli.exit(), cli.err());
        assertEquals(List.of("GET experiments/get-by-name", "POST experiments/create", "POST runs/create"), asked.subList(0, 3));
        assertEquals("7", bodies.get(2).get("experiment_id").asText());
        assertEquals("mine", bodies.get(2).get("run_name").asText());
        Map<String, Double> figures = new TreeMap<>();
        Map<String, String> settings = new TreeMap<>();
        for (JsonNode body : bodies) {
            body.path("metrics").forEach(m -> assertEquals(null,
                figures.put(m.get("key").asText() + "@" + m.get("step").asLong(), m.get("value").asDouble()), "sent twice: " + m));
            body.path("params").forEach(p -> settings.put(p.get("key").asText(), p.get("value").asText()));
        }
        String[] header = Files.readAllLines(dir.resolve("mine/metrics.csv")).get(0).split(",");
        String[] last = Files.readAllLines(dir.resolve("mine/metrics.csv")).get(2).split(",", -1);
        for (int i = 1; i < header.length; i++) {
            if (!last[i].isEmpty()) {
                assertEquals(Double.parseDouble(last[i]), figures.get(header[i] + "@2"), header[i]);
            }
        }
        assertTrue(figures.containsKey("total@1"), figures.keySet().toString());
        assertEquals("2", settings.get("train.steps"));
        assertEquals("POST runs/update", asked.get(asked.size() - 1));
        assertEquals("FINISHED", bodies.get(bodies.size() - 1).get("status").asText());
    }

    @Test
    void anAddressThatIsNoServerIsRefusedBeforeTheTraining() throws Exception {
        assertEquals(2, train("file:///tmp/runs").exit());
        int nobody;
        try (ServerSocket free = new ServerSocket(0)) {
            nobody = free.getLocalPort();
        }
        Cli cli = train("http://127.0.0.1:" + nobody);
        assertEquals(6, cli.exit());
        assertTrue(cli.err().contains("does not answer"), cli.err());
        assertTrue(Files.notExists(dir.resolve("mine")), "nothing was begun");
    }
}
