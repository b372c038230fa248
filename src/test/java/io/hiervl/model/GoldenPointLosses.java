package io.hiervl.model;

import io.hiervl.GoldenFixtures.Case;
import io.hiervl.GoldenSuite.Setting;
import io.hiervl.backend.jvm.PointLoss;
import io.hiervl.backend.jvm.SetLossKernel;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GoldenGraph;
import io.hiervl.op.Loss;
import java.util.Arrays;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Mask2Former's losses at points. Its masks need not be a label map, so the arithmetic of single masks is held to them. */
public final class GoldenPointLosses {
    private GoldenPointLosses() {
    }

    static void set(Case c, Setting setting) {
        double[] logits = c.values("mask_logits");
        long[] s = c.shape("mask_logits");
        int h = (int) s[2];
        int w = (int) s[3];
        int cells = h * w;
        int[] rows = c.ints("matched_image_row");
        int n = rows.length / 2;
        long[] size = c.shape("target_masks");
        int pixels = (int) (size[1] * size[2]);
        int candidates = 2 * (int) c.shape("candidates")[1];
        int random = 2 * (int) c.shape("random_points")[1];
        double bce = 0;
        double dice = 0;
        double[] gradient = new double[logits.length];
        double[][] chosen = new double[n][];
        for (int i = 0; i < n; i++) {
            int plane = (int) (rows[2 * i] * s[1] + rows[2 * i + 1]) * cells;
            double[] z = Arrays.copyOfRange(logits, plane, plane + cells);
            double[] mask = Arrays.copyOfRange(c.values("target_masks"), i * pixels, (i + 1) * pixels);
            PointLoss.Target target = PointLoss.textTarget(mask, (int) size[1], (int) size[2], 2, 1);
            chosen[i] = PointLoss.choose(z, h, w, Arrays.copyOfRange(c.values("candidates"), i * candidates, (i + 1) * candidates),
                c.integer("num_important"), Arrays.copyOfRange(c.values("random_points"), i * random, (i + 1) * random), null);
            PointLoss.Losses l = PointLoss.forward(z, h, w, chosen[i], target);
            bce += l.bce() / n;
            dice += l.dice() / n;
            double[] d = new double[cells];
            PointLoss.backward(z, h, w, chosen[i], target, 1.0 / n, 1.0 / n, d);
            for (int k = 0; k < cells; k++) {
                gradient[plane + k] += d[k];
            }
        }
        c.check("loss_mask", new double[] {bce}, true);
        c.check("loss_dice", new double[] {dice}, true);
        c.check("grad.mask_logits", gradient, true);
        checkPoints(c, "chosen_points", chosen, c.integer("num_important"));
        classLoss(c, setting, rows);
    }

    /** Compares chosen points, of which the first {@code hard} may come in any order. */
    public static void checkPoints(Case c, String tensor, double[][] chosen, int hard) {
        double[] expected = c.values(tensor);
        double[] found = new double[expected.length];
        int row = chosen.length == 0 ? 0 : expected.length / chosen.length;
        for (int i = 0; i < chosen.length; i++) {
            boolean[] used = new boolean[hard];
            for (int p = 0; p < row / 2; p++) {
                int best = p;
                if (p < hard) {
                    double distance = Double.POSITIVE_INFINITY;
                    for (int q = 0; q < hard; q++) {
                        double d = Math.abs(chosen[i][2 * q] - expected[i * row + 2 * p])
                            + Math.abs(chosen[i][2 * q + 1] - expected[i * row + 2 * p + 1]);
                        if (!used[q] && d < distance) {
                            distance = d;
                            best = q;
                        }
                    }
                    used[best] = true;
                }
                found[i * row + 2 * p] = chosen[i][2 * best];
                found[i * row + 2 * p + 1] = chosen[i][2 * best + 1];
            }
        }
        c.check(tensor, found, true);
    }

    /** The class part of the set loss op, on a label map without valid pixels. */
    private static void classLoss(Case c, Setting setting, int[] matched) {
        GoldenGraph g = new GoldenGraph(c, setting);
        long[] s = c.shape("class_logits");
        int k = (int) s[2] - 1;
        INDArray rowClass = Nd4j.valueArrayOf(new long[] {s[0], s[1]}, k, setting.type);
        int[] classes = c.ints("matched_class");
        for (int i = 0; i < classes.length; i++) {
            rowClass.putScalar(matched[2 * i], matched[2 * i + 1], classes[i]);
        }
        double empty = c.real("no_object_weight");
        double weights = classes.length + empty * (s[0] * s[1] - classes.length);
        SDVariable labels = g.ops.constant("labels", Nd4j.valueArrayOf(new long[] {s[0], 8, 8}, 255, setting.type));
        SDVariable slots = g.ops.constant("slots", Nd4j.valueArrayOf(new long[] {s[0], 2, 2}, -1, setting.type));
        SDVariable norms = g.ops.constant("norms", Nd4j.createFromArray(1 / weights, 1, 0).castTo(setting.type));
        SDVariable seeds = g.ops.constant("seeds", Nd4j.zeros(setting.type, s[0]));
        SDVariable masks = g.ops.constant("masks", Nd4j.zeros(setting.type, s[0], s[1], 2, 2));
        SDVariable loss =
            new Loss(new SetLossKernel(k, 1, c.integer("num_points"), c.integer("oversample"), c.real("importance"), false, empty, 0))
                .applyAll(g.ops.sd(), g.input("class_logits"), masks, labels, g.ops.constant("rows", rowClass), slots, norms, seeds)[0];
        g.output("loss_class", ((FusedOps) g.ops).adopt(loss, 1));
        g.verify();
    }

    /** Losses over all cells: points at the middle of every cell. */
    static void dense(Case c, Setting setting) {
        long[] s = c.shape("logits");
        int rows = (int) s[0];
        int n = (int) s[1];
        double[] middles = new double[2 * n];
        for (int i = 0; i < n; i++) {
            middles[2 * i] = (i + 0.5) / n;
            middles[2 * i + 1] = 0.5;
        }
        double masks = c.real("num_masks");
        double bce = 0;
        double dice = 0;
        double[] gradient = new double[rows * n];
        for (int r = 0; r < rows; r++) {
            double[] z = Arrays.copyOfRange(c.values("logits"), r * n, (r + 1) * n);
            double[] mask = Arrays.copyOfRange(c.values("target"), r * n, (r + 1) * n);
            PointLoss.Target target = PointLoss.textTarget(mask, 1, n, 2, 1);
            PointLoss.Losses l = PointLoss.forward(z, 1, n, middles, target);
            bce += l.bce() / masks;
            dice += l.dice() / masks;
            double[] d = new double[n];
            PointLoss.backward(z, 1, n, middles, target, 1 / masks, 1 / masks, d);
            System.arraycopy(d, 0, gradient, r * n, n);
        }
        c.check("bce", new double[] {bce}, true);
        c.check("dice", new double[] {dice}, true);
        c.check("grad.logits", gradient, true);
    }
}
