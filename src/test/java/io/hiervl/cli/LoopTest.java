package io.hiervl.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import sun.misc.Signal;

/** The loop of a person with photos: try names, train, watch, choose what to label, serve. On two steps and a few scenes. */
class LoopTest {
    private static final Path TINY = Path.of("datasets/tiny");
    private static final Path CLIP = Path.of("graphs/tiny-clip");

    @TempDir
    static Path dir;
    private static Path run;
    private static Path val;
    private static Path pool;
    private static Cli trained;

    @BeforeAll
    static void train() throws IOException {
        run = dir.resolve("run");
        val = Files.write(dir.resolve("val.txt"), Files.readAllLines(TINY.resolve("val.txt")).subList(0, 2));
        pool = Files.write(dir.resolve("pool.txt"), Files.readAllLines(TINY.resolve("splits/8/unlabeled.txt")).subList(0, 12));
        trained = Cli.run("train", "--recipe", "tiny", "--data", TINY, "--clip", CLIP, "--val", val, "--out", run, "--no-eval", "--watch",
            "--set", "train.steps=2", "--set", "train.warmup=1", "--set", "train.log_every=1", "--set", "train.batch_labelled=2", "--set",
            "train.batch_unlabelled=2", "--set", "model.n_dec=1", "--set", "loss.sample_points=4096");
    }

    private static String photo(int i) {
        return TINY.resolve(String.format("JPEGImages/val_%03d.png", i)).toString();
    }

    @Test
    void trainingSaysWhereItCanBeWatched() {
        assertEquals(0, trained.exit(), trained.err());
        assertTrue(trained.err().contains("watch the run at http://127.0.0.1:"), trained.err());
    }

    @Test
    void namesAreTriedOnPhotosAndOnMasks() throws Exception {
        Path out = dir.resolve("try");
        Cli photos =
            Cli.run("clip", "try", "--clip", CLIP, "--classes", "grass|sand|sky,red thing,blue thing", photo(0), photo(1), "--out", out);
        assertEquals(0, photos.exit(), photos.err());
        assertTrue(photos.out().contains("red thing") && photos.out().contains("nearest") && !photos.out().contains("IoU"), photos.out());
        assertTrue(
            Files.readString(out.resolve("try.html")).contains("data:image/png") && Files.exists(out.resolve("001_val_000_overlay.png")));
        Path described = Files.createDirectories(dir.resolve("described"));
        Files.writeString(described.resolve("dataset.yaml"), """
            name: described
            classes: [ground, red thing]
            concepts: {ground: [grass, sand, sky]}
            palette: [[1, 2, 3], [12, 240, 34]]
            """);
        Path coloured = dir.resolve("coloured");
        Cli yaml = Cli.run("clip", "try", "--clip", CLIP, "--classes", described.resolve("dataset.yaml"), photo(0), "--out", coloured);
        assertEquals(0, yaml.exit(), yaml.err());
        BufferedImage picture = ImageIO.read(coloured.resolve("001_val_000_overlay.png").toFile());
        int[] pixels = picture.getRGB(0, 0, picture.getWidth(), picture.getHeight(), null, 0, picture.getWidth());
        assertTrue(Arrays.stream(pixels).anyMatch(c -> (c & 0xff_ff_ff) == 0x01_02_03), "the description's colour is not in the picture");
        Path concepts = dir.resolve("concepts.yaml");
        Cli masks =
            Cli.run("clip", "try", "--clip", CLIP, "--data", TINY, "--list", val, "--wording", "red thing=grass", "--write-concepts",
                concepts, "--json");
        assertEquals(0, masks.exit(), masks.err());
        JsonNode json = masks.json();
        assertEquals(7, json.get("classes").size());
        assertEquals("red thing", json.get("concepts").get("red thing").get(0).asText(), "words that do not fit are left out");
        assertTrue(json.get("miou").asDouble() > 0.2, json.get("miou").toString());
        assertTrue(Files.readString(concepts).startsWith("concepts:\n  \"background\": ["), Files.readString(concepts));
    }

    @Test
    void wrongNamesAreExplained() {
        assertEquals(2, Cli.run("clip", "try", "--clip", CLIP, photo(0)).exit());
        assertEquals(2, Cli.run("clip", "try", "--clip", CLIP, "--classes", "one", photo(0)).exit());
        assertEquals(2, Cli.run("clip", "try", "--clip", CLIP, "--classes", "a,b,a", photo(0)).exit());
        assertEquals(2, Cli.run("clip", "try", "--clip", CLIP, "--classes", "a,b", "--write-concepts", dir.resolve("c"), photo(0)).exit());
        Cli other = Cli.run("clip", "try", "--clip", CLIP, "--classes", "a,b", "--data", TINY, "--list", val);
        assertEquals(2, other.exit());
        assertTrue(other.err().contains("--wording"), other.err());
        assertEquals(4, Cli.run("clip", "try", "--clip", dir, "--classes", "a,b", photo(0)).exit());
        assertEquals(3, Cli.run("clip", "try", "--clip", CLIP, "--classes", "a,b", dir.resolve("none.jpg")).exit());
    }

    @Test
    void photosToLabelAreChosenWithReasons() throws Exception {
        Path out = dir.resolve("next");
        Cli cli =
            Cli.run("data", "suggest", "--model", run, "--data", TINY, "--labeled", TINY.resolve("splits/8/labeled.txt"), "--unlabeled",
                pool, "--count", 5, "--clip", CLIP, "--out", out, "--as", "label-studio,png", "--json");
        assertEquals(0, cli.exit(), cli.err());
        assertEquals(5, cli.json().size());
        cli.json().forEach(s -> assertTrue(s.get("reason").asText().length() > 20, s.toString()));
        List<String> chosen = Files.readAllLines(out.resolve("suggested.txt"));
        assertEquals(5, chosen.stream().distinct().count());
        List<String> photos = Files.readAllLines(pool).stream().map(line -> line.split(" ")[0]).toList();
        assertTrue(photos.containsAll(chosen), chosen.toString());
        assertEquals(6, Files.readAllLines(out.resolve("suggested.csv")).size());
        assertTrue(Files.size(out.resolve("suggested.png")) > 5000);
        assertEquals(5, new ObjectMapper().readTree(out.resolve("label-studio/tasks.json").toFile()).size());
        try (var masks = Files.list(out.resolve("png/SegmentationClass"))) {
            assertEquals(5, masks.count());
        }
        assertEquals(2, Cli.run("data", "suggest", "--model", run, "--data", TINY, "--weights", "1,2", "--out", out).exit());
        Cli all =
            Cli.run("data", "suggest", "--model", run, "--data", TINY, "--labeled", TINY.resolve("splits/8/labeled.txt"), "--unlabeled",
                TINY.resolve("splits/8/labeled.txt"), "--out", out);
        assertEquals(3, all.exit());
        assertTrue(all.err().contains("nothing to choose from"), all.err());
    }

    @Test
    void aRunIsFrozenIntoOneFile() throws Exception {
        Path page = dir.resolve("run.html");
        Cli cli = Cli.run("watch", run, "--photos", 2, "--freeze", page);
        assertEquals(0, cli.exit(), cli.err());
        String text = Files.readString(page);
        JsonNode data = new ObjectMapper().readTree(text.replaceAll("(?s).*id=\"frozen\">(.*?)</script>.*", "$1"));
        assertEquals(2, data.at("/runs/0/done").asInt());
        assertEquals("step-000000002", data.at("/runs/0/checkpoints/0/checkpoint").asText());
        assertEquals(7, data.at("/runs/0/checkpoints/0/iou").size());
        assertTrue(data.at("/runs/0/checkpoints/0/picture").asText().startsWith("data:image/png"));
        JsonNode gates = data.at("/runs/0/checkpoints/0/gates");
        assertEquals(7, gates.size());
        gates.forEach(g -> assertTrue(g.asDouble() >= 0 && g.asDouble() <= 1, gates.toString()));
        assertTrue(data.at("/runs/0/checkpoints/0/query").asText().endsWith(" thing, level 0"), "the largest thing, not the background");
        byte[] png = Base64.getDecoder().decode(data.at("/runs/0/checkpoints/0/attention").asText().substring(22));
        assertEquals(2 * 160 + 6, ImageIO.read(new ByteArrayInputStream(png)).getWidth(), "the photo and one layer");
        assertTrue(!text.contains("src=\"watch.js\"") && !text.contains("href=\"watch.css\""), "nothing is loaded");
        assertEquals(3, Cli.run("watch", dir.resolve("none")).exit());
    }

    @Test
    void aModelIsServedUntilASignalComes() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        CompletableFuture<Cli> serve = CompletableFuture.supplyAsync(() -> Cli.run("serve", "--model", "mine=" + run, "--port", port));
        HttpClient client = HttpClient.newHttpClient();
        String base = "http://127.0.0.1:" + port;
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
        while (!serve.isDone()) {
            try {
                if (client.send(HttpRequest.newBuilder(URI.create(base + "/health/ready")).build(), HttpResponse.BodyHandlers.ofString())
                    .statusCode() == 200) {
                    break;
                }
            } catch (ConnectException e) {
                assertTrue(System.nanoTime() < end, "it never listens");
            }
            Thread.sleep(50);
        }
        HttpResponse<String> answer = client.send(HttpRequest.newBuilder(URI.create(base + "/v1/segment"))
            .POST(HttpRequest.BodyPublishers.ofFile(Path.of(photo(0)))).build(), HttpResponse.BodyHandlers.ofString());
        assertEquals(200, answer.statusCode(), answer.body());
        assertEquals("mine", new ObjectMapper().readTree(answer.body()).get("model").asText());
        Cli taken = Cli.run("serve", "--model", run, "--port", port);
        assertEquals(6, taken.exit());
        assertTrue(taken.err().contains("cannot listen at port " + port), taken.err());
        Signal.raise(new Signal("TERM"));
        Cli stopped = serve.get(30, TimeUnit.SECONDS);
        assertEquals(0, stopped.exit(), stopped.err());
        assertEquals("listening at " + base + "/", stopped.out().strip());
    }

    @Test
    void aServiceThatCannotBeIsRefused() {
        Cli open = Cli.run("serve", "--model", run, "--host", "0.0.0.0");
        assertEquals(2, open.exit());
        assertTrue(open.err().contains("a token is needed"), open.err());
        assertEquals(2, Cli.run("serve", "--model", run, "--token", "short").exit());
        assertEquals(2, Cli.run("serve", "--model", run, "--model", run, "--port", 0).exit(), "two models of one name");
        assertEquals(2, Cli.run("serve", "--model", run, "--timeout", 0).exit());
        assertEquals(4, Cli.run("serve", "--model", dir.resolve("none")).exit());
        assertEquals(3, Cli.run("serve", "--model", run, "--collect", dir.resolve("none")).exit());
    }
}
