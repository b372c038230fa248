package io.hiervl.op;

import static io.hiervl.op.FiniteDifferences.random;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.backend.Matching;
import io.hiervl.backend.jvm.GateBceKernel;
import io.hiervl.backend.jvm.MaskedPatchesKernel;
import io.hiervl.backend.jvm.PixelCrossEntropyKernel;
import io.hiervl.backend.jvm.PixelEntropyKernel;
import io.hiervl.backend.jvm.PromptAnchorKernel;
import io.hiervl.backend.jvm.PromptTopologyKernel;
import io.hiervl.backend.jvm.QueryTextKernel;
import io.hiervl.backend.jvm.SetLossKernel;
import io.hiervl.tensor.Resize;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Gradients of the loss ops and of point sampling against central differences, on other shapes than the fixtures'. */
class LossGradientsTest {
    private static INDArray labels(long seed, int classes, long... shape) {
        SameDiffOps.start();
        Random random = new Random(seed);
        INDArray a = Nd4j.create(DataType.DOUBLE, shape);
        for (long i = 0; i < a.length(); i++) {
            int v = random.nextInt(classes + 1);
            a.putScalar(i, v == classes ? 255 : v);
        }
        return a;
    }

    private static INDArray positive(long seed, long... shape) {
        INDArray a = random(seed, 1, shape);
        return a.mul(a);
    }

    @Test
    void pixelTerms() {
        for (int[] s : new int[][] {{1, 2, 3, 5}, {2, 7, 4, 3}}) {
            Map<String, INDArray> in = new LinkedHashMap<>();
            in.put("z", random(1, 2, s[0], s[1], s[2], s[3]));
            in.put("labels", labels(2, s[1], s[0], s[2], s[3]));
            in.put("weights", positive(3, s[0], s[2], s[3]));
            FiniteDifferences.check(in, List.of("z"), 1e-6, 1e-7,
                (sd, v) -> List.of(new Loss(new PixelCrossEntropyKernel()).apply(sd, v.get("z"), v.get("labels"), v.get("weights"))));
            FiniteDifferences.check(in, List.of("z"), 1e-6, 1e-7,
                (sd, v) -> List.of(new Loss(new PixelEntropyKernel(0.6)).apply(sd, v.get("z"), v.get("weights"))));
        }
    }

    @Test
    void gate() {
        Map<String, INDArray> in = new LinkedHashMap<>();
        in.put("logit", random(1, 3, 3, 4));
        in.put("presence", Nd4j.createFromArray(new double[] {1, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0}).reshape(3, 4));
        in.put("weights", Nd4j.createFromArray(0.5, 0.5, 0.0));
        FiniteDifferences.check(in, List.of("logit"), 1e-6, 1e-7,
            (sd, v) -> List.of(new Loss(new GateBceKernel()).apply(sd, v.get("logit"), v.get("presence"), v.get("weights"))));
    }

    @Test
    void languageTerms() {
        Map<String, INDArray> in = new LinkedHashMap<>();
        in.put("x", random(1, 1, 2, 5, 6));
        in.put("t", random(2, 1, 4, 6));
        in.put("ref", random(3, 1, 2, 5, 6));
        in.put("classes", labels(4, 4, 2, 5));
        in.put("weights", positive(5, 2, 5));
        for (boolean normalise : new boolean[] {true, false}) {
            FiniteDifferences.check(in, List.of("x", "t"), 1e-6, 1e-7, (sd, v) -> List.of(
                new Loss(new QueryTextKernel(normalise, false)).apply(sd, v.get("x"), v.get("t"), v.get("classes"), v.get("weights"))));
        }
        FiniteDifferences.check(in, List.of("x", "t"), 1e-6, 1e-6,
            (sd, v) -> Arrays.stream(MaskedPatchesKernel.Equation.values()).map(e -> new Loss(new MaskedPatchesKernel(0.2, e)).apply(sd,
                v.get("x"), v.get("t"), v.get("ref"), v.get("classes"), v.get("weights"))).toList());
        Map<String, INDArray> prompt = new LinkedHashMap<>();
        prompt.put("t", random(6, 1, 5, 4));
        prompt.put("clip", random(7, 1, 5, 4));
        FiniteDifferences.check(prompt, List.of("t"), 1e-6, 1e-7,
            (sd, v) -> List.of(new Loss(new PromptTopologyKernel(1.7)).apply(sd, v.get("t"), v.get("clip"))));
        for (int power : new int[] {1, 2}) {
            for (boolean mean : new boolean[] {true, false}) {
                FiniteDifferences.check(prompt, List.of("t"), 1e-6, 1e-7, (sd, v) -> List.of(
                    new Loss(new PromptAnchorKernel(0.4, power, mean, 1e-8, 1.3)).apply(sd, v.get("t"), v.get("clip"))));
            }
        }
    }

    @Test
    void sampling() {
        Map<String, INDArray> in = new LinkedHashMap<>();
        in.put("x", random(1, 1, 2, 3, 4, 5));
        in.put("points", random(2, 0.4, 2, 7, 2).add(0.5));
        FiniteDifferences.check(in, List.of("x", "points"), 1e-6, 1e-6,
            (sd, v) -> List.of(new PointSample().apply(sd, v.get("x"), v.get("points"))));
    }

    @Test
    void resizing() {
        for (Resize mode : Resize.values()) {
            FiniteDifferences.check(Map.of("x", random(1, 1, 1, 2, 4, 6)), List.of("x"), 1e-5, 1e-8,
                (sd, v) -> List.of(new Interpolate(7, 3, mode).apply(sd, v.get("x"))));
        }
    }

    private static Map<String, INDArray> setInputs(int columns) {
        INDArray labels = labels(9, 3, 2, 16, 16);
        Matching matching = new Matching(3, 2, 4, 4, 1, null);
        var targets = FiniteDifferences.run(Map.of("labels", labels), List.of(), null,
            (sd, v) -> Arrays.asList(FixedMatching.of(matching).applyAll(sd, v.get("labels")))).outputs();
        Map<String, INDArray> in = new LinkedHashMap<>();
        in.put("classes", random(1, 1, 2, 10, columns));
        in.put("masks", random(2, 2, 2, 10, 4, 4));
        in.put("labels", labels);
        in.put("rowClass", targets.get(0));
        in.put("slots", targets.get(1));
        in.put("norms", Nd4j.createFromArray(0.3, 0.2, 0.7));
        in.put("seeds", Nd4j.createFromArray(5.0, 6.0));
        return in;
    }

    private static FiniteDifferences.Builder setLoss(boolean ignoreCandidates) {
        SetLossKernel settings = new SetLossKernel(3, 2, 20, 3, 0.75, ignoreCandidates, 0.1, 1);
        return (sd, v) -> Arrays.asList(new Loss(settings).applyAll(sd, v.get("classes"), v.get("masks"), v.get("labels"),
            v.get("rowClass"), v.get("slots"), v.get("norms"), v.get("seeds")));
    }

    @Test
    void setLossWithAndWithoutNoObject() {
        for (int columns : new int[] {4, 3}) {
            FiniteDifferences.check(setInputs(columns), List.of("classes", "masks"), 1e-7, 1e-6, setLoss(columns == 4));
        }
    }

    /** One image after the other gives the same sums as both together: points depend on seed and row only. */
    @Test
    void setLossAddsUpOverMicroBatches() {
        Map<String, INDArray> in = setInputs(4);
        var whole = FiniteDifferences.run(in, List.of(), null, setLoss(false)).outputs();
        double[] sums = new double[4];
        for (int b = 0; b < 2; b++) {
            Map<String, INDArray> part = new LinkedHashMap<>();
            for (var e : in.entrySet()) {
                INDArray a = e.getValue();
                long[] shape = a.shape().clone();
                if (e.getKey().equals("norms")) {
                    part.put("norms", a);
                } else {
                    long n = a.length() / 2;
                    shape[0] = 1;
                    part.put(e.getKey(), Nd4j.createFromArray(Arrays.copyOfRange(a.reshape(a.length()).toDoubleVector(), (int) (b * n),
                        (int) ((b + 1) * n))).reshape(shape));
                }
            }
            var outputs = FiniteDifferences.run(part, List.of(), null, setLoss(false)).outputs();
            for (int i = 0; i < 4; i++) {
                sums[i] += outputs.get(i).getDouble(0);
            }
        }
        for (int i = 0; i < 4; i++) {
            assertEquals(whole.get(i).getDouble(0), sums[i], 1e-12);
        }
        assertTrue(sums[1] > 0 && sums[2] > 0);
    }

    @Test
    void imagesWithoutLabelsAddNothing() {
        Map<String, INDArray> in = setInputs(4);
        in.put("labels", Nd4j.valueArrayOf(new long[] {2, 16, 16}, 255, DataType.DOUBLE));
        in.put("rowClass", Nd4j.valueArrayOf(new long[] {2, 10}, Matching.NOT_COUNTED, DataType.DOUBLE));
        in.put("slots", Nd4j.valueArrayOf(new long[] {2, 4, 4}, -1, DataType.DOUBLE));
        INDArray g = Nd4j.ones(DataType.DOUBLE, 1);
        var o = FiniteDifferences.run(in, List.of("classes", "masks"), List.of(g, g, g, g), setLoss(true));
        for (INDArray loss : o.outputs()) {
            assertEquals(0.0, loss.getDouble(0), 0.0);
        }
        for (INDArray gradient : o.gradients().values()) {
            assertEquals(0.0, gradient.amaxNumber().doubleValue(), 0.0);
        }
    }
}
