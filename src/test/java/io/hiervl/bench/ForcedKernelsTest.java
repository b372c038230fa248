package io.hiervl.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.backend.choice.Backends;
import io.hiervl.backend.onednn.OneDnnIsa;
import io.hiervl.op.SameDiffOps;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Kernels are chosen once in a JVM, so each of these starts its own: a training step of the tiny network with forced
 * kernels, and with oneDNN held to what older CPUs can do, must give the terms of the step that chooses itself.
 */
class ForcedKernelsTest {
    /** Relative; sums of single-precision numbers in other orders, through the whole network. */
    private static final double TOLERANCE = 2e-3;
    private static Map<String, Double> reference;

    /** Prints what computes, and the terms of a step. */
    public static final class Child {
        public static void main(String[] args) {
            SameDiffOps.start();
            Map<String, Double> terms = new Whole(Setup.tiny(1, "fp32")).step(1, 1).get();
            System.out.println("kernels " + Backends.describe());
            if (!System.getProperty("hiervl.kernels", "auto").equals("java")) {
                System.out.println("isa " + OneDnnIsa.describe());
            }
            terms.forEach((name, value) -> System.out.println("term " + name + " " + value));
        }
    }

    private record Output(int exit, String text) {
        Map<String, Double> terms() {
            Map<String, Double> terms = new TreeMap<>();
            text.lines().filter(l -> l.startsWith("term ")).map(l -> l.split(" ")).forEach(w -> terms.put(w[1], Double.parseDouble(w[2])));
            return terms;
        }

        String line(String start) {
            return text.lines().filter(l -> l.startsWith(start + " ")).findFirst().orElse("");
        }
    }

    private static Output run(String kernels, Map<String, String> environment) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx512m",
            "-Dorg.bytedeco.javacpp.maxbytes=1g", "-Dorg.bytedeco.javacpp.maxphysicalbytes=0", "-Dhiervl.kernels=" + kernels, "-cp",
            System.getProperty("java.class.path"), Child.class.getName()).redirectErrorStream(true);
        builder.environment().putAll(environment);
        Process process = builder.start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Output(process.waitFor(), text);
    }

    private static void same(Output output) {
        assertEquals(0, output.exit, output.text);
        Map<String, Double> terms = output.terms();
        assertEquals(reference.keySet(), terms.keySet());
        Map<String, String> wrong = new LinkedHashMap<>();
        reference.forEach((name, value) -> {
            if (!(Math.abs(value - terms.get(name)) <= TOLERANCE * Math.max(1e-3, Math.abs(value)))) {
                wrong.put(name, value + " against " + terms.get(name));
            }
        });
        assertTrue(wrong.isEmpty(), wrong.toString());
    }

    @BeforeAll
    static void chooseFreely() throws Exception {
        Output output = run("auto", Map.of());
        assertEquals(0, output.exit, output.text);
        reference = output.terms();
        assertTrue(reference.keySet().containsAll(List.of("ce", "set_mask", "self_s1", "grad_norm")), output.text);
    }

    @Test
    void plainJava() throws Exception {
        Output output = run("java", Map.of());
        assertTrue(output.line("kernels").startsWith("kernels java"), output.text);
        same(output);
    }

    @Test
    void oneDnnOnACpuWithAvx2Only() throws Exception {
        Output output = run("onednn", Map.of("ONEDNN_MAX_CPU_ISA", "AVX2"));
        Assumptions.assumeFalse(output.text.contains("oneDNN cannot be loaded"), "no oneDNN here");
        assertEquals("isa avx2", output.line("isa"), output.text);
        same(output);
    }

    @Test
    void oneDnnOnACpuWithoutAvx() throws Exception {
        Output output = run("onednn", Map.of("ONEDNN_MAX_CPU_ISA", "SSE41"));
        Assumptions.assumeFalse(output.text.contains("oneDNN cannot be loaded"), "no oneDNN here");
        assertEquals("isa sse41", output.line("isa"), output.text);
        same(output);
    }

    @Test
    void anUnknownChoiceIsRefused() throws Exception {
        Output output = run("cuda", Map.of());
        assertTrue(output.exit != 0, output.text);
        assertTrue(output.text.contains("'cuda', expected auto, onednn or java"), output.text);
    }
}
