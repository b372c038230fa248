package io.hiervl.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.cpu.nativecpu.ops.NativeOpExecutioner;
import org.nd4j.linalg.factory.Nd4j;

/** ND4J chooses its executioner once in a JVM, so each of these starts its own, in which ND4J runs before HierVL. */
class SameDiffOpsTest {
    private static final String FOLDER = "/io/hiervl/export/v0.1/";

    /** An executioner of somebody else. */
    public static final class Foreign extends NativeOpExecutioner {
    }

    /** Uses ND4J, then a graph of HierVL, then ND4J again. */
    public static final class Child {
        public static void main(String[] args) throws Exception {
            INDArray early = Nd4j.createFromArray(1f, 2f, 3f, 4f, 5f, 6f).reshape(2, 3);
            Nd4j.getExecutioner().enableDebugMode(true);
            System.out.println("before " + stock(early));
            SameDiffOps.start();
            System.out.println("executioner " + Nd4j.getExecutioner().getClass().getSimpleName() + " " + Nd4j.getExecutioner().isDebug());
            Nd4j.getExecutioner().enableDebugMode(false);
            INDArray x = Nd4j.create(DataType.FLOAT, 1, 3, 64, 64);
            for (long i = 0; i < x.length(); i++) {
                x.putScalar(i, Math.sin(0.37 * i) + 0.5 * Math.cos(0.011 * i));
            }
            SameDiff sd = SameDiff.load(new File(Child.class.getResource(FOLDER + "model.sd").toURI()), false);
            INDArray scores = sd.output(Map.of("images", x), "scores").get("scores");
            for (long i = 0; i < scores.length(); i += 37) {
                System.out.println("score " + scores.getDouble(i));
            }
            Thread other = new Thread(() -> System.out.println("after " + stock(early)));
            other.start();
            other.join();
        }

        /** Reductions, products, a custom op and a gradient of ND4J's own ops, on an array from before. */
        private static List<String> stock(INDArray x) {
            List<String> results = new ArrayList<>();
            results.add(x.mmul(x.transpose()).toString());
            results.add(x.sum(1).toString());
            results.add(Nd4j.nn.softmax(x, 1).toString());
            SameDiff sd = SameDiff.create();
            SDVariable w = sd.var("w", x.dup());
            sd.math.tanh(w).mul(w).sum().markAsLoss();
            results.add(sd.calculateGradients(Map.of(), "w").get("w").toString());
            return results.stream().map(r -> r.replaceAll("\\s", "")).toList();
        }
    }

    private record Output(int exit, String text) {
        String line(String start) {
            return text.lines().filter(l -> l.startsWith(start + " ")).findFirst().orElse(text).substring(start.length() + 1);
        }
    }

    private static Output run(String... options) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx512m",
            "-Dorg.bytedeco.javacpp.maxbytes=1g", "-Dorg.bytedeco.javacpp.maxphysicalbytes=0"));
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Child.class.getName()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Output(process.waitFor(), text);
    }

    @Test
    void graphsRunWhereNd4jWasUsedBefore() throws Exception {
        Output output = run();
        assertEquals(0, output.exit(), output.text());
        assertEquals("JvmExecutioner true", output.line("executioner"));
        assertEquals(output.line("before"), output.line("after"));
        assertTrue(output.line("before").replace(".0000", "").contains("[[14,32],[32,77]]"), output.text());
        List<Double> scores =
            output.text().lines().filter(l -> l.startsWith("score ")).map(l -> Double.parseDouble(l.substring(6))).toList();
        List<String> expected = Files.readAllLines(Path.of(SameDiffOpsTest.class.getResource(FOLDER + "scores.csv").toURI()));
        assertEquals(expected.size(), scores.size());
        for (int i = 0; i < scores.size(); i++) {
            assertEquals(Double.parseDouble(expected.get(i)), scores.get(i), 2e-5, "score " + 37 * i);
        }
    }

    @Test
    void anExecutionerOfSomebodyElseIsNotReplaced() throws Exception {
        Output output = run("-Dopexec=" + Foreign.class.getName());
        assertEquals(1, output.exit(), output.text());
        assertTrue(output.text().contains("runs " + Foreign.class.getName() + "; "), output.text());
    }
}
