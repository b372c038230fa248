package io.hiervl.runlog;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.HierVlException;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A run on an MLflow tracking server, written by the server's REST form 2.0. Nothing is read back but the numbers of experiment and run.
 * Not safe for several threads.
 */
public final class MlflowRun {
    /** Name of the environment variable with a token for the server, as MLflow's own clients have it. */
    public static final String TOKEN = "MLFLOW_TRACKING_TOKEN";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    /** What the server takes in one request. */
    private static final int MOST_METRICS = 1000;
    private static final int MOST_PARAMETERS = 100;
    private static final int LONGEST = 500;

    private final HttpClient client = HttpClient.newBuilder().connectTimeout(PATIENCE).build();
    private final URI server;
    private final String id;

    /** A value of a step. */
    public record Metric(String key, double value, long step) {
    }

    /**
     * Begins a run; makes the experiment if there is none of this name.
     *
     * @param server such as {@code http://127.0.0.1:5000}
     * @throws HierVlException usage error (exit 2) for an address that is none, environment error (exit 6) if the server does not answer as
     *                         MLflow does
     */
    public MlflowRun(String server, String experiment, String name) {
        this.server = address(server);
        JsonNode run = ask("runs/create", Map.of("experiment_id", experiment(experiment), "run_name", name, "start_time",
            System.currentTimeMillis(), "tags", List.of(Map.of("key", "mlflow.source.name", "value", "hiervl train"))));
        this.id = text(run.at("/run/info/run_id"), "run_id");
    }

    private static URI address(String text) {
        try {
            URI uri = URI.create(text.replaceAll("/+$", ""));
            if (List.of("http", "https").contains(String.valueOf(uri.getScheme())) && uri.getHost() != null) {
                return uri;
            }
        } catch (IllegalArgumentException e) {
            // the message below says it
        }
        throw HierVlException.usage("the MLflow server is '" + text + "', expected an address such as http://127.0.0.1:5000");
    }

    private String experiment(String name) {
        HttpResponse<String> found =
            send(request("experiments/get-by-name?experiment_name=" + URLEncoder.encode(name, StandardCharsets.UTF_8)).GET().build());
        return found.statusCode() == 404 ? text(ask("experiments/create", Map.of("name", name)).at("/experiment_id"), "experiment_id")
            : text(parsed(found).at("/experiment/experiment_id"), "experiment_id");
    }

    /** The run's number on the server. */
    public String id() {
        return id;
    }

    /** Adds values; those that are not finite are left out. */
    public void metrics(List<Metric> metrics) {
        long now = System.currentTimeMillis();
        List<Map<String, Object>> all = new ArrayList<>();
        metrics.stream().filter(m -> Double.isFinite(m.value))
            .forEach(m -> all.add(Map.of("key", m.key, "value", m.value, "timestamp", now, "step", m.step)));
        for (int i = 0; i < all.size(); i += MOST_METRICS) {
            ask("runs/log-batch", Map.of("run_id", id, "metrics", all.subList(i, Math.min(all.size(), i + MOST_METRICS))));
        }
    }

    /** Adds settings; long ones are cut. */
    public void parameters(Map<String, String> settings) {
        List<Map<String, String>> all = settings.entrySet().stream()
            .map(e -> Map.of("key", e.getKey(), "value", e.getValue().substring(0, Math.min(LONGEST, e.getValue().length())))).toList();
        for (int i = 0; i < all.size(); i += MOST_PARAMETERS) {
            ask("runs/log-batch", Map.of("run_id", id, "params", all.subList(i, Math.min(all.size(), i + MOST_PARAMETERS))));
        }
    }

    /** @param status FINISHED, KILLED or FAILED */
    public void end(String status) {
        ask("runs/update", Map.of("run_id", id, "status", status, "end_time", System.currentTimeMillis()));
    }

    private HttpRequest.Builder request(String path) {
        HttpRequest.Builder builder = HttpRequest.newBuilder(URI.create(server + "/api/2.0/mlflow/" + path)).timeout(PATIENCE);
        String token = System.getenv(TOKEN);
        return token == null ? builder : builder.header("Authorization", "Bearer " + token);
    }

    private JsonNode ask(String path, Map<String, Object> body) {
        try {
            return parsed(send(request(path).header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(body))).build()));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private HttpResponse<String> send(HttpRequest request) {
        try {
            return client.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw HierVlException.environment("the MLflow server " + server + " does not answer (" + e + ")", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw HierVlException.environment("the question to the MLflow server " + server + " was interrupted", e);
        }
    }

    private JsonNode parsed(HttpResponse<String> answer) {
        try {
            if (answer.statusCode() == 200) {
                return JSON.readTree(answer.body());
            }
        } catch (IOException e) {
            // the message below says it
        }
        String start = answer.body().substring(0, Math.min(200, answer.body().length())).replaceAll("\\s+", " ");
        throw HierVlException.environment("the MLflow server " + server + " answered " + answer.uri().getPath() + " with status "
            + answer.statusCode() + ": " + start);
    }

    private String text(JsonNode node, String what) {
        if (node.asText().isEmpty()) {
            throw HierVlException.environment("the answer of " + server + " has no " + what + "; is it an MLflow server?");
        }
        return node.asText();
    }
}
