package io.hiervl.serve.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.Content;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An answer.
 *
 * @param status  HTTP status
 * @param type    media type of the body
 * @param headers more headers
 */
public record Reply(int status, String type, byte[] body, Map<String, String> headers) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** An answer with status 200. */
    public Reply(String type, byte[] body) {
        this(200, type, body, Map.of());
    }

    /** A JSON document. */
    public static Reply json(Object document) {
        return new Reply("application/json", bytes(document));
    }

    /** Text in UTF-8. */
    public static Reply text(String type, String text) {
        return new Reply(type + ";charset=utf-8", text.getBytes(StandardCharsets.UTF_8));
    }

    /** An error as RFC 9457 writes it. */
    static Reply problem(int status, String sentence, Map<String, String> headers) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("status", status);
        document.put("detail", sentence);
        return new Reply(status, "application/problem+json", bytes(document), headers);
    }

    private static byte[] bytes(Object document) {
        try {
            return JSON.writeValueAsBytes(document);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("an answer cannot be written as JSON", e);
        }
    }

    @Override
    public boolean equals(Object other) {
        return Content.equal(this, other);
    }

    @Override
    public int hashCode() {
        return Content.hash(this);
    }

    @Override
    public String toString() {
        return Content.text(this);
    }
}
