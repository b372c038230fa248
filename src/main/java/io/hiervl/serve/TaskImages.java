package io.hiervl.serve;

import io.hiervl.HierVlException;
import io.hiervl.serve.http.Refusal;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Base64;
import java.util.Locale;

/**
 * Pictures of Label Studio's tasks. They come inside the task as a data address, or from the one Label Studio that the user named; no other
 * host is asked, redirections are not followed and no file is read.
 */
public final class TaskImages {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final URI base;
    private final String key;
    private final long maxBytes;
    private final HttpClient client =
        HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NEVER).connectTimeout(PATIENCE).build();

    /**
     * @param base     address of Label Studio; null for none
     * @param key      its access token; null to show none
     * @param maxBytes largest picture
     */
    public TaskImages(String base, String key, long maxBytes) {
        this.base = base == null ? null : address(base);
        this.key = key;
        this.maxBytes = maxBytes;
    }

    private static URI address(String text) {
        try {
            URI uri = URI.create(text.endsWith("/") ? text : text + "/");
            if (uri.getHost() != null && String.valueOf(uri.getScheme()).matches("https?") && uri.getUserInfo() == null) {
                return uri;
            }
        } catch (IllegalArgumentException e) {
            // falls through to the sentence below
        }
        throw HierVlException.usage("--label-studio is '" + text + "', expected an address such as http://localhost:8080");
    }

    /** The bytes of a picture. */
    byte[] read(String address) {
        if (address.startsWith("data:")) {
            return inline(address);
        }
        if (base == null) {
            throw new Refusal(400, "the task's picture is an address; start the service with --label-studio URL to fetch it from there");
        }
        return fetch(sameHost(address));
    }

    private static byte[] inline(String address) {
        int comma = address.indexOf(',');
        if (comma < 0 || !address.substring(0, comma).toLowerCase(Locale.ROOT).endsWith(";base64")) {
            throw new Refusal(400, "the task's picture is a data address that is not base64");
        }
        try {
            return Base64.getDecoder().decode(address.substring(comma + 1));
        } catch (IllegalArgumentException e) {
            throw new Refusal(400, "the task's picture is a data address with damaged base64");
        }
    }

    private URI sameHost(String address) {
        URI uri;
        try {
            uri = base.resolve(address).normalize();
        } catch (IllegalArgumentException e) {
            throw new Refusal(400, "the address of the task's picture cannot be read");
        }
        if (!base.getScheme().equals(uri.getScheme()) || !base.getHost().equalsIgnoreCase(uri.getHost())
            || base.getPort() != uri.getPort()) {
            throw new Refusal(403, "the task's picture lies at another host than --label-studio");
        }
        return uri;
    }

    private byte[] fetch(URI uri) {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri).timeout(PATIENCE);
        if (key != null) {
            request.header("Authorization", "Token " + key);
        }
        try {
            HttpResponse<InputStream> response = client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
            try (InputStream in = response.body()) {
                if (response.statusCode() != 200) {
                    throw new Refusal(502, "Label Studio answers " + response.statusCode() + " for the task's picture"
                        + (response.statusCode() == 401 || response.statusCode() == 403 ? "; --label-studio-key gives its access token"
                            : ""));
                }
                byte[] bytes = in.readNBytes((int) maxBytes + 1);
                if (bytes.length > maxBytes) {
                    throw new Refusal(413, "the task's picture is longer than " + maxBytes + " bytes");
                }
                return bytes;
            }
        } catch (IOException e) {
            throw new Refusal(502, "Label Studio cannot be reached for the task's picture");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while fetching a picture", e);
        }
    }
}
