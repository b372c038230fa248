package io.hiervl.serve.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.MultiPart;
import org.eclipse.jetty.http.MultiPartFormData;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.Fields;
import org.eclipse.jetty.util.Promise;
import org.eclipse.jetty.util.thread.Invocable;

/** A request whose body lies in memory. */
public final class Call {
    private static final int MOST_PARTS = 64;

    private final Request request;
    private final byte[] body;
    private final Fields query;

    Call(Request request, byte[] body) {
        this.request = request;
        this.body = body;
        try {
            this.query = Request.extractQueryParameters(request, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException | IllegalStateException e) {
            throw new Refusal(400, "the query of the address cannot be read");
        }
    }

    /** A parameter of the query, or the value to take in its place. */
    public String query(String name, String otherwise) {
        String value = query.getValue(name);
        return value == null || value.isEmpty() ? otherwise : value;
    }

    /** The media type of the body without parameters, in small letters; empty if there is none. */
    public String type() {
        String type = request.getHeaders().get(HttpHeader.CONTENT_TYPE);
        return type == null ? "" : type.split(";")[0].strip().toLowerCase(java.util.Locale.ROOT);
    }

    /** Media types that the caller takes, best first; empty if it takes all. */
    public List<String> accepted() {
        return request.getHeaders().getQualityCSV(HttpHeader.ACCEPT).stream().map(t -> t.split(";")[0].strip()).toList();
    }

    public byte[] body() {
        return body;
    }

    /**
     * One field of a form.
     *
     * @param file whether it came as a file; its name is dropped, no name of a request reaches the file system
     */
    public record Part(String name, boolean file, byte[] content) {
        /** The content as text. */
        public String text() {
            return new String(content, StandardCharsets.UTF_8);
        }

        @Override
        public boolean equals(Object other) {
            return io.hiervl.Content.equal(this, other);
        }

        @Override
        public int hashCode() {
            return io.hiervl.Content.hash(this);
        }

        @Override
        public String toString() {
            return io.hiervl.Content.text(this);
        }
    }

    /** The fields of a multipart form; they stay in memory. */
    public List<Part> parts() {
        String boundary = MultiPart.extractBoundary(String.valueOf(request.getHeaders().get(HttpHeader.CONTENT_TYPE)));
        if (boundary == null || boundary.isBlank()) {
            throw new Refusal(400, "the form has no boundary");
        }
        MultiPartFormData.Parser parser = new MultiPartFormData.Parser(boundary);
        parser.setMaxMemoryFileSize(-1);
        parser.setMaxParts(MOST_PARTS);
        parser.setMaxLength(body.length);
        try (MultiPartFormData.Parts parts = parsed(parser)) {
            List<Part> out = new ArrayList<>();
            for (MultiPart.Part part : parts) {
                ByteBuffer content = Content.Source.asByteBuffer(part.getContentSource());
                byte[] bytes = new byte[content.remaining()];
                content.get(bytes);
                out.add(new Part(String.valueOf(part.getName()), part.getFileName() != null, bytes));
            }
            return out;
        } catch (IOException | RuntimeException e) {
            throw new Refusal(400, "the form cannot be read; it must be multipart/form-data of at most " + MOST_PARTS + " fields");
        }
    }

    private MultiPartFormData.Parts parsed(MultiPartFormData.Parser parser) {
        Promise.Completable<MultiPartFormData.Parts> parts = new Promise.Completable<>();
        parser.parse(Content.Source.from(ByteBuffer.wrap(body)), Promise.from(Invocable.InvocationType.NON_BLOCKING, parts));
        return parts.join();
    }

    /** One of several words as a parameter of the query; 400 for another. */
    public String choice(String name, String otherwise, String... known) {
        String value = query(name, otherwise);
        if (!Arrays.asList(known).contains(value)) {
            throw new Refusal(400, "'" + name + "' is not one of " + String.join(", ", known));
        }
        return value;
    }
}
