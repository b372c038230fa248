package io.hiervl.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.serve.http.Secret;
import io.hiervl.serve.http.ServiceOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Tokens, names of the host, origins and paths. */
class WhoMayAskTest {
    private static final String TOKEN = "0123456789abcdefXYZ";

    private static Service guarded() {
        return new Service(Service.options(2, 4, Duration.ofSeconds(30), TOKEN), null, new TaskImages(null, null, 1 << 20));
    }

    /** The status of a request that no well-meant client sends. */
    private static int raw(Service s, String request) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), s.service.port())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            String line = new String(socket.getInputStream().readNBytes(12), StandardCharsets.ISO_8859_1);
            return Integer.parseInt(line.substring(9));
        }
    }

    @Test
    void withATokenOnlyThoseWhoShowItGetAnswers() throws Exception {
        byte[] photo = Service.png(Service.square(4));
        try (Service s = guarded()) {
            String basic = "Basic " + Base64.getEncoder().encodeToString(("anybody:" + TOKEN).getBytes(StandardCharsets.UTF_8));
            assertEquals(401, s.post("/v1/segment", photo).statusCode());
            assertEquals(401, s.post("/v1/segment", photo, "Authorization", "Bearer " + TOKEN + "x").statusCode());
            assertEquals(401, s.post("/v1/segment", photo, "Authorization", "Bearer " + TOKEN.substring(1)).statusCode());
            assertEquals(401, s.post("/v1/segment", photo, "Authorization", "Basic !!!").statusCode());
            assertEquals(200, s.post("/v1/segment", photo, "Authorization", "Bearer " + TOKEN).statusCode());
            assertEquals(200, s.post("/v1/segment", photo, "Authorization", basic).statusCode());
            for (String path : List.of("/v1/models", "/v1/model", "/metrics")) {
                assertEquals(401, s.get(path).statusCode(), path);
                assertEquals(200, s.get(path, "Authorization", "Bearer " + TOKEN).statusCode(), path);
            }
            for (String path : List.of("/", "/health/live", "/health/ready", "/openapi.json")) {
                assertEquals(200, s.get(path).statusCode(), path);
            }
        }
    }

    @Test
    void addressesThatOthersReachNeedAToken() {
        for (String host : List.of("0.0.0.0", "::", "192.0.2.7")) {
            HierVlException e = assertThrows(HierVlException.class,
                () -> new ServiceOptions(host, 0, null, 1, 1, 1000, Duration.ofSeconds(1)));
            assertEquals(HierVlException.Kind.USAGE, e.kind());
            assertTrue(e.getMessage().contains("token"), e.getMessage());
        }
        assertEquals(0, new ServiceOptions("0.0.0.0", 0, Secret.of(TOKEN), 1, 1, 1000, Duration.ofSeconds(1)).port());
        assertEquals(0, new ServiceOptions("localhost", 0, null, 1, 1, 1000, Duration.ofSeconds(1)).port());
        assertThrows(HierVlException.class, () -> Secret.of("short"));
        assertFalse(Secret.of(TOKEN).toString().contains(TOKEN));
    }

    @Test
    void pagesOfOtherOriginsAndNamesThatLeadHereAreRefused() throws Exception {
        try (Service s = Service.plain()) {
            int port = s.service.port();
            assertEquals(403, raw(s, "GET /v1/models HTTP/1.1\r\nHost: evil.example\r\n\r\n"), "a name that leads to this address");
            assertEquals(403, raw(s, "POST /v1/segment HTTP/1.1\r\nHost: localhost:" + port
                + "\r\nOrigin: http://evil.example\r\nContent-Length: 0\r\n\r\n"));
            assertEquals(403, raw(s, "GET /v1/models HTTP/1.1\r\nHost: localhost:" + port + "\r\nOrigin: null\r\n\r\n"));
            assertEquals(200, raw(s, "GET /v1/models HTTP/1.1\r\nHost: localhost:" + port + "\r\nOrigin: http://localhost:" + port
                + "\r\n\r\n"));
        }
    }

    @Test
    void noPathReachesTheFileSystem() throws Exception {
        try (Service s = Service.plain()) {
            String host = " HTTP/1.1\r\nHost: localhost\r\n\r\n";
            for (String path : List.of("/../../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/page.js/../../pom.xml",
                "/..%2f..%2fpom.xml", "/index.html", "/page.js%00.png", "/;/page.js", "file:///etc/passwd")) {
                int status = raw(s, "GET " + path + host);
                assertTrue(status == 400 || status == 404, path + " gives " + status);
            }
            assertEquals(400, raw(s, "GET / HTTP/1.1\r\n\r\n"), "no Host");
            assertEquals(431, raw(s, "GET /" + "a".repeat(100) + " HTTP/1.1\r\nHost: localhost\r\nX: " + "b".repeat(40000) + "\r\n\r\n"));
            assertEquals(405, s.get("/v1/segment").statusCode());
            assertEquals("POST", s.get("/v1/segment").headers().firstValue("Allow").orElseThrow());
        }
    }
}
