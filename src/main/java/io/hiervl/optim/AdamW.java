package io.hiervl.optim;

import io.hiervl.HierVlException;
import io.hiervl.backend.Backend;
import io.hiervl.backend.OptimiserKernels;
import io.hiervl.backend.choice.Backends;
import io.hiervl.graph.DeviceArrays;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Nd4jTensors;
import io.hiervl.tensor.Precision;
import io.hiervl.tensor.RawArrays;
import io.hiervl.tensor.Staging;
import io.hiervl.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
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
 * Moments are kept per parameter, in its data type (float or double) and on its device, and so is the number of updates t: a
 * parameter without a gradient in some step is left alone, as in PyTorch. ND4J's own AdamW scales the decay differently.
 * Not safe for use from several threads; a step itself uses all cores.
 */
public final class AdamW {
    private static final class Moments {
        final Tensor m;
        final Tensor v;
        long updates;

        Moments(Tensor m, Tensor v, long updates) {
            this.m = m;
            this.v = v;
            this.updates = updates;
        }
    }

    private final double beta1;
    private final double beta2;
    private final double eps;
    private final DeviceArrays memory;
    private final Map<String, Moments> moments = new LinkedHashMap<>();

    /** The defaults of PyTorch on the host: betas 0.9 and 0.999, eps 1e-8. */
    public AdamW() {
        this(Backends.host());
    }

    /** The defaults of PyTorch: betas 0.9 and 0.999, eps 1e-8. */
    public AdamW(Backend backend) {
        this(0.9, 0.999, 1e-8, backend);
    }

    /** An optimiser of parameters on the host. */
    public AdamW(double beta1, double beta2, double eps) {
        this(beta1, beta2, eps, Backends.host());
    }

    /** @param backend where parameters and gradients are */
    public AdamW(double beta1, double beta2, double eps, Backend backend) {
        if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1 && eps > 0)) {
            throw HierVlException.config("AdamW needs betas in [0, 1) and eps > 0, got " + beta1 + ", " + beta2 + ", " + eps);
        }
        this.beta1 = beta1;
        this.beta2 = beta2;
        this.eps = eps;
        this.memory = new DeviceArrays(backend);
    }

    /**
     * One update in place of every parameter that has a gradient, all of them on the host.
     *
     * @param params dense float or double arrays by name
     * @param grads  gradients by the same names, of the same shapes and types; other names are an error
     * @param lr     learning rate of a parameter in this step
     * @param decay  weight decay of a parameter, 0 for none
     */
    public void step(Map<String, INDArray> params, Map<String, INDArray> grads, ToDoubleFunction<String> lr,
                     ToDoubleFunction<String> decay) {
        Map<String, Tensor> parameters = new LinkedHashMap<>();
        Map<String, Tensor> gradients = new LinkedHashMap<>();
        grads.forEach((name, g) -> {
            INDArray p = params.get(name);
            check(name, p, g);
            parameters.put(name, Nd4jTensors.of(p));
            gradients.put(name, Nd4jTensors.of(g));
        });
        Tensor unclipped = Tensor.onHost(ElementType.DOUBLE, OptimiserKernels.STATE);
        Staging.write(new double[] {0, 1}, unclipped);
        update(parameters, gradients, lr, decay, unclipped);
        grads.keySet().forEach(name -> RawArrays.written(params.get(name)));
    }

    /**
     * One update in place of every parameter that has a gradient. It does not wait for a device.
     *
     * @param params parameters by name
     * @param grads  gradients by the same names, of the same shapes and types; other names are an error
     * @param lr     learning rate of a parameter in this step
     * @param decay  weight decay of a parameter, 0 for none
     * @param state  of {@link OptimiserKernels#clipFactor}
     */
    public void update(Map<String, Tensor> params, Map<String, Tensor> grads, ToDoubleFunction<String> lr,
                       ToDoubleFunction<String> decay, Tensor state) {
        int n = grads.size();
        List<OptimiserKernels.Adam> updates = new ArrayList<>();
        Tensor[] p = new Tensor[n];
        Tensor[] m = new Tensor[n];
        Tensor[] v = new Tensor[n];
        for (Map.Entry<String, Tensor> e : grads.entrySet()) {
            String name = e.getKey();
            int i = updates.size();
            p[i] = params.get(name);
            if (p[i] == null) {
                throw new IllegalArgumentException("gradient for " + name + ", but there is no such parameter");
            }
            requireLike(name, p[i], e.getValue());
            Tensor parameter = p[i];
            Moments s = moments.computeIfAbsent(name, k -> new Moments(zeros(parameter), zeros(parameter), 0));
            requireLike(name, p[i], s.m);
            s.updates++;
            m[i] = s.m;
            v[i] = s.v;
            updates.add(numbers(s, lr.applyAsDouble(name), decay.applyAsDouble(name)));
        }
        if (n > 0) {
            memory.backend().kernels(p[0].type(), Precision.FP32).adamW(updates.toArray(new OptimiserKernels.Adam[0]), p,
                grads.values().toArray(new Tensor[0]), m, v, state);
        }
    }

    /** Takes back the count of an update that did nothing, as the factor was NaN. */
    public void forget(Iterable<String> names) {
        names.forEach(name -> moments.get(name).updates--);
    }

    private OptimiserKernels.Adam numbers(Moments s, double lr, double decay) {
        double stepSize = lr / (1 - Math.pow(beta1, (double) s.updates));
        double root = Math.sqrt(1 - Math.pow(beta2, (double) s.updates));
        return new OptimiserKernels.Adam(1 - lr * decay, 1 - beta1, beta2, stepSize, root, eps);
    }

    /** First moments {@code m/name}, second moments {@code v/name} and update counts {@code t/name}; on a host m and v are live. */
    public Map<String, INDArray> state() {
        Map<String, INDArray> state = new LinkedHashMap<>();
        moments.forEach((name, s) -> {
            state.put("m/" + name, memory.onHost(s.m));
            state.put("v/" + name, memory.onHost(s.v));
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
                loaded.put(name, new Moments(memory.copy(state.get(key)), memory.copy(v), t.getLong(0)));
            }
        }
        moments.clear();
        moments.putAll(loaded);
    }

    private Tensor zeros(Tensor like) {
        return memory.zeros(like.type(), like.shape());
    }

    private static void check(String name, INDArray p, INDArray g) {
        if (p == null) {
            throw new IllegalArgumentException("gradient for " + name + ", but there is no such parameter");
        }
        if (p.dataType() != DataType.FLOAT && p.dataType() != DataType.DOUBLE) {
            throw new IllegalArgumentException("parameter " + name + " is " + p.dataType() + "; AdamW updates FLOAT and DOUBLE");
        }
        RawArrays.requireDense(name, p);
        requireLike(name, Nd4jTensors.of(p), g.dataType().isFPType() ? Nd4jTensors.of(g) : null);
    }

    private static void requireLike(String name, Tensor p, Tensor other) {
        if (other == null || !Arrays.equals(p.shape(), other.shape()) || p.type() != other.type()) {
            throw HierVlException.model("parameter " + name + " is " + p.type() + Arrays.toString(p.shape())
                + ", its gradient or optimiser state "
                + (other == null ? "of another type" : other.type() + Arrays.toString(other.shape())));
        }
    }
}
