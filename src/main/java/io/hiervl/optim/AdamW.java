package io.hiervl.optim;

import io.hiervl.HierVlException;
import io.hiervl.tensor.RawArrays;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Adam with decoupled weight decay, equal to {@code torch.optim.AdamW} (no AMSGrad):
 * <pre>
 * p *= 1 - lr * decay
 * m += (1 - beta1) (g - m)          v = beta2 v + (1 - beta2) g^2
 * p -= lr / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + eps)
 * </pre>
 * Moments are kept per parameter, in its data type (float or double), and so is the number of updates t: a parameter
 * without a gradient in some step is left alone, as in PyTorch. ND4J's own AdamW scales the decay differently.
 * Not safe for use from several threads; a step itself uses all cores.
 */
public final class AdamW {
    private static final class Moments {
        final INDArray m;
        final INDArray v;
        long updates;

        Moments(INDArray m, INDArray v, long updates) {
            this.m = m;
            this.v = v;
            this.updates = updates;
        }
    }

    private final double beta1;
    private final double beta2;
    private final double eps;
    private final Map<String, Moments> moments = new LinkedHashMap<>();

    /** The defaults of PyTorch: betas 0.9 and 0.999, eps 1e-8. */
    public AdamW() {
        this(0.9, 0.999, 1e-8);
    }

    public AdamW(double beta1, double beta2, double eps) {
        if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1 && eps > 0)) {
            throw HierVlException.config("AdamW needs betas in [0, 1) and eps > 0, got " + beta1 + ", " + beta2 + ", " + eps);
        }
        this.beta1 = beta1;
        this.beta2 = beta2;
        this.eps = eps;
    }

    /**
     * One update in place of every parameter that has a gradient.
     *
     * @param params dense float or double arrays by name
     * @param grads  gradients by the same names, of the same shapes and types; other names are an error
     * @param lr     learning rate of a parameter in this step
     * @param decay  weight decay of a parameter, 0 for none
     */
    public void step(Map<String, INDArray> params, Map<String, INDArray> grads, ToDoubleFunction<String> lr,
                     ToDoubleFunction<String> decay) {
        Map<String, INDArray> dense = new LinkedHashMap<>();
        Map<String, AdamKernel> kernels = new LinkedHashMap<>();
        for (Map.Entry<String, INDArray> e : grads.entrySet()) {
            String name = e.getKey();
            INDArray p = params.get(name);
            check(name, p, e.getValue());
            INDArray g = RawArrays.dense(e.getValue());
            dense.put(name, g);
            Moments s = moments.computeIfAbsent(name, n -> new Moments(zeros(p), zeros(p), 0));
            requireLike(name, p, s.m);
            s.updates++;
            kernels.put(name, kernel(p, g, s, lr.applyAsDouble(name), decay.applyAsDouble(name)));
        }
        Blocks.of(dense, dense.keySet()).parallelStream()
            .forEach(b -> kernels.get(b.name()).update(b.start(), b.length()));
        for (String name : dense.keySet()) {
            RawArrays.written(params.get(name));
            RawArrays.written(moments.get(name).m);
            RawArrays.written(moments.get(name).v);
        }
    }

    private AdamKernel kernel(INDArray p, INDArray g, Moments s, double lr, double decay) {
        double stepSize = lr / (1 - Math.pow(beta1, (double) s.updates));
        double root = Math.sqrt(1 - Math.pow(beta2, (double) s.updates));
        AdamKernel.Factors f = new AdamKernel.Factors(1 - lr * decay, 1 - beta1, beta2, stepSize, root, eps);
        return p.dataType() == DataType.DOUBLE
            ? new AdamKernel.Doubles(f, RawArrays.doubles(p), RawArrays.doubles(g), RawArrays.doubles(s.m), RawArrays.doubles(s.v))
            : new AdamKernel.Floats(f, RawArrays.floats(p), RawArrays.floats(g), RawArrays.floats(s.m), RawArrays.floats(s.v));
    }

    /** First moments {@code m/name}, second moments {@code v/name} and update counts {@code t/name}; m and v are live. */
    public Map<String, INDArray> state() {
        Map<String, INDArray> state = new LinkedHashMap<>();
        moments.forEach((name, s) -> {
            state.put("m/" + name, s.m);
            state.put("v/" + name, s.v);
            state.put("t/" + name, Nd4j.createFromArray(s.updates));
        });
        return state;
    }

    /** Replaces the state by one from {@link #state}; other keys are ignored. The arrays are copied. */
    public void load(Map<String, INDArray> state) {
        Map<String, Moments> loaded = new LinkedHashMap<>();
        for (String key : state.keySet()) {
            if (key.startsWith("m/")) {
                String name = key.substring(2);
                INDArray v = state.get("v/" + name);
                INDArray t = state.get("t/" + name);
                if (v == null || t == null) {
                    throw HierVlException.model("optimiser state of " + name + " is incomplete: "
                        + (v == null ? "v/" : "t/") + name + " is missing");
                }
                loaded.put(name, new Moments(state.get(key).dup('c'), v.dup('c'), t.getLong(0)));
            }
        }
        moments.clear();
        moments.putAll(loaded);
    }

    private static INDArray zeros(INDArray like) {
        return Nd4j.zeros(like.dataType(), like.shape());
    }

    private static void check(String name, INDArray p, INDArray g) {
        if (p == null) {
            throw new IllegalArgumentException("gradient for " + name + ", but there is no such parameter");
        }
        if (p.dataType() != DataType.FLOAT && p.dataType() != DataType.DOUBLE) {
            throw new IllegalArgumentException("parameter " + name + " is " + p.dataType() + "; AdamW updates FLOAT and DOUBLE");
        }
        RawArrays.requireDense(name, p);
        requireLike(name, p, g);
    }

    private static void requireLike(String name, INDArray p, INDArray other) {
        if (!Arrays.equals(p.shape(), other.shape()) || p.dataType() != other.dataType()) {
            throw HierVlException.model("parameter " + name + " is " + p.dataType() + Arrays.toString(p.shape())
                + ", its gradient or optimiser state " + other.dataType() + Arrays.toString(other.shape()));
        }
    }
}
