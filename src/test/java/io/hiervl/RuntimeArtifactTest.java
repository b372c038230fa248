package io.hiervl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.hiervl.cli.Forms;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.predict.Segmenter;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** hiervl-runtime holds what it needs, is small, and gives the labels of the whole program (runtime/pom.xml). */
@Timeout(300)
class RuntimeArtifactTest {
    private static final long LARGEST = 180_000_000;
    private static final Path POM = Path.of("runtime", "pom.xml").toAbsolutePath();

    @TempDir
    Path dir;

    private static List<Pattern> patterns(String tag) throws IOException {
        List<Pattern> patterns = new ArrayList<>();
        Matcher m = Pattern.compile("<" + tag + ">(io/hiervl/.*?)</" + tag + ">").matcher(Files.readString(POM));
        while (m.find()) {
            String glob = m.group(1).replace("**", "\0").replace("*", "[^/]*").replace("\0", ".*").replace("$", "\\$");
            patterns.add(Pattern.compile(glob));
        }
        return patterns;
    }

    private static boolean matches(List<Pattern> patterns, JavaClass c) {
        String file = c.getName().replace('.', '/') + ".class";
        return patterns.stream().anyMatch(p -> p.matcher(file).matches());
    }

    /** A class that is missing would be found by the user who needs it. */
    @Test
    void noClassOfTheJarNeedsOneThatIsNotInIt() throws IOException {
        JavaClasses all =
            new ClassFileImporter().withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS).importPackages("io.hiervl");
        List<Pattern> includes = patterns("include");
        List<Pattern> excludes = patterns("exclude");
        Set<String> missing = new TreeSet<>();
        int packed = 0;
        for (JavaClass c : all) {
            if (matches(includes, c) && !matches(excludes, c)) {
                packed++;
                c.getDirectDependenciesFromSelf().stream().map(d -> d.getTargetClass().getBaseComponentType())
                    .filter(t -> t.getPackageName().startsWith("io.hiervl") && !(matches(includes, t) && !matches(excludes, t)))
                    .forEach(t -> missing.add(c.getName() + " needs " + t.getName()));
            }
        }
        assertTrue(packed > 300 && packed < all.size() / 1.5, packed + " classes of " + all.size());
        assertEquals(Set.of(), missing);
    }

    /** Packs the artifacts of this platform and resolves their class path; skipped where Maven has not got what it needs. */
    private List<Path> classPath() throws Exception {
        String artifact = "hiervl-runtime-" + Loader.getPlatform();
        Assumptions.assumeTrue(Files.exists(Path.of("runtime", "platforms", Loader.getPlatform())), "there is no " + artifact);
        OfflineMaven.run(dir.resolve("maven.txt"), "-f", "publish/pom.xml", "-pl", ":" + artifact, "-am", "package",
            "dependency:build-classpath", "-Dmdep.outputFile=target/classpath.txt", "-Dmdep.includeScope=runtime");
        Path module = Path.of("runtime", "platforms", Loader.getPlatform(), "target");
        List<Path> path = new ArrayList<>();
        try (var jars = Files.list(module)) {
            jars.filter(p -> p.getFileName().toString().matches(artifact + "-[\\d.]+\\.jar")).map(Path::toAbsolutePath).forEach(path::add);
        }
        for (String entry : Files.readString(module.resolve("classpath.txt")).split(File.pathSeparator)) {
            path.add(Path.of(entry));
        }
        return path;
    }

    @Test
    void itIsSmallAndGivesTheLabelsOfTheWholeProgram() throws Exception {
        List<Path> path = classPath();
        long bytes = 0;
        for (Path entry : path) {
            bytes += Files.size(entry);
        }
        assertTrue(bytes <= LARGEST, bytes + " bytes: " + path);
        assertTrue(path.stream().filter(p -> p.toString().contains("hiervl-runtime")).count() == 2, path.toString());
        for (String foreign : List.of("logback", "picocli", "jetty", "opencv", "spark", "datavec", "deeplearning4j", "xchart",
            "micrometer")) {
            assertFalse(path.stream().anyMatch(p -> p.getFileName().toString().contains(foreign)), foreign + " is in " + path);
        }
        Map<String, Path> forms = Forms.all(dir);
        Path jpeg = dir.resolve("photo.jpg");
        assertTrue(ImageIO.write(Images.toBuffered(Images.readPhoto(Forms.PHOTO)), "jpeg", jpeg.toFile()));
        Path reader = dir.resolve("classes/io/hiervl/predict/RuntimeReader.class");
        Files.createDirectories(reader.getParent());
        try (var in = RuntimeArtifactTest.class.getResourceAsStream("predict/RuntimeReader.class")) {
            Files.copy(in, reader);
        }
        for (Path photo : List.of(Forms.PHOTO, jpeg)) {
            for (String form : List.of("run", "samediff", "samediff-stock", "onnx")) {
                byte[] there = child(path, photo, forms.get(form));
                LabelMap here;
                try (Segmenter s = Segmenter.load(forms.get(form))) {
                    here = s.segment(photo);
                }
                assertTrue(here.histogram()[0] < here.values().length, "one class everywhere shows nothing");
                assertArrayEquals(here.values(), there, form + " on " + photo.getFileName());
            }
        }
    }

    /** What is missing is said in a sentence. */
    @Test
    void aMissingLibraryIsNamed() throws Exception {
        List<Path> path = classPath();
        List<Path> without =
            path.stream().filter(p -> !p.getFileName().toString().matches("nd4j-native-1.*" + Loader.getPlatform() + ".jar"))
                .toList();
        assertEquals(path.size() - 1, without.size());
        String said = failing(without, "io.hiervl.op.SameDiffOps");
        assertTrue(said.contains("nd4j-native:1.0.0-M2.1 with the classifier " + Loader.getPlatform()), said);
    }

    private String failing(List<Path> path, String... args) throws Exception {
        Path reader = dir.resolve("classes/io/hiervl/predict/RuntimeReader.class");
        Files.createDirectories(reader.getParent());
        try (var in = RuntimeArtifactTest.class.getResourceAsStream("predict/RuntimeReader.class")) {
            Files.copy(in, reader, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        }
        Path log = dir.resolve("failing.txt");
        assertEquals(1, start(path, log, args));
        return Files.readString(log);
    }

    private byte[] child(List<Path> path, Path photo, Path model) throws Exception {
        Path log = dir.resolve("child.txt");
        Path labels = dir.resolve("labels.bin");
        assertEquals(0, start(path, log, model.toString(), photo.toString(), labels.toString()), () -> {
            try {
                return Files.readString(log);
            } catch (IOException e) {
                return e.toString();
            }
        });
        return Files.readAllBytes(labels);
    }

    private int start(List<Path> path, Path log, String... args) throws Exception {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx1g", "-cp",
            dir.resolve("classes") + File.pathSeparator + String.join(File.pathSeparator, path.stream().map(Path::toString).toList()),
            "io.hiervl.predict.RuntimeReader"));
        command.addAll(List.of(args));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
        assertTrue(process.waitFor(120, TimeUnit.SECONDS), "the child takes too long");
        return process.exitValue();
    }
}
