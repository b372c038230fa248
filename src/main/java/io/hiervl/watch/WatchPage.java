package io.hiervl.watch;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.serve.http.Call;
import io.hiervl.serve.http.HttpService;
import io.hiervl.serve.http.Metrics;
import io.hiervl.serve.http.Refusal;
import io.hiervl.serve.http.Reply;
import io.hiervl.serve.http.Route;
import io.hiervl.serve.http.ServiceOptions;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The page of runs, served live or frozen into one file. Requests name runs and pictures by number. */
public final class WatchPage {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final List<WatchedRun> runs;
    private final Map<WatchedRun, Snapshots> snapshots;

    /** @param snapshots predictions of runs; those without have no pictures */
    public WatchPage(List<WatchedRun> runs, Map<WatchedRun, Snapshots> snapshots) {
        this.runs = List.copyOf(runs);
        this.snapshots = Map.copyOf(snapshots);
    }

    /** Serves the page at a loopback address. */
    public HttpService serve(int port) {
        return new HttpService(ServiceOptions.local(port), List.of(file("/", "watch.html", "text/html"),
            file("/watch.css", "watch.css", "text/css"), file("/watch.js", "watch.js", "text/javascript"),
            Route.get("/api/runs", c -> Reply.json(Map.of("runs", describe(false)))), Route.get("/api/picture", this::picture)),
            new Metrics()).start();
    }

    /** The page in one file that loads nothing: figures and pictures of now. */
    public String frozen() {
        try {
            // No text of the data may end the script element.
            String data = JSON.writeValueAsString(Map.of("runs", describe(true))).replace("<", "\\u003c");
            return text("watch.html").replace("<link rel=\"stylesheet\" href=\"watch.css\">", "<style>\n" + text("watch.css") + "</style>")
                .replace("<script type=\"module\" src=\"watch.js\"></script>",
                    "<script type=\"application/json\" id=\"frozen\">" + data + "</script>\n<script type=\"module\">\n" + text("watch.js")
                        + "</script>");
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private List<Map<String, Object>> describe(boolean pictures) {
        List<Map<String, Object>> out = new ArrayList<>();
        for (WatchedRun run : runs) {
            Map<String, Object> one = new LinkedHashMap<>(run.snapshot());
            Snapshots shots = snapshots.get(run);
            if (shots != null) {
                List<Map<String, Object>> seen = shots.describe();
                if (pictures) {
                    for (int n = 0; n < seen.size(); n++) {
                        seen.get(n).put("picture", inline(shots.picture(n)));
                        if (shots.attention(n) != null) {
                            seen.get(n).put("attention", inline(shots.attention(n)));
                        }
                    }
                }
                one.put("classes", shots.classes());
                one.put("checkpoints", seen);
            }
            out.add(one);
        }
        return out;
    }

    private static String inline(byte[] png) {
        return "data:image/png;base64," + Base64.getEncoder().encodeToString(png);
    }

    private Reply picture(Call call) {
        int run = number(call, "run");
        Snapshots shots = run < runs.size() ? snapshots.get(runs.get(run)) : null;
        int checkpoint = number(call, "checkpoint");
        boolean attention = call.choice("of", "predictions", "predictions", "attention").equals("attention");
        byte[] png = shots == null ? null : attention ? shots.attention(checkpoint) : shots.picture(checkpoint);
        if (png == null) {
            throw new Refusal(404, "there is no such picture");
        }
        return new Reply("image/png", png);
    }

    private static int number(Call call, String name) {
        String text = call.query(name, "");
        if (!text.matches("\\d{1,6}")) {
            throw new Refusal(400, "'" + name + "' must be a number");
        }
        return Integer.parseInt(text);
    }

    private static Route file(String path, String name, String type) {
        Reply reply = Reply.text(type, text(name));
        return Route.open(path, call -> reply);
    }

    private static String text(String name) {
        try (InputStream in = WatchPage.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
