package io.hiervl.serve.http;

import java.util.Map;

/** A request that is answered with an error status and one sentence. */
public final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final transient Map<String, String> headers;

    /** @param status HTTP status, 400 or above */
    public Refusal(int status, String message) {
        this(status, message, Map.of());
    }

    /** @param headers to be added to the answer */
    public Refusal(int status, String message, Map<String, String> headers) {
        super(message, null, false, false);
        this.status = status;
        this.headers = Map.copyOf(headers);
    }

    public int status() {
        return status;
    }

    Map<String, String> headers() {
        return headers;
    }
}
