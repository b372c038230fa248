package io.hiervl.serve.http;

import io.hiervl.HierVlException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;

/**
 * How a service listens and what it takes.
 *
 * @param host     address to listen at
 * @param port     0 for any free one
 * @param token    what callers must show; null for none, which only a loopback address may have
 * @param threads  requests that are worked on at the same time
 * @param queue    requests that wait for them; one more is refused with 429
 * @param maxBytes longest body
 * @param timeout  from a request's first byte to its answer
 */
public record ServiceOptions(String host, int port, Secret token, int threads, int queue, long maxBytes, Duration timeout) {
    private static final int MOST = 1024;

    public ServiceOptions {
        require(port >= 0 && port <= 65535, "the port is " + port + ", it must be 0 to 65535");
        require(threads >= 1 && threads <= MOST, "threads is " + threads + ", it must be 1 to " + MOST);
        require(queue >= 0 && queue <= MOST, "the queue is " + queue + ", it must be 0 to " + MOST);
        require(maxBytes >= 1 && maxBytes <= Integer.MAX_VALUE / 2,
            "the limit of bytes is " + maxBytes + ", it must be 1 to " + Integer.MAX_VALUE / 2);
        require(!timeout.isNegative() && !timeout.isZero(), "the timeout is " + timeout.toMillis() + " ms, it must be above 0");
        if (token == null && !loopback(host)) {
            throw HierVlException.usage("--host is " + host + ", which other machines can reach: a token is needed, with --token or in "
                + "the environment variable HIERVL_TOKEN");
        }
    }

    /** A service of one person on this machine. */
    public static ServiceOptions local(int port) {
        return new ServiceOptions("127.0.0.1", port, null, 4, 16, 1 << 20, Duration.ofSeconds(30));
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw HierVlException.usage(otherwise);
        }
    }

    /** Whether only this machine reaches an address. */
    static boolean loopback(String host) {
        try {
            for (InetAddress address : InetAddress.getAllByName(host)) {
                if (!address.isLoopbackAddress()) {
                    return false;
                }
            }
            return true;
        } catch (UnknownHostException e) {
            throw HierVlException.usage("--host is '" + host + "', which is no address of this machine");
        }
    }
}
