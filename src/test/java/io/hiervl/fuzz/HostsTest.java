package io.hiervl.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.checkpoint.BestCheckpoint;
import io.hiervl.export.ExportFormat;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The library inside programs of others: other versions of libraries, other class loaders, their logging. */
@Timeout(300)
class HostsTest {
    private static final String CLASSES = System.getProperty("java.class.path");

    private static final List<String> READ =
        List.of("run: 64x48", "model-samediff.sd: 3 classes", "model-samediff-stock.sd: 3 classes", "model-onnx.onnx: 3 classes");

    @TempDir
    Path work;

    private List<String> run(String classPath, Class<?> main, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx256m",
            "-Dorg.bytedeco.javacpp.maxbytes=1g", "-Dorg.bytedeco.javacpp.maxphysicalbytes=0", "-Djava.awt.headless=true", "-cp", classPath,
            main.getName()));
        command.addAll(List.of(arguments));
        Path log = work.resolve("log.txt");
        Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
        boolean ended = process.waitFor(200, TimeUnit.SECONDS);
        process.destroyForcibly();
        String text = Files.readString(log, StandardCharsets.UTF_8);
        assertTrue(ended, text);
        assertEquals(0, process.exitValue(), text);
        return text.lines().toList();
    }

    /** A server that drops the program: it is collected, and can come again; no thread of a second copy is left either. */
    @Test
    void aClosedProgramsClassLoaderIsCollected() throws Exception {
        Path run = new Seeds(work).checkpoint();
        String own = Arrays.stream(CLASSES.split(File.pathSeparator)).filter(e -> e.contains("test-classes")).findFirst().orElseThrow();
        List<String> said = run(own, Redeploy.class, CLASSES, run.toString(), "3");
        assertEquals(3, said.stream().filter("segmented: LabelMap"::equals).count(), said.toString());
        for (int round = 1; round <= 3; round++) {
            assertTrue(said.contains("round " + round + " collected"), said.toString());
        }
    }

    /** A notebook kernel brings Jackson 2.6, whose mapper lacks fields. This one lacks everything: who asks for it fails. */
    @Test
    void modelsAreReadBesideAForeignJackson() throws Exception {
        Path source = Files.createDirectories(work.resolve("source")).resolve("ObjectMapper.java");
        Files.writeString(source, """
            package com.fasterxml.jackson.databind;
            public class ObjectMapper {
                static {
                    if (true) {
                        throw new NoSuchFieldError("a mapper of the host");
                    }
                }
            }
            """);
        Path host = Files.createDirectories(work.resolve("host"));
        assertEquals(0, ToolProvider.getSystemJavaCompiler().run(null, null, null, "-d", host.toString(), source.toString()));
        List<String> said = run(host + File.pathSeparator + CLASSES, ForeignHost.class, models());
        assertEquals("NoSuchFieldError: a mapper of the host", said.get(0));
        assertEquals(READ, said.subList(1, said.size()));
    }

    /** The real Jackson 2.6, where the local repository has it: {@code mvn dependency:get -Dartifact=GROUP:jackson-databind:2.6.5}. */
    @Test
    void modelsAreReadBesideJackson26() throws Exception {
        Path repository = Path.of(Arrays.stream(CLASSES.split(File.pathSeparator)).filter(e -> e.contains("jackson-core")).findFirst()
            .orElseThrow()).getParent().getParent().getParent();
        List<Path> jars = List.of(repository.resolve("jackson-databind/2.6.5/jackson-databind-2.6.5.jar"),
            repository.resolve("jackson-core/2.6.5/jackson-core-2.6.5.jar"),
            repository.resolve("jackson-annotations/2.6.0/jackson-annotations-2.6.0.jar"));
        Assumptions.assumeTrue(jars.stream().allMatch(Files::exists), "the local repository has no Jackson 2.6");
        String before = jars.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
        assertEquals(READ, run(before + File.pathSeparator + CLASSES, ForeignHost.class, models()));
    }

    private String[] models() {
        Seeds seeds = new Seeds(work);
        Path checkpoint = seeds.checkpoint();
        Path run = checkpoint.getParent().getParent();
        new BestCheckpoint(checkpoint.getFileName().toString(), 5, 0.5).write(run);
        return Stream.of(run, seeds.export(ExportFormat.SAMEDIFF), seeds.export(ExportFormat.SAMEDIFF_STOCK),
            seeds.export(ExportFormat.ONNX)).map(Path::toString).toArray(String[]::new);
    }

    /** The host's configuration would be replaced by one in the jar. */
    @Test
    void theLibraryBringsNoConfigurationOfLogging() {
        for (String name : List.of("logback.xml", "logback-test.xml", "log4j2.xml", "log4j.properties", "logging.properties",
            "simplelogger.properties")) {
            assertNull(HostsTest.class.getClassLoader().getResource(name), name);
        }
    }
}
