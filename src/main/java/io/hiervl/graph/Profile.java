package io.hiervl.graph;

import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Time per kind of op, collected with {@code -Dhiervl.profile=true} and logged when the JVM ends. */
final class Profile {
    private static final Logger LOG = LoggerFactory.getLogger(Profile.class);
    private static final Profile SHARED = Boolean.getBoolean("hiervl.profile") ? new Profile() : null;

    private record Cost(long calls, long nanos) {
        Cost plus(Cost other) {
            return new Cost(calls + other.calls, nanos + other.nanos);
        }
    }

    private final Map<String, Cost> costs = new ConcurrentHashMap<>();

    private Profile() {
        Runtime.getRuntime().addShutdownHook(new Thread(this::log));
    }

    static Profile ifEnabled() {
        return SHARED;
    }

    void add(String op, long nanos) {
        costs.merge(op, new Cost(1, nanos), Cost::plus);
    }

    private void log() {
        costs.entrySet().stream().sorted(Map.Entry.comparingByValue(Comparator.comparingLong(c -> -c.nanos)))
            .forEach(e -> LOG.info(String.format(Locale.ROOT, "%-40s %8d calls %10.1f ms %8.1f us each", e.getKey(), e.getValue().calls,
                e.getValue().nanos / 1e6, e.getValue().nanos / 1e3 / e.getValue().calls)));
    }
}
