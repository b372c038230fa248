package io.hiervl.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.op.Backend;
import io.hiervl.train.checkpoint.SafeTensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** One folder of golden fixtures: the cases of its manifest with their tensors and tolerances. */
public final class GoldenTopic {
    /** One case; {@link #finish()} fails when an output tensor was never compared. */
    public static final class Case {
        public final String name;
        public final String op;
        public final JsonNode config;
        private final Map<String, JsonNode> tensors = new HashMap<>();
        private final Set<String> compared = new HashSet<>();
        private final Path folder;
        private final Map<String, Map<String, INDArray>> files = new HashMap<>();

        private Case(Path folder, JsonNode node) {
            this.folder = folder;
            this.name = node.get("case").asText();
            this.op = node.get("op").asText();
            this.config = node.get("config");
            node.get("tensors").forEach(t -> tensors.put(t.get("name").asText(), t));
        }

        /** The stored tensor in its stored type; fails if the manifest has none of this name. */
        public INDArray get(String tensor) {
            JsonNode t = tensors.get(tensor);
            Assertions.assertNotNull(t, name + " has no tensor " + tensor);
            return files.computeIfAbsent(t.get("file").asText(), f -> SafeTensors.read(folder.resolve(f))).get(tensor);
        }

        public float[] floats(String tensor) {
            return get(tensor).castTo(DataType.FLOAT).dup('c').data().asFloat();
        }

        public double[] doubles(String tensor) {
            return get(tensor).castTo(DataType.DOUBLE).dup('c').data().asDouble();
        }

        public int[] ints(String tensor) {
            return get(tensor).castTo(DataType.INT32).dup('c').data().asInt();
        }

        public long[] shape(String tensor) {
            return get(tensor).shape();
        }

        public List<String> names(String role) {
            return tensors.values().stream().filter(t -> t.get("role").asText().equals(role)).map(t -> t.get("name").asText()).sorted().toList();
        }

        /** Compares at the manifest's tolerance for {@code precision} (float32 or float64), or exactly. */
        public void compare(String tensor, double[] actual, String precision) {
            double[] expected = doubles(tensor);
            Assertions.assertEquals(expected.length, actual.length, name + " " + tensor + ": number of elements");
            JsonNode tolerance = tensors.get(tensor).get("tolerance");
            boolean exact = tolerance.path("exact").asBoolean(false);
            double atol = exact ? 0 : tolerance.get(precision).get("atol").asDouble();
            double rtol = exact ? 0 : tolerance.get(precision).get("rtol").asDouble();
            if (!exact && get(tensor).dataType() == DataType.FLOAT) {
                atol = Math.max(atol, 1e-7); // stored rounded to float32
                rtol = Math.max(rtol, 1e-7);
            }
            for (int i = 0; i < expected.length; i++) {
                if (!(Math.abs(actual[i] - expected[i]) <= atol + rtol * Math.abs(expected[i]))) {
                    Assertions.fail(name + " " + tensor + "[" + i + "] is " + actual[i] + ", expected " + expected[i] + " +- "
                        + (atol + rtol * Math.abs(expected[i])));
                }
            }
            compared.add(tensor);
        }

        public void compare(String tensor, int[] actual) {
            double[] d = new double[actual.length];
            for (int i = 0; i < d.length; i++) {
                d[i] = actual[i];
            }
            compare(tensor, d, "float64");
        }

        /** Fails when the manifest has outputs that were not compared. */
        public void finish() {
            Set<String> left = new HashSet<>(names("output"));
            left.removeAll(compared);
            Assertions.assertTrue(left.isEmpty(), name + ": outputs never compared: " + left);
        }
    }

    private GoldenTopic() {
    }

    /** The cases of a topic; skips the test visibly when the fixtures are not there. */
    public static List<Case> cases(String topic) throws IOException {
        Backend.start();
        Path folder = Path.of(System.getProperty("golden.dir", "../shared/data/golden")).resolve(topic);
        Assumptions.assumeTrue(Files.isRegularFile(folder.resolve("manifest.json")), "no golden fixtures in " + folder);
        List<Case> cases = new ArrayList<>();
        new ObjectMapper().readTree(folder.resolve("manifest.json").toFile()).get("cases").forEach(c -> cases.add(new Case(folder, c)));
        Assertions.assertFalse(cases.isEmpty(), "manifest without cases in " + folder);
        return cases;
    }
}
