package io.hiervl.optim;

import io.hiervl.HierVlException;
import io.hiervl.backend.Backend;
import io.hiervl.graph.DeviceArrays;
import io.hiervl.tensor.Precision;
import io.hiervl.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Exponential moving average of parameters (UniMatch-V2; docs/paper.md 9.4): average = r average + (1 - r) parameter with
 * r = min(1 - 1/(t + 1), ratio), so that the first update copies the parameters. Averages lie where the parameters do.
 */
public final class Ema {
    private final double ratio;
    private final DeviceArrays memory;
    private final Map<String, Tensor> average = new LinkedHashMap<>();
    private final Map<String, Tensor> places;

    /**
     * @param ratio   largest share of the old average, 0.996 in UniMatch-V2
     * @param backend where parameters are
     */
    public Ema(double ratio, Backend backend) {
        this(ratio, backend, Map.of());
    }

    /** @param places arrays of the backend in which averages are kept, by parameter name; others get arrays of their own */
    public Ema(double ratio, Backend backend, Map<String, Tensor> places) {
        if (!(ratio >= 0 && ratio < 1)) {
            throw HierVlException.config("EMA ratio must lie in [0, 1), got " + ratio);
        }
        this.ratio = ratio;
        this.memory = new DeviceArrays(backend);
        this.places = Map.copyOf(places);
    }

    /**
     * Takes the parameters after iteration {@code t} (from 0) into the average, without waiting for a device.
     *
     * @param state of {@link io.hiervl.backend.OptimiserKernels#clipFactor}
     */
    public void update(Map<String, Tensor> params, long t, Tensor state) {
        double r = Math.min(1 - 1.0 / (t + 1), ratio);
        Map<String, Tensor> fresh = new LinkedHashMap<>();
        Map<String, Tensor> known = new LinkedHashMap<>();
        params.forEach((name, p) -> (average.containsKey(name) ? known : fresh).put(name, p));
        fresh.forEach((name, p) -> average.put(name, places.containsKey(name) ? places.get(name) : memory.zeros(p.type(), p.shape())));
        mix(fresh, 0, state);
        mix(known, r, state);
    }

    private void mix(Map<String, Tensor> params, double r, Tensor state) {
        if (!params.isEmpty()) {
            Tensor[] from = params.values().toArray(new Tensor[0]);
            memory.backend().kernels(from[0].type(), Precision.FP32).average(from, r,
                params.keySet().stream().map(average::get).toArray(Tensor[]::new), state);
        }
    }

    /** The average of a parameter, live on a host; null if there is none. */
    public INDArray of(String name) {
        Tensor a = average.get(name);
        return a == null ? null : memory.onHost(a);
    }

    /** The averages by parameter name, live on a host, copies from a device. */
    public Map<String, INDArray> average() {
        Map<String, INDArray> all = new LinkedHashMap<>();
        average.forEach((name, a) -> all.put(name, memory.onHost(a)));
        return all;
    }

    /** The averages as {@code e/name}. */
    public Map<String, INDArray> state() {
        Map<String, INDArray> state = new LinkedHashMap<>();
        average.forEach((name, a) -> state.put("e/" + name, memory.onHost(a)));
        return state;
    }

    private Tensor loaded(String name, INDArray value) {
        Tensor place = places.get(name);
        if (place == null) {
            return memory.copy(value);
        }
        memory.write(value, place);
        return place;
    }

    /** Replaces the averages by the {@code e/} entries; the arrays are copied. */
    public void load(Map<String, INDArray> state) {
        average.clear();
        state.forEach((key, a) -> {
            if (key.startsWith("e/")) {
                average.put(key.substring(2), loaded(key.substring(2), a));
            }
        });
    }
}
