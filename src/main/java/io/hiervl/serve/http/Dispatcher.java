package io.hiervl.serve.http;

import io.hiervl.HierVlException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.stream.Collectors;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes every request: finds its route, checks it, reads its body, lets it wait and work, and writes the answer. */
final class Dispatcher extends Handler.Abstract {
    private static final Logger LOG = LoggerFactory.getLogger(Dispatcher.class);
    private static final Map<String, String> ALWAYS = Map.of("X-Content-Type-Options", "nosniff", "Cache-Control", "no-store",
        "Referrer-Policy", "no-referrer", "Content-Security-Policy",
        "default-src 'self'; img-src 'self' blob: data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'");
    private static final int BUFFER = 16 << 10;
    /** How much a refused caller may go on sending, in bodies of the greatest length. */
    private static final long LEFTOVERS = 8;

    private final ServiceOptions options;
    private final List<Route> routes;
    private final Metrics metrics;
    private final ScheduledExecutorService clock;
    private final Guard guard;
    private final Admission admission;

    Dispatcher(ServiceOptions options, List<Route> routes, Metrics metrics, ScheduledExecutorService clock) {
        this.options = options;
        this.routes = List.copyOf(routes);
        this.metrics = metrics;
        this.clock = clock;
        this.guard = new Guard(options.token());
        this.admission = new Admission(options.threads(), options.queue());
        metrics.watch(admission);
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        long start = System.nanoTime();
        Route route = null;
        Reply reply;
        try {
            route = route(request);
            guard.check(request, route.kind());
            reply = answer(request, route);
        } catch (RuntimeException e) {
            reply = failed(e);
        }
        response.setStatus(reply.status());
        ALWAYS.forEach(response.getHeaders()::put);
        reply.headers().forEach(response.getHeaders()::put);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, reply.type());
        response.getHeaders().put(HttpHeader.CONTENT_LENGTH, reply.body().length);
        metrics.answered(route == null ? "none" : route.path(), reply.status(), System.nanoTime() - start);
        Callback written = leavesRest(reply.status()) ? new Leftovers(request, callback, clock, options.timeout(),
            LEFTOVERS * options.maxBytes()) : callback;
        response.write(true, ByteBuffer.wrap(reply.body()), written);
        return true;
    }

    /** Whether a part of the body may be unread. Who was too slow once gets no more time: a read of its body is still pending. */
    private static boolean leavesRest(int status) {
        return status >= HttpStatus.BAD_REQUEST_400 && status != HttpStatus.REQUEST_TIMEOUT_408;
    }

    private Route route(Request request) {
        String path = request.getHttpURI().getCanonicalPath();
        List<Route> there = routes.stream().filter(r -> r.path().equals(path)).toList();
        if (there.isEmpty()) {
            throw new Refusal(404, "there is nothing at this address; /openapi.json lists what there is");
        }
        String method = request.getMethod().equals("HEAD") ? "GET" : request.getMethod();
        return there.stream().filter(r -> r.method().equals(method)).findFirst().orElseThrow(() -> {
            String allowed = there.stream().map(Route::method).collect(Collectors.joining(", "));
            return new Refusal(405, "this address takes " + allowed + " only", Map.of("Allow", allowed));
        });
    }

    private Reply answer(Request request, Route route) {
        if (request.getLength() > options.maxBytes()) {
            throw tooLong();
        }
        boolean work = route.kind() == Route.Kind.WORK;
        if (work) {
            admission.takePlace();
        }
        try (Deadline deadline = new Deadline(clock, options.timeout())) {
            try {
                byte[] body = route.method().equals("POST") ? read(request, deadline) : new byte[0];
                Call call = new Call(request, body);
                return work ? inTurn(call, route, deadline) : route.endpoint().answer(call);
            } catch (InterruptedException e) {
                throw new Refusal(503, "the request waited longer than " + seconds() + " s for its turn", Map.of("Retry-After", "1"));
            } catch (IllegalStateException | HierVlException e) {
                if (deadline.passed()) {
                    throw new Refusal(503, "the work takes longer than " + seconds() + " s and was given up");
                }
                throw e;
            }
        } finally {
            if (work) {
                admission.leavePlace();
            }
        }
    }

    private Reply inTurn(Call call, Route route, Deadline deadline) throws InterruptedException {
        admission.takeTurn(deadline);
        long start = System.nanoTime();
        try {
            return route.endpoint().answer(call);
        } finally {
            admission.leaveTurn(System.nanoTime() - start);
        }
    }

    private String seconds() {
        return Double.toString(options.timeout().toMillis() / 1000.0);
    }

    private Refusal tooLong() {
        return new Refusal(413, "the body is longer than the limit of " + options.maxBytes() + " bytes");
    }

    private byte[] read(Request request, Deadline deadline) {
        long length = request.getLength();
        ByteArrayOutputStream out = new ByteArrayOutputStream(length > 0 ? (int) length : BUFFER);
        byte[] buffer = new byte[BUFFER];
        InputStream in = Request.asInputStream(request); // not closed: that would fail a body whose rest Leftovers reads
        try {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                if (out.size() + n > options.maxBytes()) {
                    in.skipNBytes(in.available()); // gives the piece at hand back
                    throw tooLong();
                }
                if (deadline.passed()) {
                    throw new IOException("too slow");
                }
                out.write(buffer, 0, n);
            }
            return out.toByteArray();
        } catch (IOException e) {
            throw deadline.passed() ? new Refusal(408, "the body did not arrive within " + seconds() + " s")
                : new Refusal(400, "the body is incomplete");
        }
    }

    /** What the caller is told; causes inside the service go to the log alone. */
    private static Reply failed(RuntimeException e) {
        if (e instanceof Refusal refusal) {
            return Reply.problem(refusal.status(), refusal.getMessage(), refusal.headers());
        }
        if (e instanceof HierVlException known && known.kind().exitCode() <= HierVlException.Kind.DATA.exitCode()) {
            return Reply.problem(400, known.getMessage(), Map.of());
        }
        LOG.error("a request failed", e);
        return Reply.problem(500, "internal error; the service's log says more", Map.of());
    }
}
