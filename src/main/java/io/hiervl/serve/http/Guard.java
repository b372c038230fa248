package io.hiervl.serve.http;

import java.net.URI;
import java.util.Locale;
import java.util.Map;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;

/**
 * Who may ask. A page of the internet that is open in a browser on this machine can send requests to loopback addresses too: under a name
 * of its own that leads here, or across origins. Both are refused.
 */
final class Guard {
    private final Secret token;

    /** @param token null for none */
    Guard(Secret token) {
        this.token = token;
    }

    void check(Request request, Route.Kind kind) {
        String host = request.getHeaders().get(HttpHeader.HOST);
        if (token == null && !local(Request.getServerName(request))) {
            throw new Refusal(403, "this service answers at a loopback address only; start it with a token for other names");
        }
        String origin = request.getHeaders().get(HttpHeader.ORIGIN);
        if (origin != null && !sameHost(origin, host)) {
            throw new Refusal(403, "requests from pages of another origin are refused");
        }
        if (kind != Route.Kind.OPEN && token != null && !token.shownBy(request.getHeaders().get(HttpHeader.AUTHORIZATION))) {
            throw new Refusal(401, "this service needs a token: Authorization: Bearer TOKEN", Map.of("WWW-Authenticate", "Bearer"));
        }
    }

    private static boolean local(String name) {
        String n = name == null ? "" : name.toLowerCase(Locale.ROOT);
        return n.equals("localhost") || n.equals("::1") || n.equals("[::1]") || n.matches("127(\\.\\d{1,3}){3}");
    }

    private static boolean sameHost(String origin, String host) {
        try {
            return host != null && host.equalsIgnoreCase(URI.create(origin).getRawAuthority());
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
