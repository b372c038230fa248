package io.hiervl.backend.choice;

import io.hiervl.HierVlException;
import io.hiervl.backend.Backend;
import io.hiervl.backend.cuda.CudaBackend;
import io.hiervl.backend.jvm.JavaBackend;
import io.hiervl.backend.jvm.Parallel;
import io.hiervl.backend.onednn.OneDnnBackend;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The backends there are here. System property {@code hiervl.kernels} = {@code auto} (oneDNN where its library loads, the default),
 * {@code onednn} or {@code java} says which one {@link #host()} is.
 */
public final class Backends {
    private static final Logger LOG = LoggerFactory.getLogger(Backends.class);

    private static Backend host;
    /** Where graphs run; null: on the host. */
    private static Backend device;
    /** Devices beside the first. */
    private static List<Backend> more = List.of();
    private static String reason = "";
    private static String noDevice = "";

    private Backends() {
    }

    /** The backend of this process's own memory, for those who were given none. */
    public static synchronized Backend host() {
        if (host == null) {
            host = choose(System.getProperty("hiervl.kernels", "auto").toLowerCase(Locale.ROOT));
        }
        return host;
    }

    /** Where graphs of 32-bit floats run whose maker named no backend: on the device that was chosen, else on {@link #host()}. */
    public static synchronized Backend compute() {
        return device == null ? host() : device;
    }

    /**
     * A device by name.
     *
     * @param name {@code cpu}, {@code cuda:N}, {@code cuda} (the first GPU), or {@code auto}: the first GPU that can be used, else the CPU
     * @throws HierVlException of kind USAGE for another name, of kind ENVIRONMENT if a GPU that was asked for cannot be used
     */
    public static synchronized Backend device(String name) {
        String wanted = name.toLowerCase(Locale.ROOT);
        if (wanted.equals("cpu")) {
            return host();
        }
        if (wanted.equals("auto")) {
            try {
                return CudaBackend.open(0);
            } catch (HierVlException e) {
                LOG.debug("no GPU computes: {}", e.getMessage());
                noDevice = e.getMessage();
                return host();
            }
        }
        if (wanted.matches("cuda(:\\d{1,3})?")) {
            return CudaBackend.open(wanted.equals("cuda") ? 0 : Integer.parseInt(wanted.substring("cuda:".length())));
        }
        throw HierVlException.usage("--device is '" + name + "', expected auto, cpu or cuda:N (N from 0)");
    }

    /**
     * Chooses {@link #compute()} for this process by the name of a {@link #device}, or by several names of GPUs with commas between them:
     * training then shares its batches out among them.
     */
    public static synchronized void useDevice(String name) {
        List<Backend> chosen = new ArrayList<>();
        for (String each : name.split(",", -1)) {
            chosen.add(device(each.strip()));
        }
        if (chosen.size() > 1
            && (chosen.stream().anyMatch(Backend::onHost) || chosen.stream().map(Backend::name).distinct().count() < chosen.size())) {
            throw HierVlException.usage("--device is '" + name + "'; several devices must be different GPUs, for example cuda:0,cuda:1");
        }
        device = chosen.get(0).onHost() ? null : chosen.get(0);
        more = List.copyOf(chosen.subList(1, chosen.size()));
        if (device != null) {
            LOG.info("graphs run on {}", device);
        }
    }

    /** {@link #compute()}, and the devices that train beside it. */
    public static synchronized List<Backend> all() {
        List<Backend> all = new ArrayList<>(List.of(compute()));
        all.addAll(more);
        return all;
    }

    /** Plain Java. */
    public static Backend java() {
        return JavaBackend.INSTANCE;
    }

    /**
     * Runs a task in which this is {@link #compute()}, and {@link #host()} too if its memory is this process's own: for comparisons of
     * backends in tests.
     */
    public static void during(Backend backend, Runnable task) {
        Backend hostBefore = host();
        Backend deviceBefore = exchange(backend.onHost() ? backend : hostBefore, backend.onHost() ? null : backend);
        try {
            task.run();
        } finally {
            exchange(hostBefore, deviceBefore);
        }
    }

    private static synchronized Backend exchange(Backend newHost, Backend newDevice) {
        Backend before = device;
        host = newHost;
        device = newDevice;
        return before;
    }

    private static Backend choose(String wanted) {
        switch (wanted) {
            case "java":
                reason = " (asked for)";
                return JavaBackend.INSTANCE;
            case "auto":
            case "onednn":
                try {
                    return new OneDnnBackend();
                } catch (LinkageError | RuntimeException e) {
                    if (wanted.equals("onednn")) {
                        throw HierVlException.environment("hiervl.kernels=onednn, but oneDNN cannot be loaded: " + e, e);
                    }
                    LOG.info("oneDNN cannot be loaded, plain Java kernels compute: {}", e.toString());
                    reason = " (oneDNN cannot be loaded: " + e + ")";
                    return JavaBackend.INSTANCE;
                }
            default:
                throw HierVlException.environment("system property hiervl.kernels is '" + wanted + "', expected auto, onednn or java");
        }
    }

    /** One line for reports on {@link #compute()}. */
    public static synchronized String describeDevice() {
        return device != null ? device.toString() : noDevice.isEmpty() ? "cpu" : "cpu (" + noDevice + ")";
    }

    /** One line for reports. */
    public static String describe() {
        return host().name() + " for 32-bit floats" + reason + ", java for 64-bit, " + Parallel.threads() + " threads";
    }
}
