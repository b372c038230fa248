package io.hiervl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.op.SameDiffOps;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Assumptions;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Reader of the golden numeric fixtures. There are two sets of one layout: a small one of this repository, which every clone has,
 * and a larger one in the folder {@code golden.dir}, whose tests are skipped where it is absent. Tests ask for the cases of a topic,
 * run them and let {@link Case#check} compare by the tolerance of the manifest.
 */
public final class GoldenFixtures {
    /** A set of fixtures. */
    public enum Source {
        /** {@code src/test/resources/golden}, made by {@code src/test/python/golden}. */
        COMMITTED("committed"),
        /** The folder {@code golden.dir}. */
        SHARED("shared");

        public final String label;

        Source(String label) {
            this.label = label;
        }

        /** The folder; null where none is given. */
        public Path root() {
            String other = System.getProperty("golden.dir");
            if (this == SHARED) {
                return other == null ? null : Path.of(other);
            }
            try {
                return Path.of(GoldenFixtures.class.getResource("/golden").toURI());
            } catch (URISyntaxException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    private static final ThreadLocal<Source> SOURCE = ThreadLocal.withInitial(() -> Source.SHARED);

    private GoldenFixtures() {
    }

    /** One tensor of a case as listed in the manifest. Tolerance may be null: exact. */
    public record Tensor(String name, String role, long[] shape, String dtype, JsonNode tolerance, String file) {
    }

    /** The set that this thread reads from now on; the folder {@code golden.dir} at first. */
    public static void use(Source source) {
        SOURCE.set(source);
    }

    /** Whether the set has fixtures of a topic. The committed set has them all. */
    public static boolean present(Source source, String topic) {
        Path root = source.root();
        return source == Source.COMMITTED || root != null && Files.isRegularFile(root.resolve(topic).resolve("manifest.json"));
    }

    /** The folder of a topic; skips the test when the fixtures are not there. */
    public static Path topic(String topic) {
        Source source = SOURCE.get();
        Assumptions.assumeTrue(present(source, topic), "golden fixtures not found: golden.dir=" + source.root());
        return source.root().resolve(topic);
    }

    /** All cases of a topic, in the order of the manifest. */
    public static List<Case> cases(String topic) {
        Path dir = topic(topic);
        String kept = SOURCE.get() == Source.COMMITTED ? topic + " (committed)" : topic;
        try {
            List<Case> result = new ArrayList<>();
            for (JsonNode node : new ObjectMapper().readTree(dir.resolve("manifest.json").toFile()).get("cases")) {
                result.add(new Case(topic, kept, dir, node));
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

    /** One case: configuration and tensors, read from disk when asked for. It remembers what was read and what was compared. */
    public static final class Case {
        public final String topic;
        public final String name;
        public final String op;
        public final GoldenConfig config;
        public final String note;
        public final Map<String, Tensor> tensors = new LinkedHashMap<>();
        private static final Set<String> ENTRIES = Set.of("case", "op", "config", "note", "tensors", "files");
        private static final Set<String> TENSOR_ENTRIES =
            Set.of("name", "role", "file", "shape", "dtype", "meaning", "produced_by", "tolerance");
        private final String recordedAs;
        private final Path dir;
        private final JsonNode node;
        private final Map<String, GoldenFile.Values> cache = new LinkedHashMap<>();
        private final Set<String> read = new TreeSet<>();
        private final Set<String> compared = new TreeSet<>();
        private String setting;

        Case(String topic, String recordedAs, Path dir, JsonNode node) {
            this.topic = topic;
            this.recordedAs = recordedAs;
            this.dir = dir;
            this.node = node;
            this.name = node.get("case").asText();
            this.op = node.get("op").asText();
            this.config = new GoldenConfig(name, node.get("config"));
            this.note = node.path("note").asText();
            for (JsonNode t : node.get("tensors")) {
                t.fieldNames().forEachRemaining(n -> assertTrue(TENSOR_ENTRIES.contains(n), name + ": tensor entry " + n));
                long[] shape = new long[t.get("shape").size()];
                for (int i = 0; i < shape.length; i++) {
                    shape[i] = t.get("shape").get(i).asLong();
                }
                Tensor tensor = new Tensor(t.get("name").asText(), t.get("role").asText(), shape, t.get("dtype").asText(),
                    t.get("tolerance"), t.get("file").asText());
                if (tensors.put(tensor.name(), tensor) != null) {
                    throw new AssertionError(name + " lists tensor " + tensor.name() + " twice");
                }
            }
        }

        /** The case without memory of what was compared; results are recorded under this setting. */
        public Case again(String newSetting) {
            Case fresh = new Case(topic, recordedAs, dir, node);
            fresh.setting = newSetting;
            return fresh;
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

        /** An entry of the configuration; fails if it is not there. */
        public JsonNode config(String key) {
            return config.get(key);
        }

        public int integer(String key) {
            return config(key).asInt();
        }

        public double real(String key) {
            return config(key).asDouble();
        }

        /** A file beside the manifest. */
        public Path file(String other) {
            return dir.resolve(other);
        }

        /** All values in c order, whatever the stored type. */
        public double[] values(String tensor) {
            Tensor t = tensor(tensor);
            read.add(tensor);
            GoldenFile.Values stored = cache.computeIfAbsent(tensor, k -> GoldenFile.read(dir.resolve(t.file()), t.name()));
            assertArrayEquals(t.shape(), stored.shape(), "shape of " + name + "/" + tensor + " in the manifest and in its file");
            return stored.values();
        }

        public int[] ints(String tensor) {
            return Arrays.stream(values(tensor)).mapToInt(v -> (int) v).toArray();
        }

        public float[] floats(String tensor) {
            double[] v = values(tensor);
            float[] result = new float[v.length];
            for (int i = 0; i < v.length; i++) {
                result[i] = (float) v[i];
            }
            return result;
        }

        /** Values of a uint8 tensor. */
        public byte[] bytes(String tensor) {
            double[] v = values(tensor);
            byte[] result = new byte[v.length];
            for (int i = 0; i < v.length; i++) {
                result[i] = (byte) v[i];
            }
            return result;
        }

        public double scalar(String tensor) {
            return values(tensor)[0];
        }

        /** The tensor as an array of this type in c order; a scalar gets shape (1). */
        public INDArray array(String tensor, DataType type) {
            SameDiffOps.start();
            long[] shape = shape(tensor);
            INDArray flat = Nd4j.createFromArray(values(tensor));
            return flat.reshape('c', shape.length == 0 ? new long[] {1} : shape).castTo(type);
        }

        /** Compares an array by the tolerance for its data type; shapes must agree, (1) standing for a scalar. */
        public void check(String tensor, INDArray actual) {
            long[] shape = shape(tensor);
            assertArrayEquals(shape.length == 0 ? new long[] {1} : shape, actual.rank() == 0 ? new long[] {1} : actual.shape(),
                "shape of " + name + "/" + tensor);
            check(tensor, actual.dup('c').reshape(actual.length()).castTo(DataType.DOUBLE).toDoubleVector(),
                actual.dataType() == DataType.DOUBLE);
        }

        /** Compares values in c order. */
        public void check(String tensor, double[] actual, boolean isDouble) {
            check(tensor, actual, isDouble, new boolean[actual.length]);
        }

        /** Compares whole numbers, or anything else of which the manifest asks for equality. */
        public void check(String tensor, int[] actual) {
            check(tensor, Arrays.stream(actual).asDoubleStream().toArray(), true);
        }

        /** Compares bytes as 0 to 255. */
        public void check(String tensor, byte[] actual) {
            double[] values = new double[actual.length];
            for (int i = 0; i < values.length; i++) {
                values[i] = actual[i] & 255;
            }
            check(tensor, values, true);
        }

        /**
         * Compares values in c order but for some.
         *
         * @param except true where the program may differ, which is a decision of the test with its reason beside it
         */
        public void check(String tensor, double[] actual, boolean isDouble, boolean[] except) {
            double[] expected = values(tensor);
            assertEquals(expected.length, actual.length, "number of values of " + name + "/" + tensor);
            compared.add(tensor);
            GoldenTolerance tolerance = GoldenTolerance.of(tensor(tensor).tolerance(), isDouble);
            double sum = 0;
            double largest = 0;
            double share = 0;
            int different = 0;
            int worst = -1;
            for (int i = 0; i < expected.length; i++) {
                if (except[i]) {
                    continue;
                }
                double error = Math.abs(expected[i] - actual[i]);
                double allowed = tolerance.allowed(expected[i]);
                sum += error;
                largest = Double.isNaN(error) ? Double.POSITIVE_INFINITY : Math.max(largest, error);
                double part = error == 0 ? 0 : error / allowed;
                // also true for NaN
                if (!(error <= allowed)) {
                    different++;
                }
                if (!(part <= share)) {
                    share = part;
                    worst = i;
                }
            }
            GoldenNumbers.add(recordedAs, setting == null ? isDouble ? "double" : "float" : setting, name, tensor, largest, share);
            if (different > tolerance.maxDifferent()) {
                fail(String.format(Locale.ROOT, "%s/%s: %d of %d values outside %s; worst at %d: %.9g, expected %.9g",
                    name, tensor, different, expected.length, tolerance, worst, actual[worst], expected[worst]));
            }
            if (expected.length > 0 && !(sum / expected.length <= tolerance.meanAbs())) {
                fail(name + "/" + tensor + ": mean error " + sum / expected.length + " above " + tolerance.meanAbs());
            }
        }

        /** Notes that a tensor was held to its values by other means than {@link #check}. */
        public void held(String... others) {
            for (String tensor : others) {
                tensor(tensor);
                compared.add(tensor);
            }
        }

        /**
         * Settings that nobody read, neither here nor there, and that are not known to describe only.
         *
         * @param elsewhere settings that another reader of the same case has read
         */
        public Set<String> complaints(Set<String> elsewhere) {
            Set<String> found = new TreeSet<>();
            for (String key : config.unread()) {
                String complaint = elsewhere.contains(key) ? null : GoldenSettings.complaint(topic, op, key, config.text(key));
                if (complaint != null) {
                    found.add(complaint);
                }
            }
            node.fieldNames().forEachRemaining(n -> {
                if (!ENTRIES.contains(n)) {
                    found.add("entry " + n);
                }
            });
            return found;
        }

        /** Inputs and parameters that were not read, but for some. */
        public Set<String> unreadInputs(Set<String> unused) {
            Set<String> found = new TreeSet<>(names("input"));
            found.addAll(names("param"));
            found.removeAll(read);
            found.removeAll(unused);
            return found;
        }

        /**
         * Fails if outputs or gradients were not compared, or inputs were not used.
         *
         * @param gradients whether gradients (and what belongs to them) are asked for
         * @param unused    inputs that the op does not need
         */
        public void complete(boolean gradients, Set<String> unused) {
            Set<String> missing = new TreeSet<>();
            for (Tensor t : tensors.values()) {
                boolean wanted = switch (t.role()) {
                    case "output" -> !compared.contains(t.name());
                    case "gradient" -> gradients && !compared.contains(t.name());
                    case "cotangent" -> gradients && !read.contains(t.name());
                    case "input", "param" -> !read.contains(t.name()) && !unused.contains(t.name());
                    default -> true;
                };
                if (wanted) {
                    missing.add(t.role() + " " + t.name());
                }
            }
            missing.addAll(complaints(Set.of()));
            assertEquals(Set.of(), missing, "tensors of " + name + " that nobody looked at");
        }

        @Override
        public String toString() {
            return name;
        }
    }
}
