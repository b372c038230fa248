package io.hiervl.serve.http;

import java.nio.ByteBuffer;
import java.util.Map;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;

/** Errors that Jetty finds before a request reaches a route, in the form of all others and without details of the program. */
final class PlainErrors extends ErrorHandler {
    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        int status = Math.max(400, response.getStatus());
        String sentence = switch (status) {
            case 408 -> "the request did not arrive in time";
            case 414, 431 -> "the address or the headers are too long";
            case 503 -> "the service is stopping";
            default -> status >= 500 ? "internal error" : "the request is not HTTP as this service takes it";
        };
        Reply reply = Reply.problem(status, sentence, Map.of());
        response.setStatus(status);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, reply.type());
        response.write(true, ByteBuffer.wrap(reply.body()), callback);
        return true;
    }
}
