package io.hiervl.op;

import static io.hiervl.op.FiniteDifferences.random;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.GoldenFixtures;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.Graphs;
import io.hiervl.graph.Ops;
import io.hiervl.graph.StockOps;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class DeformableAttentionTest {
    private static final int[][] SHAPES = {{2, 3}, {4, 5}};
    private static final int HEADS = 2;
    private static final int POINTS = 3;
    private static final int QUERIES = 7;

    private static Map<String, INDArray> inputs() {
        Map<String, INDArray> in = new LinkedHashMap<>();
        in.put("value", random(1, 1, 2, 26, 8));
        in.put("offsets", random(2, 1.7, 2, QUERIES, HEADS * 2 * POINTS * 2));
        in.put("weights", random(3, 1, 2, QUERIES, HEADS * 2 * POINTS));
        INDArray reference = random(4, 1, QUERIES, 2);
        for (int i = 0; i < reference.length(); i++) {
            reference.putScalar(i, 0.5 + 0.45 * Math.sin(reference.getDouble(i)));
        }
        in.put("reference", reference);
        return in;
    }

    private static int[] levels(int[][] shapes) {
        return Arrays.stream(shapes).flatMapToInt(Arrays::stream).toArray();
    }

    private static FiniteDifferences.Builder builder(int[][] shapes, int heads, int points) {
        return (sd, v) -> List
            .of(new DeformableAttention(heads, points, levels(shapes)).apply(sd, v.get("value"), v.get("offsets"), v.get("weights"),
                v.get("reference")));
    }

    /** The definition, element by element. */
    private static double bruteForce(Map<String, INDArray> in, int b, int q, int channel) {
        int width = 8;
        int head = channel / (width / HEADS);
        int samples = SHAPES.length * POINTS;
        double[] w = new double[samples];
        double sum = 0;
        for (int i = 0; i < samples; i++) {
            w[i] = Math.exp(in.get("weights").getDouble(b, q, head * samples + i));
            sum += w[i];
        }
        double result = 0;
        int start = 0;
        for (int l = 0; l < SHAPES.length; l++) {
            int h = SHAPES[l][0];
            int wide = SHAPES[l][1];
            for (int p = 0; p < POINTS; p++) {
                int i = l * POINTS + p;
                int o = (head * samples + i) * 2;
                double x = (in.get("reference").getDouble(q, 0) + in.get("offsets").getDouble(b, q, o) / wide) * wide - 0.5;
                double y = (in.get("reference").getDouble(q, 1) + in.get("offsets").getDouble(b, q, o + 1) / h) * h - 0.5;
                for (int yy = 0; yy < h; yy++) {
                    for (int xx = 0; xx < wide; xx++) {
                        double k = Math.max(0, 1 - Math.abs(x - xx)) * Math.max(0, 1 - Math.abs(y - yy));
                        result += w[i] / sum * k * in.get("value").getDouble(b, start + yy * wide + xx, channel);
                    }
                }
            }
            start += h * wide;
        }
        return result;
    }

    /** An image side of two patches gives a level of one cell: ND4J's own ops must do there what this project's op does. */
    @Test
    void stockOpsAgreeOnLevelsOfOneCell() {
        int[][] shapes = {{1, 1}, {1, 4}, {3, 1}};
        Map<String, INDArray> in = new LinkedHashMap<>();
        in.put("value", random(1, 1, 2, 8, 8));
        in.put("offsets", random(2, 0.7, 2, QUERIES, HEADS * 3 * POINTS * 2));
        in.put("weights", random(3, 1, 2, QUERIES, HEADS * 3 * POINTS));
        in.put("reference", inputs().get("reference"));
        INDArray[] out = new INDArray[2];
        for (int i = 0; i < 2; i++) {
            Ops ops = i == 0 ? new FusedOps(Graphs.create(), DataType.FLOAT) : new StockOps(Graphs.create(), DataType.FLOAT);
            SDVariable[] v =
                in.entrySet().stream().map(e -> ops.constant(e.getKey(), e.getValue().castTo(DataType.FLOAT))).toArray(SDVariable[]::new);
            SDVariable y = ops.deformableAttention(v[0], v[1], v[2], v[3], shapes, HEADS, POINTS);
            out[i] = ops.sd().output(Map.of(), y.name()).get(y.name()).dup('c');
        }
        assertTrue(out[0].norm2Number().doubleValue() > 1, "samples inside the maps");
        assertEquals(0, out[0].sub(out[1]).amaxNumber().doubleValue(), 1e-5);
    }

    @Test
    void equalsTheDefinition() {
        Map<String, INDArray> in = inputs();
        INDArray out = FiniteDifferences.run(in, List.of(), null, builder(SHAPES, HEADS, POINTS)).outputs().get(0);
        Map<String, INDArray> narrow = new LinkedHashMap<>();
        in.forEach((k, v) -> narrow.put(k, v.castTo(DataType.FLOAT)));
        INDArray single = FiniteDifferences.run(narrow, List.of(), null, builder(SHAPES, HEADS, POINTS)).outputs().get(0);
        assertEquals(DataType.FLOAT, single.dataType());
        for (int b = 0; b < 2; b++) {
            for (int q = 0; q < QUERIES; q++) {
                for (int c = 0; c < 8; c++) {
                    double expected = bruteForce(in, b, q, c);
                    assertEquals(expected, out.getDouble(b, q, c), 1e-12);
                    assertEquals(expected, single.getDouble(b, q, c), 3e-6);
                }
            }
        }
    }

    @Test
    void gradientsAreThoseOfTheForwardPass() {
        FiniteDifferences.check(inputs(), List.of("value", "offsets", "weights"), 1e-6, 1e-7, builder(SHAPES, HEADS, POINTS));
    }

    @Test
    void singlePrecisionGradientsAgreeWithDouble() {
        List<String> names = List.of("value", "offsets", "weights");
        Map<String, INDArray> in = inputs();
        INDArray cotangent = random(5, 1, 2, QUERIES, 8);
        var wide = FiniteDifferences.run(in, names, List.of(cotangent), builder(SHAPES, HEADS, POINTS)).gradients();
        Map<String, INDArray> narrow = new LinkedHashMap<>();
        in.forEach((k, v) -> narrow.put(k, v.castTo(DataType.FLOAT)));
        var single = FiniteDifferences.run(narrow, names, List.of(cotangent.castTo(DataType.FLOAT)), builder(SHAPES, HEADS, POINTS))
            .gradients();
        for (String name : names) {
            double error = wide.get(name).sub(single.get(name).castTo(DataType.DOUBLE)).amaxNumber().doubleValue();
            assertEquals(0, error, 1e-5, name);
        }
    }

    /** Fixture core: locations in [0,1] and weights after the softmax are turned into offsets and logits. */
    @Test
    void goldenCore() {
        GoldenFixtures.Case c = GoldenFixtures.one("mask2former", "msda_core");
        int heads = 2;
        int[][] shapes = {{2, 3}, {4, 6}, {8, 12}};
        INDArray value = c.array("value", DataType.DOUBLE).reshape(2, 126, 8);
        double[] offsets = c.values("locations").clone();
        for (int i = 0; i < offsets.length; i++) {
            int level = i / 8 % 3;
            offsets[i] = (offsets[i] - 0.5) * shapes[level][1 - i % 2];
        }
        double[] logits = Arrays.stream(c.values("weights")).map(Math::log).toArray();
        Map<String, INDArray> in = new LinkedHashMap<>();
        in.put("value", value);
        in.put("offsets", org.nd4j.linalg.factory.Nd4j.createFromArray(offsets).reshape(2, 10, 48));
        in.put("weights", org.nd4j.linalg.factory.Nd4j.createFromArray(logits).reshape(2, 10, 24));
        in.put("reference", org.nd4j.linalg.factory.Nd4j.valueArrayOf(new long[] {10, 2}, 0.5, DataType.DOUBLE));
        double total = 0;
        for (int i = 0; i < 12; i++) {
            total += c.values("weights")[i];
        }
        assertEquals(1, total, 1e-5, "the weights of the fixture are normalised");
        var outcome = FiniteDifferences.run(in, List.of("value", "offsets", "weights"), List.of(c.array("cot.y", DataType.DOUBLE)),
            builder(shapes, heads, 4));
        double[] found = outcome.outputs().get(0).reshape(160).toDoubleVector();
        double[] expected = c.values("y");
        for (int i = 0; i < found.length; i++) {
            // The stored weights are rounded to float, so that they sum to one only up to 1e-7.
            assertEquals(expected[i], found[i], 1e-6);
        }
        double[] dValue = outcome.gradients().get("value").reshape(2016).toDoubleVector();
        double[] dOffsets = outcome.gradients().get("offsets").reshape(960).toDoubleVector();
        for (int i = 0; i < dValue.length; i++) {
            assertEquals(c.values("grad.value")[i], dValue[i], 1e-6);
        }
        for (int i = 0; i < dOffsets.length; i++) {
            int level = i / 8 % 3;
            assertEquals(c.values("grad.locations")[i], dOffsets[i] * shapes[level][1 - i % 2], 1e-5);
        }
    }

    /** The whole module: projections around the op, offsets and weights from queries, in both precisions. */
    @Test
    void goldenModule() {
        int[][] shapes = {{2, 3}, {4, 6}, {8, 12}};
        for (String name : List.of("msda_module", "msda_module_zero_offsets")) {
            GoldenFixtures.Case c = GoldenFixtures.one("mask2former", name);
            for (DataType type : List.of(DataType.DOUBLE, DataType.FLOAT)) {
                Map<String, INDArray> in = new LinkedHashMap<>();
                c.names("input").forEach(n -> in.put(n, c.array(n, type)));
                c.names("param").forEach(n -> in.put(n, c.array(n, type)));
                // cell centres, not the stored ones: those are rounded to float
                double[] reference = new double[252];
                int token = 0;
                for (int[] shape : shapes) {
                    for (int i = 0; i < shape[0] * shape[1]; i++, token++) {
                        reference[2 * token] = (i % shape[1] + 0.5) / shape[1];
                        reference[2 * token + 1] = (Math.floorDiv(i, shape[1]) + 0.5) / shape[0];
                        assertEquals(c.values("reference_points")[token * 6], reference[2 * token], 1e-7);
                    }
                }
                in.put("reference", org.nd4j.linalg.factory.Nd4j.createFromArray(reference).reshape(126, 2).castTo(type));
                List<String> names = c.names("gradient").stream().map(g -> g.substring(5)).toList();
                // the second module output, the attention weights, takes part in the gradients of the fixture
                boolean weightsToo = c.has("cot.attention");
                List<INDArray> cotangents = new java.util.ArrayList<>(List.of(c.array("cot.y", type)));
                if (weightsToo) {
                    cotangents.add(c.array("cot.attention", type).reshape(2, 126, 2, 12));
                }
                var o = FiniteDifferences.run(in, names, cotangents, (sd, v) -> {
                    var query = v.get("x").add(v.get("pos"));
                    var value = linear(sd, v, "value_proj", v.get("x"), 16);
                    var weights = linear(sd, v, "attention_weights", query, 24);
                    var y = new DeformableAttention(2, 4, levels(shapes)).apply(sd, value, linear(sd, v, "sampling_offsets", query, 48),
                        weights,
                        v.get("reference"));
                    var result = linear(sd, v, "output_proj", y, 16);
                    return weightsToo ? List.of(result, sd.nn.softmax(weights.reshape(2, 126, 2, 12), 3)) : List.of(result);
                });
                c.check("y", o.outputs().get(0));
                names.forEach(n -> c.check("grad." + n, o.gradients().get(n)));
            }
        }
    }

    private static org.nd4j.autodiff.samediff.SDVariable linear(org.nd4j.autodiff.samediff.SameDiff sd,
                                                                Map<String, org.nd4j.autodiff.samediff.SDVariable> v, String name,
                                                                org.nd4j.autodiff.samediff.SDVariable x, int out) {
        return sd.mmul(x.reshape(-1, 16), v.get("param." + name + ".weight"), false, true, false).add(v.get("param." + name + ".bias"))
            .reshape(2, 126, out);
    }
}
