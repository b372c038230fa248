package io.hiervl.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs the commands of docs/tutorial.md in their order in a shell, as they stand there but for three things: trainings have two steps of
 * two photos, lists are short, and the service has a free port. Services run beside the commands that ask them.
 */
class TutorialTest {
    private static final Path HOME = Path.of("").toAbsolutePath();
    private static final Pattern BLOCK = Pattern.compile("(?ms)^```([^\\n]*)\\n(.*?)^```$");
    private static final String FEW = " --set train.warmup=1 --set train.batch_labelled=2 --set train.batch_unlabelled=2";

    /** Unlabelled photos. */
    private static final int POOL = 20;

    /** A fenced block of the page. */
    private record Block(String kind, String text) {
        boolean service() {
            return text.startsWith("./hiervl serve") || text.startsWith("./hiervl watch") && !text.contains("--freeze");
        }
    }

    @TempDir
    Path dir;
    private Process service;
    private int port;

    private static List<Block> blocks(String heading) throws IOException {
        String page = Files.readString(HOME.resolve("docs/tutorial.md"));
        int from = page.indexOf("\n## " + heading);
        int to = page.indexOf("\n## ", from + 4);
        List<Block> blocks = new ArrayList<>();
        Matcher found = BLOCK.matcher(page.substring(from, to));
        while (found.find()) {
            blocks.add(new Block(found.group(1), found.group(2)));
        }
        return blocks;
    }

    /** The launcher without its build: the classes of this test run. */
    private void prepare() throws IOException {
        assumeTrue(Stream.of("bash", "curl", "base64", "awk").allMatch(TutorialTest::onPath), "no shell, curl or base64 here");
        String java = ProcessHandle.current().info().command().orElse("java");
        Path launcher = Files.writeString(dir.resolve("hiervl"), "#!/usr/bin/env bash\nexec '" + java + "' -Xmx1g -XX:+UseParallelGC "
            + "-XX:TieredStopAtLevel=1 -Djava.awt.headless=true -Dorg.bytedeco.javacpp.maxbytes=3g "
            + "-Dorg.bytedeco.javacpp.maxphysicalbytes=0 "
            + "'-Dhiervl.home=" + HOME + "' -cp '" + System.getProperty("java.class.path") + "' io.hiervl.cli.Main \"$@\"\n");
        assertTrue(launcher.toFile().setExecutable(true));
        Files.createSymbolicLink(dir.resolve("graphs"), HOME.resolve("graphs"));
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
    }

    private static boolean onPath(String program) {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator)).anyMatch(p -> Files.isExecutable(Path.of(p, program)));
    }

    private String small(String commands) {
        return commands.replaceAll(" --set train\\.(steps|checkpoint_every)=\\d+", "").replaceAll(" --minutes \\d+", "")
            .replaceAll("(?m)^(\\./hiervl train .*--resume.*)$", "$1 --set train.steps=3" + FEW)
            .replaceAll("(?m)^(\\./hiervl train (?!.*--resume).*)$", "$1 --set train.steps=2" + FEW)
            .replace(":8080", ":" + port);
    }

    private String bash(String commands) throws IOException, InterruptedException {
        Path output = dir.resolve("output.txt");
        Process p = new ProcessBuilder("bash", "-euo", "pipefail", "-c", small(commands)).directory(dir.toFile()).redirectErrorStream(true)
            .redirectOutput(output.toFile()).start();
        boolean ended = p.waitFor(3, TimeUnit.MINUTES);
        String text = Files.readString(output);
        if (!ended) {
            p.descendants().forEach(ProcessHandle::destroyForcibly);
            p.destroyForcibly();
        }
        assertTrue(ended && p.exitValue() == 0, commands + "\n" + text);
        return text;
    }

    /** Starts a service and waits for its address. */
    private void start(String command) throws IOException, InterruptedException {
        stop();
        Path log = Files.createTempFile(dir, "service", ".txt");
        String words = command.strip() + (command.startsWith("./hiervl serve") ? " --port " + port : " --photos 1");
        service = new ProcessBuilder("bash", "-c", "exec " + words).directory(dir.toFile()).redirectErrorStream(true)
            .redirectOutput(log.toFile()).start();
        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
        while (!Files.readString(log).contains("http://127.0.0.1:")) {
            assertTrue(service.isAlive() && System.nanoTime() < end, command + "\n" + Files.readString(log));
            Thread.sleep(50);
        }
    }

    private void stop() throws InterruptedException {
        if (service != null) {
            service.destroy();
            if (!service.waitFor(30, TimeUnit.SECONDS)) {
                service.destroyForcibly();
            }
            service = null;
        }
    }

    /** Runs a part of the page; what it printed. */
    private String run(String heading, String val, String unlabelled) throws IOException, InterruptedException {
        StringBuilder printed = new StringBuilder();
        int services = 0;
        try {
            for (Block block : blocks(heading)) {
                if (block.service()) {
                    start(block.text());
                    services++;
                } else if (block.kind().startsWith("java ")) {
                    Files.writeString(dir.resolve(block.kind().substring(5)), block.text().replace(":8080", ":" + port));
                } else if (block.kind().isEmpty()) {
                    printed.append(bash(block.text()));
                    if (block.text().contains("data synth") || block.text().contains("data init")) {
                        bash("head -n 2 " + val + " > few.txt; mv few.txt " + val);
                        bash("head -n " + POOL + " " + unlabelled + " > few.txt; mv few.txt " + unlabelled);
                    }
                }
            }
        } finally {
            stop();
        }
        assertEquals(3, services, "one page of a run, two services");
        return printed.toString();
    }

    @Test
    void everyCommandForRenderedScenesRuns() throws Exception {
        prepare();
        String printed = run("Rendered scenes", "scenes/val.txt", "scenes/splits/8/unlabeled.txt");
        assertTrue(Files.exists(dir.resolve("try/try.html")) && Files.exists(dir.resolve("first.html")), printed);
        List<String> labelled = Files.readAllLines(dir.resolve("scenes/splits/8/labeled.txt"));
        assertEquals(16, labelled.size(), "eight, a correction, and seven more: " + labelled);
        assertEquals(1, labelled.stream().filter(l -> l.startsWith("corrected/images/")).count(), labelled.toString());
        assertEquals(POOL - 8, Files.readAllLines(dir.resolve("scenes/splits/8/unlabeled.txt")).size());
        assertEquals(64, ImageIO.read(dir.resolve("labels.png").toFile()).getWidth());
        assertTrue(ImageIO.read(dir.resolve("overlay.png").toFile()) != null);
        assertTrue(Files.readString(dir.resolve("scenes.html")).contains("query_decoder"));
        assertTrue(printed.contains("finished after step 3"), "the run that went on: " + printed);
        assertTrue(printed.contains("200 {\"model\":\"scenes.onnx\""), "the Java program's answer: " + printed);
    }

    @Test
    void everyCommandForRealPhotosRuns() throws Exception {
        prepare();
        Path photos = Path.of(System.getProperty("shared.dir", "../shared")).toAbsolutePath().resolve("data/voc-mini");
        assumeTrue(Files.isDirectory(photos), "no photos of Pascal VOC here");
        Files.createSymbolicLink(dir.resolve("VOC"), photos);
        for (Block block : blocks("Rendered scenes")) {
            if (block.kind().startsWith("java ")) {
                Files.writeString(dir.resolve(block.kind().substring(5)), block.text().replace(":8080", ":" + port));
            }
        }
        String printed = run("Real photos", "photos/val.txt", "photos/unlabeled.txt");
        assertEquals(9, Files.readAllLines(dir.resolve("photos/labeled.txt")).size(), "eight and a correction");
        assertTrue(Files.exists(dir.resolve("next-photos/label-studio/tasks.json")), printed);
        assertTrue(printed.contains("\"regions\":[") && printed.contains("200 {\"model\":\"photos.onnx\""), printed);
    }
}
