package io.hiervl.optim;

import io.hiervl.GoldenConfig;
import io.hiervl.GoldenFixtures.Case;
import io.hiervl.GoldenSuite;
import io.hiervl.GoldenSuite.Setting;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** AdamW, clipping and schedule against trajectories of PyTorch. */
class GoldenOptimTest {
    @TestFactory
    List<DynamicTest> golden() {
        return new GoldenSuite("optim")
            .on("adamw_trajectory", List.of(Setting.FUSED, Setting.FUSED_DOUBLE), (c, setting) -> trajectory(c, setting.type))
            .on("lr_schedule", GoldenSuite.PLAIN, (c, setting) -> schedule(c)).tests();
    }

    private static void schedule(Case c) {
        GoldenConfig k = c.config;
        WarmupPoly s =
            new WarmupPoly(k.get("T").asLong(), k.get("Tw").asLong(), k.get("power").asDouble(), k.get("warmup_start").asDouble());
        int[] t = c.ints("iteration");
        double[] lr = new double[t.length];
        for (int i = 0; i < t.length; i++) {
            lr[i] = k.get("lr0").asDouble() * s.factor(t[i]);
        }
        c.check("lr", lr, true);
    }

    private static void trajectory(Case c, DataType type) {
        boolean isDouble = type == DataType.DOUBLE;
        GoldenConfig k = c.config;
        Map<String, Double> lr0 = new HashMap<>();
        Map<String, Double> decay = new HashMap<>();
        k.get("groups").forEach(g -> g.get("params").forEach(p -> {
            lr0.put(p.asText(), g.get("lr").asDouble());
            decay.put(p.asText(), g.get("weight_decay").asDouble());
        }));
        Map<String, INDArray> params = new LinkedHashMap<>();
        for (String tensor : c.names("param")) {
            params.put(tensor.substring("init.".length()), c.array(tensor, type));
        }
        WarmupPoly schedule = new WarmupPoly(k.get("T").asLong(), k.get("Tw").asLong());
        AdamW adam = new AdamW(k.get("betas").get(0).asDouble(), k.get("betas").get(1).asDouble(), k.get("eps").asDouble());
        int steps = k.get("steps").asInt();
        Map<String, double[]> trace = new HashMap<>();
        double[] losses = new double[steps];
        double[] norms = new double[steps];
        double[] rates = new double[steps * k.get("groups").size()];
        for (int t = 0; t < steps; t++) {
            double factor = schedule.factor(t);
            Map<String, INDArray> grads = new LinkedHashMap<>();
            losses[t] = new TwoLayerNet(c, params).gradients(grads, type);
            norms[t] = GlobalNormClip.clip(grads, k.get("clip_norm").asDouble());
            for (int g = 0; g < k.get("groups").size(); g++) {
                rates[t * k.get("groups").size() + g] = k.get("groups").get(g).get("lr").asDouble() * factor;
            }
            adam.step(params, grads, p -> lr0.get(p) * factor, decay::get);
            for (Map.Entry<String, INDArray> p : params.entrySet()) {
                double[] values = p.getValue().data().asDouble();
                double[] all = trace.computeIfAbsent(p.getKey(), n -> new double[steps * values.length]);
                System.arraycopy(values, 0, all, t * values.length, values.length);
            }
        }
        c.check("traj.loss", losses, isDouble);
        c.check("traj.grad_norm", norms, isDouble);
        c.check("traj.lr", rates, isDouble);
        for (String p : params.keySet()) {
            c.check("traj." + p, trace.get(p), isDouble);
            c.check("state." + p + ".exp_avg", adam.state().get("m/" + p).data().asDouble(), isDouble);
            c.check("state." + p + ".exp_avg_sq", adam.state().get("v/" + p).data().asDouble(), isDouble);
        }
    }

    /** mean((tanh(x w1 + b1) w2 + b2 - y)^2) and its gradients by hand, in double. */
    private static final class TwoLayerNet {
        private final INDArray x;
        private final INDArray y;
        private final Map<String, INDArray> p = new HashMap<>();

        TwoLayerNet(Case c, Map<String, INDArray> params) {
            x = c.array("x", DataType.DOUBLE);
            y = c.array("y", DataType.DOUBLE);
            params.forEach((n, a) -> p.put(n, a.castTo(DataType.DOUBLE)));
        }

        double gradients(Map<String, INDArray> grads, DataType type) {
            INDArray a = Nd4j.math.tanh(x.mmul(p.get("w1")).addRowVector(p.get("b1")));
            INDArray error = a.mmul(p.get("w2")).addRowVector(p.get("b2")).sub(y);
            INDArray dOut = error.mul(2.0 / error.length());
            INDArray dHidden = dOut.mmul(p.get("w2").transpose()).mul(a.mul(a).rsub(1));
            grads.put("w1", x.transpose().mmul(dHidden).castTo(type).dup('c'));
            grads.put("b1", dHidden.sum(0).castTo(type));
            grads.put("w2", a.transpose().mmul(dOut).castTo(type).dup('c'));
            grads.put("b2", dOut.sum(0).castTo(type));
            return error.mul(error).meanNumber().doubleValue();
        }
    }
}
