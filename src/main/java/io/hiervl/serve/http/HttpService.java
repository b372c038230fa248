package io.hiervl.serve.http;

import io.hiervl.HierVlException;
import java.io.IOException;
import java.net.BindException;
import java.util.List;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.GracefulHandler;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/** A service on Jetty, HTTP/1.1 without TLS. {@link #close} takes no new request and waits for those in work. */
public final class HttpService implements AutoCloseable {
    /** A connection that says nothing for this long is closed. */
    private static final long IDLE_MILLIS = 15_000;
    /** Threads for acceptor, selectors and requests that do not wait. */
    private static final int SPARE_THREADS = 8;
    private static final int HEADER_BYTES = 16 << 10;

    private final ServiceOptions options;
    private final Server server;
    private final ServerConnector connector;
    private final ScheduledThreadPoolExecutor clock;
    private int port;

    /** Starts nothing yet. */
    public HttpService(ServiceOptions options, List<Route> routes, Metrics metrics) {
        this.options = options;
        this.clock = new ScheduledThreadPoolExecutor(1, task -> {
            Thread t = new Thread(task, "hiervl-deadlines");
            t.setDaemon(true);
            return t;
        });
        clock.setRemoveOnCancelPolicy(true);
        QueuedThreadPool pool = new QueuedThreadPool(options.threads() + options.queue() + SPARE_THREADS);
        pool.setName("hiervl-http");
        pool.setDaemon(true);
        server = new Server(pool);
        HttpConfiguration http = new HttpConfiguration();
        http.setSendServerVersion(false);
        http.setUriCompliance(UriCompliance.RFC3986);
        http.setRequestHeaderSize(HEADER_BYTES);
        connector = new ServerConnector(server, 1, 1, new HttpConnectionFactory(http));
        connector.setHost(options.host());
        connector.setPort(options.port());
        connector.setIdleTimeout(IDLE_MILLIS);
        server.addConnector(connector);
        server.setHandler(new GracefulHandler(new Dispatcher(options, routes, metrics, clock)));
        server.setErrorHandler(new PlainErrors());
        server.setStopTimeout(options.timeout().toMillis() + 1000);
    }

    /**
     * Begins to listen.
     *
     * @throws HierVlException environment error: the port is taken or not allowed
     */
    public HttpService start() {
        try {
            server.start();
            port = connector.getLocalPort();
            return this;
        } catch (Exception e) {
            close();
            if (e instanceof BindException || e instanceof IOException) {
                Throwable cause = e.getCause() instanceof BindException ? e.getCause() : e;
                throw HierVlException.environment("cannot listen at port " + options.port() + " of " + options.host() + ": "
                    + cause.getMessage() + "; --port 0 takes a free one", e);
            }
            throw new IllegalStateException("the HTTP server does not start", e);
        }
    }

    /** The port it listens at, or listened at. */
    public int port() {
        return port;
    }

    /** The address of its page. */
    public String address() {
        String host = options.host();
        return "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port() + "/";
    }

    /** Takes no new request, waits for those in work, and ends. */
    @Override
    public void close() {
        try {
            server.stop();
        } catch (Exception e) {
            throw new IllegalStateException("the HTTP server does not stop", e);
        } finally {
            clock.shutdownNow();
        }
    }
}
