package io.hiervl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The POMs of all artifacts agree on versions: libraries that are mixed do not load each other. */
class PomsTest {
    private static final Pattern PROPERTY = Pattern.compile("<([\\w.-]+\\.version)>([^<$]+)</\\1>");
    private static final Pattern PLAIN =
        Pattern.compile("<dependency>\\s*<groupId>([^<]+)</groupId><artifactId>([^<]+)</artifactId><version>([^<]+)</version>");

    private static List<Path> poms() throws IOException {
        List<Path> poms = new ArrayList<>(List.of(Path.of("pom.xml"), Path.of("bom/pom.xml"), Path.of("publish/pom.xml")));
        for (String folder : List.of("runtime", "examples")) {
            if (Files.isDirectory(Path.of(folder))) {
                try (Stream<Path> all = Files.walk(Path.of(folder), 4)) {
                    all.filter(p -> p.endsWith("pom.xml") && !p.toString().contains("target")).forEach(poms::add);
                }
            }
        }
        return poms;
    }

    @Test
    void versionsAreTheSameEverywhere() throws IOException {
        Map<String, TreeSet<String>> versions = new TreeMap<>();
        for (Path pom : poms()) {
            String text = Files.readString(pom);
            Map<String, String> own = new TreeMap<>();
            Matcher property = PROPERTY.matcher(text);
            while (property.find()) {
                // the first one is that of all platforms; a profile of one platform may have another
                own.putIfAbsent("${" + property.group(1) + "}", property.group(2));
            }
            Matcher plain = PLAIN.matcher(text);
            while (plain.find()) {
                String version = own.getOrDefault(plain.group(3), plain.group(3));
                if (!version.contains("${")) {
                    versions.computeIfAbsent(plain.group(1) + ":" + plain.group(2), k -> new TreeSet<>()).add(version);
                }
            }
        }
        assertTrue(versions.size() > 15, versions.toString());
        assertEquals(Map.of(), new TreeMap<>(Map.copyOf(versions.entrySet().stream().filter(e -> e.getValue().size() > 1)
            .collect(java.util.stream.Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)))));
    }

    /** ONNX Runtime has no newer build for Macs with Intel: program and runtime name the same old one there. */
    @Test
    void macsWithIntelHaveOneVersionOfOnnxRuntime() throws IOException {
        Pattern version = Pattern.compile("<onnxruntime\\.version>([^<]+)</onnxruntime\\.version>");
        String program = Files.readString(Path.of("pom.xml"));
        Matcher profile = version.matcher(program.substring(program.indexOf("<id>macos-x86_64</id>")));
        Matcher runtime = version.matcher(Files.readString(Path.of("runtime/platforms/macosx-x86_64/pom.xml")));
        assertTrue(profile.find() && runtime.find());
        assertEquals(profile.group(1), runtime.group(1));
    }

    @Test
    void theProgramHasOneVersion() throws IOException {
        TreeSet<String> versions = new TreeSet<>();
        for (Path pom : poms()) {
            Matcher own = Pattern.compile("<groupId>io\\.hiervl</groupId>\\s*<artifactId>[^<]+</artifactId>\\s*<version>([^<$]+)</version>")
                .matcher(Files.readString(pom));
            while (own.find()) {
                versions.add(own.group(1));
            }
        }
        assertEquals(1, versions.size(), versions.toString());
    }
}
