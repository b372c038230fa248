package io.hiervl.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpServer;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.LabelMaps;
import io.hiervl.image.Photo;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.support.ui.WebDriverWait;

/**
 * The samples of docs/export.md and examples/browser give the labels of {@code predict} for a photo of several windows. They need
 * other programs: {@code -Dhiervl.testjvm="-Dhiervl.python=PYTHON -Dhiervl.ortweb=FOLDER"} names a Python with onnxruntime and
 * numpy, and the folder {@code dist} of onnxruntime-web.
 */
class ExportSamplesTest {
    /** Pixels in a thousand that may differ: another runtime rounds in another order, and the largest of two equal sums changes. */
    private static final int IN_A_THOUSAND = 1;

    @TempDir
    static Path dir;
    private static Path photo;
    private static LabelMap expected;

    @BeforeAll
    static void export() throws Exception {
        assumeTrue(System.getProperty("hiervl.python") != null || System.getProperty("hiervl.ortweb") != null,
            "no -Dhiervl.python and no -Dhiervl.ortweb");
        Path run = Forms.train(dir.resolve("run"), "train.steps=60", "train.method=supervised");
        Cli export = Cli.run("export", "--model", run, "--format", "onnx", "--out", dir.resolve("model.onnx"), "--card");
        assertEquals(0, export.exit(), export.err());
        photo = dir.resolve("photo.png");
        Images.writePng(mosaic(), photo);
        Cli predict = Cli.run("predict", "--model", dir.resolve("model.onnx"), "--out", dir.resolve("labels"), photo);
        assertEquals(0, predict.exit(), predict.err());
        try (var files = Files.walk(dir.resolve("labels"))) {
            expected = LabelMaps.read(files.filter(f -> f.toString().endsWith(".png") && !f.toString().contains("overlay")).findFirst()
                .orElseThrow());
        }
        long classes = IntStream.range(0, expected.values().length).map(i -> expected.values()[i]).distinct().count();
        assertTrue(classes > 2, "a photo of " + classes + " classes shows nothing");
    }

    /** Six scenes side by side: 150 x 100 pixels, cut off, so that the last windows of a row overlap more. */
    private static Photo mosaic() throws Exception {
        byte[] rgb = new byte[150 * 100 * 3];
        try (var scenes = Files.list(Path.of("datasets/tiny/JPEGImages"))) {
            List<Path> six = scenes.sorted().limit(6).toList();
            for (int s = 0; s < 6; s++) {
                Photo scene = Images.readPhoto(six.get(s));
                for (int i = 0; i < 50 * 50; i++) {
                    int x = s % 3 * 50 + i % 50;
                    int y = s / 3 * 50 + i / 50;
                    for (int c = 0; c < 3; c++) {
                        rgb[(y * 150 + x) * 3 + c] = (byte) scene.at(i % 50, i / 50, c);
                    }
                }
            }
        }
        return new Photo(rgb, 150, 100);
    }

    private static void like(byte[] labels) {
        assertEquals(expected.values().length, labels.length);
        long other = IntStream.range(0, labels.length).filter(i -> labels[i] != expected.values()[i]).count();
        assertTrue(1000 * other <= (long) IN_A_THOUSAND * labels.length, other + " of " + labels.length + " pixels have another label");
    }

    @Test
    void thePythonOfThePageGivesTheLabelsOfPredict() throws Exception {
        String python = System.getProperty("hiervl.python");
        assumeTrue(python != null, "no Python named with -Dhiervl.python");
        String page = Files.readString(Path.of("docs/export.md"));
        StringBuilder program = new StringBuilder();
        for (int at = page.indexOf("```python"); at >= 0; at = page.indexOf("```python", at + 1)) {
            program.append(page, at + "```python".length(), page.indexOf("```\n", at + 3)).append('\n');
        }
        Files.write(dir.resolve("photo.bin"), Images.readPhoto(photo).rgb());
        program.append("""
            photo = numpy.fromfile('photo.bin', numpy.uint8).reshape(100, 150, 3)
            segment(session, photo).astype(numpy.uint8).tofile('python.bin')
            """);
        Files.writeString(dir.resolve("sample.py"), program);
        Process process = new ProcessBuilder(python, "sample.py").directory(dir.toFile()).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(2, TimeUnit.MINUTES) && process.exitValue() == 0, said);
        like(Files.readAllBytes(dir.resolve("python.bin")));
    }

    @Test
    void theBrowserPageGivesTheLabelsOfPredict() throws Exception {
        String ort = System.getProperty("hiervl.ortweb");
        Path chromium = Path.of("/usr/bin/chromium");
        Path driver = Path.of("/usr/bin/chromedriver");
        assumeTrue(ort != null && Files.exists(chromium) && Files.exists(driver), "no Chromium, or no -Dhiervl.ortweb");
        ChromeOptions options = new ChromeOptions();
        options.setBinary(chromium.toString());
        options.addArguments("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage");
        HttpServer server = serve(Path.of(ort));
        ChromeDriver browser = new ChromeDriver(new ChromeDriverService.Builder().usingDriverExecutable(driver.toFile()).build(), options);
        try {
            browser.get("http://localhost:" + server.getAddress().getPort() + "/index.html");
            until(browser, "Choose a photo.");
            browser.findElement(By.id("file")).sendKeys(photo.toString());
            until(browser, "150 x 100: ");
            @SuppressWarnings("unchecked")
            List<Long> labels = (List<Long>) browser.executeScript("return Array.from(window.hiervlLabels)");
            byte[] bytes = new byte[labels.size()];
            IntStream.range(0, bytes.length).forEach(i -> bytes[i] = labels.get(i).byteValue());
            like(bytes);
        } finally {
            browser.quit();
            server.stop(0);
        }
    }

    private static void until(ChromeDriver browser, String text) {
        new WebDriverWait(browser, Duration.ofSeconds(60)).withMessage(() -> browser.findElement(By.id("status")).getText() + " "
            + browser.manage().logs().get("browser").getAll()).until(b -> b.findElement(By.id("status")).getText().startsWith(text));
    }

    /** The sample's folder, the exported files and the runtime, as docs/export.md puts them together. */
    private static HttpServer serve(Path ort) throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            String name = exchange.getRequestURI().getPath().substring(1);
            Path file = name.startsWith("ort/") ? ort.resolve(name.substring(4)) : Path.of("examples/browser").resolve(name);
            file = Files.exists(file) ? file : dir.resolve(name);
            byte[] body = Files.exists(file) ? Files.readAllBytes(file) : new byte[0];
            String type = name.endsWith("js") ? "text/javascript"
                : name.endsWith(".html") ? "text/html" : name.endsWith(".wasm") ? "application/wasm" : "application/octet-stream";
            exchange.getResponseHeaders().set("Content-Type", type);
            exchange.sendResponseHeaders(Files.exists(file) ? 200 : 404, body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        return server;
    }
}
