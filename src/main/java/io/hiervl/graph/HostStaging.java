package io.hiervl.graph;

import io.hiervl.backend.Backend;
import io.hiervl.backend.jvm.JavaBackend;
import io.hiervl.op.Op;
import io.hiervl.tensor.Nd4jTensors;
import io.hiervl.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.nd4j.linalg.factory.Nd4j;

/** Ops that a device has no kernel for: inputs are copied down, the plain Java kernels compute, results are copied up. */
public final class HostStaging {
    /**
     * What was staged of a kind of op.
     *
     * @param runs  number of executions
     * @param bytes that were copied, both ways
     */
    public record Count(long runs, long bytes) {
        Count plus(Count other) {
            return new Count(runs + other.runs, bytes + other.bytes);
        }
    }

    private static final Map<String, Count> COUNTS = new ConcurrentHashMap<>();

    private HostStaging() {
    }

    /** What was staged since the last call, by name of the op. */
    public static Map<String, Count> take() {
        Map<String, Count> result = new TreeMap<>(COUNTS);
        COUNTS.clear();
        return result;
    }

    /** One line on what was staged since the last {@link #take}: ops, runs and bytes; empty if nothing was. */
    public static String describe() {
        List<String> parts = new ArrayList<>();
        new TreeMap<>(COUNTS).forEach((op, count) -> parts.add(String.format(Locale.ROOT, "%s %d times, %.1f MiB", op, count.runs,
            count.bytes / (double) (1 << 20))));
        return String.join("; ", parts);
    }

    /** A copy on the host; waits for the device. Its memory is ND4J's: whoever keeps the array keeps the memory. */
    public static Tensor download(Backend backend, Tensor device) {
        Tensor host = Nd4jTensors.of(Nd4j.createUninitialized(Nd4jTensors.type(device.type()), device.shape()));
        backend.download(device, host);
        return host;
    }

    /** An op of ND4J that was computed on the host. */
    static void count(String op, Tensor[] in) {
        long bytes = 0;
        for (Tensor a : in) {
            bytes += bytes(a);
        }
        COUNTS.merge(op, new Count(1, bytes), Count::plus);
    }

    static void run(Backend backend, Op op, Tensor[] in, Tensor[] out) {
        long bytes = 0;
        Tensor[] from = new Tensor[in.length];
        for (int i = 0; i < in.length; i++) {
            from[i] = download(backend, in[i]);
            bytes += bytes(in[i]);
        }
        Tensor[] to = new Tensor[out.length];
        for (int i = 0; i < out.length; i++) {
            to[i] = out[i] == null ? null : out[i] == in[0] ? from[0] : Tensor.onHost(out[i].type(), out[i].shape());
        }
        op.run(JavaBackend.INSTANCE.kernels(in[0].type(), op.precision()), from, to);
        for (int i = 0; i < out.length; i++) {
            if (out[i] != null) {
                backend.upload(to[i], out[i]);
                bytes += bytes(out[i]);
            }
        }
        COUNTS.merge(op.name(), new Count(1, bytes), Count::plus);
    }

    private static long bytes(Tensor a) {
        return a.length() * a.type().width();
    }
}
