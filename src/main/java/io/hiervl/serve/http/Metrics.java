package io.hiervl.serve.http;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import org.bytedeco.javacpp.Pointer;

/** Figures of a service in Prometheus' text form. */
public final class Metrics {
    /** Bounds of the histogram of times. */
    private static final Duration[] TIMES = {Duration.ofMillis(5), Duration.ofMillis(20), Duration.ofMillis(100), Duration.ofMillis(500),
        Duration.ofSeconds(2), Duration.ofSeconds(10)};

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

    /** Memory of the process is among the figures. */
    public Metrics() {
        new JvmMemoryMetrics().bindTo(registry);
        Gauge.builder("hiervl.arrays", Pointer::totalBytes).baseUnit("bytes").description("memory of arrays outside Java's heap")
            .register(registry);
        Gauge.builder("process.resident.memory", () -> Pointer.physicalBytes()).baseUnit("bytes").description("memory of the process")
            .register(registry);
    }

    /** Where endpoints count what they do. */
    public MeterRegistry registry() {
        return registry;
    }

    void watch(Admission admission) {
        Gauge.builder("hiervl.requests.working", admission::working).description("requests that are worked on").register(registry);
        Gauge.builder("hiervl.requests.present", admission::present).description("requests that are worked on, received or wait")
            .register(registry);
    }

    /** Counts an answer. Paths that are no route share one name, so that strangers cannot fill the memory with names. */
    void answered(String route, int status, long nanos) {
        Timer.builder("hiervl.http.requests").description("answers and their time").tag("route", route)
            .tag("status", Integer.toString(status)).serviceLevelObjectives(TIMES).register(registry).record(Duration.ofNanos(nanos));
    }

    /** Everything, for Prometheus. */
    public Reply reply() {
        return new Reply("text/plain;version=0.0.4;charset=utf-8", registry.scrape().getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }
}
