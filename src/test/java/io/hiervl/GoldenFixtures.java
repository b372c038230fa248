package io.hiervl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.op.Backend;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Reader of the golden numeric fixtures (folder {@code golden.dir}). Tests ask for the cases of a topic, run them and
 * let {@link Case#check} compare by the tolerance of the manifest. Where the folder is absent tests are skipped.
 */
public final class GoldenFixtures {
    private GoldenFixtures() {
    }

    /** One tensor of a case as listed in the manifest. Tolerance may be null. */
    public record Tensor(String name, String role, long[] shape, String dtype, JsonNode tolerance, String file) {
    }

    /** Whether the fixtures of a topic are there. */
    public static boolean present(String topic) {
        String root = System.getProperty("golden.dir");
        return root != null && Files.isRegularFile(Path.of(root, topic, "manifest.json"));
    }

    /** The folder of a topic; skips the test when the fixtures are not there. */
    public static Path topic(String topic) {
        String root = System.getProperty("golden.dir");
        Assumptions.assumeTrue(present(topic), "golden fixtures not found: golden.dir=" + root);
        return Path.of(root, topic);
    }

    /** All cases of a topic, in the order of the manifest. */
    public static List<Case> cases(String topic) {
        Path dir = topic(topic);
        try {
            List<Case> result = new ArrayList<>();
            for (JsonNode node : new ObjectMapper().readTree(dir.resolve("manifest.json").toFile()).get("cases")) {
                result.add(new Case(dir, node));
            }
            return result;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The case of this name; fails if there is none. */
    public static Case one(String topic, String name) {
        return cases(topic).stream().filter(c -> c.name.equals(name)).findFirst()
            .orElseThrow(() -> new AssertionError("no case " + name + " in topic " + topic));
    }

    /** One case: configuration and tensors, read from disk when asked for. */
    public static final class Case {
        public final String name;
        public final String op;
        public final JsonNode config;
        public final String note;
        public final Map<String, Tensor> tensors = new LinkedHashMap<>();
        private final Path dir;
        private final Map<String, GoldenFile.Values> cache = new LinkedHashMap<>();

        Case(Path dir, JsonNode node) {
            this.dir = dir;
            this.name = node.get("case").asText();
            this.op = node.get("op").asText();
            this.config = node.get("config");
            this.note = node.path("note").asText();
            for (JsonNode t : node.get("tensors")) {
                long[] shape = new long[t.get("shape").size()];
                for (int i = 0; i < shape.length; i++) {
                    shape[i] = t.get("shape").get(i).asLong();
                }
                Tensor tensor = new Tensor(t.get("name").asText(), t.get("role").asText(), shape, t.get("dtype").asText(),
                    t.get("tolerance"), t.get("file").asText());
                tensors.put(tensor.name(), tensor);
            }
        }

        public boolean has(String tensor) {
            return tensors.containsKey(tensor);
        }

        public Tensor tensor(String tensor) {
            Tensor t = tensors.get(tensor);
            if (t == null) {
                throw new AssertionError("case " + name + " has no tensor " + tensor + ", only " + tensors.keySet());
            }
            return t;
        }

        /** Names of the tensors of a role: input, param, cotangent, output, gradient. */
        public List<String> names(String role) {
            return tensors.values().stream().filter(t -> t.role().equals(role)).map(Tensor::name).toList();
        }

        public long[] shape(String tensor) {
            return tensor(tensor).shape().clone();
        }

        public Path path(String tensor) {
            return dir.resolve(tensor(tensor).file());
        }

        /** All values in c order, whatever the stored type. */
        public double[] values(String tensor) {
            Tensor t = tensor(tensor);
            return cache.computeIfAbsent(tensor, k -> GoldenFile.read(dir.resolve(t.file()), t.name())).values();
        }

        public int[] ints(String tensor) {
            double[] v = values(tensor);
            int[] result = new int[v.length];
            for (int i = 0; i < v.length; i++) {
                result[i] = (int) v[i];
            }
            return result;
        }

        public float[] floats(String tensor) {
            double[] v = values(tensor);
            float[] result = new float[v.length];
            for (int i = 0; i < v.length; i++) {
                result[i] = (float) v[i];
            }
            return result;
        }

        public double scalar(String tensor) {
            return values(tensor)[0];
        }

        /** The tensor as an array of this type in c order; a scalar gets shape (1). */
        public INDArray array(String tensor, DataType type) {
            Backend.start();
            long[] shape = shape(tensor);
            INDArray flat = Nd4j.createFromArray(values(tensor));
            return flat.reshape('c', shape.length == 0 ? new long[] {1} : shape).castTo(type);
        }

        /** Compares an array by the tolerance for its data type; shapes must agree, (1) standing for a scalar. */
        public void check(String tensor, INDArray actual) {
            long[] shape = shape(tensor);
            assertArrayEquals(shape.length == 0 ? new long[] {1} : shape, actual.rank() == 0 ? new long[] {1} : actual.shape(),
                "shape of " + name + "/" + tensor);
            check(tensor, actual.dup('c').reshape(actual.length()).toDoubleVector(), actual.dataType() == DataType.DOUBLE);
        }

        /** Compares values in c order. */
        public void check(String tensor, double[] actual, boolean isDouble) {
            Tensor t = tensor(tensor);
            JsonNode tolerance = t.tolerance();
            if (tolerance == null) {
                fail(name + "/" + tensor + " has no tolerance");
            }
            double[] expected = values(tensor);
            if (expected.length != actual.length) {
                fail(name + "/" + tensor + " has " + actual.length + " values, expected " + expected.length);
            }
            double atol = 0;
            double rtol = 0;
            if (tolerance.has("max_abs")) {
                atol = tolerance.get("max_abs").asDouble();
            } else if (!tolerance.has("exact") && !tolerance.has("max_different")) {
                // some tensors state one precision only
                String wanted = isDouble ? "float64" : "float32";
                JsonNode pair = tolerance.has(wanted) ? tolerance.get(wanted) : tolerance.elements().next();
                atol = pair.get("atol").asDouble();
                rtol = pair.get("rtol").asDouble();
            }
            double sum = 0;
            int different = 0;
            int worst = -1;
            double worstExcess = 0;
            for (int i = 0; i < expected.length; i++) {
                double error = Math.abs(expected[i] - actual[i]);
                sum += error;
                double excess = error - (atol + rtol * Math.abs(expected[i]));
                // also true for NaN
                if (!(excess <= 0)) {
                    different++;
                    if (worst < 0 || !(excess <= worstExcess)) {
                        worst = i;
                        worstExcess = excess;
                    }
                }
            }
            if (different > tolerance.path("max_different").asInt(0)) {
                fail(String.format(Locale.ROOT, "%s/%s: %d of %d values outside atol %.3g rtol %.3g; worst at %d: %.9g, expected %.9g",
                    name, tensor, different, expected.length, atol, rtol, worst, actual[worst], expected[worst]));
            }
            if (tolerance.has("mean_abs") && !(sum / expected.length <= tolerance.get("mean_abs").asDouble())) {
                fail(name + "/" + tensor + ": mean error " + sum / expected.length + " above " + tolerance.get("mean_abs"));
            }
        }

        @Override
        public String toString() {
            return name;
        }
    }
}
