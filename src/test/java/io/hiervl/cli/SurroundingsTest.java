package io.hiervl.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Java started by hand, with what breaks it before the program has its say. */
class SurroundingsTest {
    private record Ended(int exit, String said) {
    }

    private static Ended java(String locale, List<String> options, String... words) throws Exception {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx256m"));
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(List.of(words));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> name.startsWith("LC_") || name.equals("LANG"));
        builder.environment().put("LC_ALL", locale);
        Process process = builder.start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(1, TimeUnit.MINUTES));
        return new Ended(process.exitValue(), said);
    }

    @ParameterizedTest
    @ValueSource(strings = {"abc", "8 gigabytes", "8b", "9999999999999g", "-1", "8.5g", ""})
    void aLimitThatIsNoNumberOfBytesIsSaid(String value) throws Exception {
        for (String property : List.of("maxbytes", "maxphysicalbytes")) {
            Ended run = java("C.UTF-8", List.of("-Dorg.bytedeco.javacpp." + property + "=" + value), "doctor");
            assertEquals(6, run.exit, run.said);
            assertTrue(run.said.contains(property + " is '" + value + "'; expected a number of bytes"), run.said);
            assertFalse(run.said.contains("\tat "), run.said);
        }
    }

    @Test
    void aNameThatTheLocaleCannotSayIsNoMistakeOfTheCommandLine() throws Exception {
        assumeTrue("UTF-8".equals(System.getProperty("sun.jnu.encoding")), "this locale cannot hand the name to another program");
        Ended run = java("C", List.of(), "predict", "--model", "m", "--out", "o", "stra\u00dfe \u6728" + File.separator + "a.png");
        assertEquals(6, run.exit, run.said);
        assertTrue(run.said.contains("set LC_ALL=C.UTF-8"), run.said);
        assertFalse(run.said.contains("Usage:"), run.said);
    }
}
