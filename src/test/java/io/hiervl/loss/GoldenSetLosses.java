package io.hiervl.loss;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.GoldenFixtures.Case;
import io.hiervl.backend.Matching;
import io.hiervl.backend.choice.Backends;
import io.hiervl.backend.jvm.SetLossKernel;
import io.hiervl.config.LossConfig.Reduction;
import io.hiervl.model.GoldenPointLosses;
import io.hiervl.tensor.Nd4jTensors;
import io.hiervl.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Fixed matching and the set loss (topic hiervl). */
final class GoldenSetLosses {
    private GoldenSetLosses() {
    }

    static void fixedMatching(Case c, DataType type) {
        SetTargets found = new FixedMatcher(GoldenLosses.matching(c), 0.1, Backends.compute()).match(c.array("labels", type));
        c.check("presence", found.presence());
        boolean[] valid = found.valid();
        double[] rows = Maps.read(found.rowClass());
        boolean[] left = new boolean[rows.length];
        for (int i = 0; i < rows.length; i++) {
            // An image without a valid pixel is left out by the program; the fixture gives all its rows the class no-object.
            left[i] = !valid[i / (rows.length / valid.length)];
            assertTrue(!left[i] || rows[i] == Matching.NOT_COUNTED, "row " + i);
        }
        c.check("row_class", rows, true, left);
        long[] size = c.shape("slot_masks");
        int cells = (int) (size[1] * size[2]);
        double[] map = Maps.read(found.slots());
        int[] slots = c.ints("slots");
        int[] described = new int[slots.length];
        int[] masks = new int[(int) size[0] * cells];
        int filled = 0;
        for (int s = 0; s < size[0]; s++) {
            int image = slots[4 * s];
            int slot = slots[4 * s + 1];
            int area = 0;
            for (int i = 0; i < cells; i++) {
                masks[s * cells + i] = map[image * cells + i] == slot ? 1 : 0;
                area += masks[s * cells + i];
            }
            int row = c.config("K").asInt() * c.integer("L") + slot;
            System.arraycopy(new int[] {image, slot, (int) found.rowClass().getDouble(image, row), area}, 0, described, 4 * s, 4);
            filled += area;
        }
        c.check("slots", described);
        c.check("slot_masks", masks);
        assertEquals(Arrays.stream(map).filter(v -> v >= 0).count(), filled, "no other slot is filled");
    }

    static void setLoss(Case c, DataType type) {
        LossCase g = new LossCase(c, type);
        int k = c.config.get("K").asInt();
        int points = c.config.get("num_points").asInt();
        double noObject = c.config.get("no_object_weight").asDouble();
        double importance = c.config.get("importance").asDouble();
        INDArray labels = g.array("labels");
        SetTargets targets = new FixedMatcher(GoldenLosses.matching(c), noObject, Backends.compute()).match(labels);
        SetPoints.Given given = given(c, targets.matched());
        SetLosses losses = new SetLosses(new SetLossKernel(k, c.config.get("L").asInt(), points, (int) c.shape("candidates")[1] / points,
            importance, false, noObject, 0), Reduction.MEAN);
        int images = (int) labels.size(0);
        List<INDArray> drawn =
            List.of(Nd4jTensors.array(given.candidates(0, type).rows(0, images)), Nd4jTensors.array(given.random(0, type).rows(0, images)));
        SetLosses.Inputs in = new SetLosses.Inputs(g.constant(labels), g.constant(targets.rowClass()), g.constant(targets.slots()),
            g.constant(targets.norms()), drawn.stream().map(g::constant).toList());
        SetLosses.Terms terms = losses.build(g.ops, List.of(g.input("class_logits")), List.of(g.input("mask_logits")), in);
        // the fixture's gradients are of the three losses and of their weighted sum
        double[] w = {c.config.get("weights").get(0).asDouble(), c.config.get("weights").get(1).asDouble(),
            c.config.get("weights").get(2).asDouble()};
        SDVariable weighted =
            new TotalLoss(g.ops, "coefficients").add("class", terms.classes()).add("bce", terms.bce()).add("dice", terms.dice()).build();
        g.loss("loss_class", terms.classes(), 1 + w[0]).loss("loss_mask", terms.bce(), 1 + w[1]).loss("loss_dice", terms.dice(), 1 + w[2])
            .verify();
        Map<String, INDArray> coefficients = Map.of("coefficients", Nd4j.createFromArray(w).castTo(type));
        c.check("matched", matched(targets.rowClass(), k));
        SetLossKernel kernel =
            new SetLossKernel(k, c.integer("L"), points, (int) c.shape("candidates")[1] / points, importance, false, noObject, 0);
        double[][] chosen = SetLossKernel.points(kernel, java.util.stream.Stream.concat(java.util.stream.Stream.of(g.array("class_logits"),
            g.array("mask_logits"), labels, targets.rowClass(), targets.slots(), targets.norms()), drawn.stream())
            .map(a -> Nd4jTensors.of(a.castTo(type))).toArray(Tensor[]::new)).toArray(double[][]::new);
        GoldenPointLosses.checkPoints(c, "points", chosen, (int) Math.floor(importance * points));
        c.check("weighted", g.ops.sd().output(coefficients, weighted.name()).get(weighted.name()));
    }

    /** (image, row, class) of every matched row. */
    private static int[] matched(INDArray rowClass, int k) {
        List<Integer> all = new java.util.ArrayList<>();
        for (int b = 0; b < rowClass.size(0); b++) {
            for (int q = 0; q < rowClass.size(1); q++) {
                int row = (int) rowClass.getDouble(b, q);
                if (row >= 0 && row < k) {
                    all.addAll(List.of(b, q, row));
                }
            }
        }
        return all.stream().mapToInt(Integer::intValue).toArray();
    }

    private static SetPoints.Given given(Case c, int[] matched) {
        int at = 0;
        List<List<SetPoints.Given.Drawn>> images = new java.util.ArrayList<>();
        for (int n : matched) {
            images.add(List.of(new SetPoints.Given.Drawn(rows(c, "candidates", at, n), rows(c, "random_points", at, n))));
            at += n;
        }
        assertEquals(c.shape("candidates")[0], at);
        return new SetPoints.Given(images);
    }

    private static double[][] rows(Case c, String tensor, int from, int n) {
        int size = (int) (c.shape(tensor)[1] * c.shape(tensor)[2]);
        assertEquals(c.shape(tensor)[0] * size, c.values(tensor).length);
        double[][] rows = new double[n][];
        for (int i = 0; i < n; i++) {
            rows[i] = Arrays.copyOfRange(c.values(tensor), (from + i) * size, (from + i + 1) * size);
        }
        return rows;
    }

    static void withoutNoObject(Case c, DataType type) {
        LossCase g = new LossCase(c, type);
        int k = c.config.get("K").asInt();
        int levels = c.config.get("L").asInt();
        long[] masks = c.shape("mask_logits");
        int batch = (int) masks[0];
        int side = (int) masks[2] * 4;
        // a label map in which exactly the present classes occur; points look at valid pixels only, of which class terms know nothing
        INDArray labels = Nd4j.valueArrayOf(new long[] {batch, side, side}, 255, type);
        for (int b = 0; b < batch; b++) {
            for (int i = 0; i < k; i++) {
                if (c.ints("present")[b * k + i] == 1) {
                    labels.putScalar(b, 0, i, i);
                }
            }
        }
        SetTargets targets = new FixedMatcher(new Matching(k, levels, 0, 4, 2, null), 0, Backends.compute()).match(labels);
        SetPoints.Seeds seeds = new SetPoints.Seeds(new int[batch]);
        SetLosses.Inputs in = new SetLosses.Inputs(g.constant(labels), g.constant(targets.rowClass()), g.constant(targets.slots()),
            g.constant(targets.norms()), List.of(g.constant(Nd4jTensors.array(seeds.values(type).rows(0, batch)))));
        SetLosses.Terms terms = new SetLosses(new SetLossKernel(k, levels, 8, 3, 0.75, false, 0.1, 0), Reduction.MEAN)
            .build(g.ops, List.of(g.input("class_logits")), List.of(g.input("mask_logits")), in);
        g.loss("loss_class", terms.classes(), 1).loss("loss_empty", terms.empty(), 1).verify();
    }
}
