package io.hiervl.graph;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Time per kind of op, collected with {@code -Dhiervl.profile=true}, per op and shape of its inputs with {@code -Dhiervl.profile=shapes},
 * or per module with {@code -Dhiervl.profile=modules}, and logged when the JVM ends.
 */
public final class Profile {
    private static final Logger LOG = LoggerFactory.getLogger(Profile.class);
    private static final String MODE = System.getProperty("hiervl.profile", "false");
    private static final Profile SHARED = MODE.equals("false") ? null : new Profile();

    /**
     * Calls of an op.
     *
     * @param calls number
     * @param nanos their time together
     * @param least that of the fastest
     * @param flops floating-point operations of matrix products and convolutions together
     */
    public record Cost(long calls, long nanos, long least, double flops) {
        Cost plus(Cost other) {
            return new Cost(calls + other.calls, nanos + other.nanos, Math.min(least, other.least), flops + other.flops);
        }
    }

    private final Map<String, Cost> costs = new ConcurrentHashMap<>();

    private Profile() {
        Runtime.getRuntime().addShutdownHook(new Thread(this::log));
    }

    static Profile ifEnabled() {
        return SHARED;
    }

    /** What was collected since the last call, by op; empty without {@code hiervl.profile}. */
    public static Map<String, Cost> collected() {
        return SHARED == null ? Map.of() : SHARED.take();
    }

    /** @param step name of the op in its graph, after a module where it belongs to one */
    void add(String step, String op, long[][] inputs, long nanos, double flops) {
        String name = switch (MODE) {
            case "modules" -> step.contains("/") ? step.substring(0, step.lastIndexOf('/')) : op;
            case "shapes" -> op + " " + Arrays.stream(inputs).map(Arrays::toString).collect(Collectors.joining(" "));
            default -> op;
        };
        costs.merge(name, new Cost(1, nanos, nanos, flops), Cost::plus);
    }

    private Map<String, Cost> take() {
        Map<String, Cost> result = new TreeMap<>(costs);
        costs.clear();
        return result;
    }

    private void log() {
        costs.entrySet().stream().sorted(Map.Entry.comparingByValue(Comparator.comparingLong(c -> -c.nanos)))
            .forEach(e -> LOG.info(String.format(Locale.ROOT, "%-40s %8d calls %10.1f ms %8.1f us each, fastest %8.1f", e.getKey(),
                e.getValue().calls, e.getValue().nanos / 1e6, e.getValue().nanos / 1e3 / e.getValue().calls, e.getValue().least / 1e3)));
    }
}
