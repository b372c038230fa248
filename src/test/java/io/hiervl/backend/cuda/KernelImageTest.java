package io.hiervl.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The PTX that is shipped was made of the kernels that are there. */
class KernelImageTest {
    private static String sources() throws IOException {
        StringBuilder text = new StringBuilder();
        try (Stream<Path> files = Files.list(Path.of("src/main/cuda"))) {
            for (Path file : files.filter(p -> p.toString().endsWith(".cu")).sorted().toList()) {
                text.append(Files.readString(file));
            }
        }
        return text.toString();
    }

    private static Set<String> names(String pattern, String text) {
        return Pattern.compile(pattern).matcher(text).results().map(r -> r.group(1)).collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void wasMadeOfTheSources() throws IOException, GeneralSecurityException {
        byte[] hash = MessageDigest.getInstance("SHA-256").digest(sources().getBytes(java.nio.charset.StandardCharsets.UTF_8));
        assertEquals(HexFormat.of().formatHex(hash), KernelImage.sourceHash(), "make it again: python3 src/build/ptx.py");
        assertEquals(names("__global__ void (\\w+)\\(", sources()), names("\\.entry (\\w+)\\(", KernelImage.text()));
    }

    @Test
    void runsOnEveryDriverFromR520() {
        String text = KernelImage.text();
        assertEquals(Set.of("7.8"), names("(?m)^\\.version (\\S+)", text));
        assertEquals(Set.of("sm_80"), names("(?m)^\\.target (\\S+)", text));
    }
}
