package io.hiervl.serve;

import io.hiervl.serve.http.Reply;
import io.hiervl.serve.http.Route;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The files of the page. They lie in the program and hold no data, so they need no token. */
final class Pages {
    private Pages() {
    }

    static List<Route> routes() {
        return List.of(page("/", "index.html", "text/html"), page("/page.css", "page.css", "text/css"),
            page("/page.js", "page.js", "text/javascript"), page("/openapi.json", "openapi.json", "application/json"));
    }

    private static Route page(String path, String file, String type) {
        Reply reply = Reply.text(type, text(file));
        return Route.open(path, call -> reply);
    }

    static String text(String file) {
        try (InputStream in = Pages.class.getResourceAsStream(file)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
