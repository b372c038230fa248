package io.hiervl.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

/** Too much at once, too large, too slow, and the end. */
class LoadAndLimitsTest {
    private static final String CRLF = "\r\n";
    private static final TaskImages NO_IMAGES = new TaskImages(null, null, 1 << 20);

    private static CompletableFuture<HttpResponse<byte[]>> later(Service s, byte[] photo) {
        HttpRequest request = HttpRequest.newBuilder(s.uri("/v1/segment")).POST(HttpRequest.BodyPublishers.ofByteArray(photo)).build();
        return s.client.sendAsync(request, HttpResponse.BodyHandlers.ofByteArray());
    }

    private static void close(Service s) {
        s.red.gate = new CountDownLatch(1);
        s.red.entered = new CountDownLatch(1);
    }

    private static void waitForPresent(Service s, int n) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (System.nanoTime() < end) {
            if (new String(s.get("/metrics").body(), StandardCharsets.UTF_8).contains("hiervl_requests_present " + n + ".0")) {
                return;
            }
            Thread.sleep(20);
        }
        throw new AssertionError("there are never " + n + " requests");
    }

    @Test
    void aFullQueueSaysWhenToComeBackAndTheOthersAreServed() throws Exception {
        byte[] photo = Service.png(Service.square(10));
        try (Service s = new Service(Service.options(1, 1, Duration.ofSeconds(30), null), null, NO_IMAGES)) {
            close(s);
            List<CompletableFuture<HttpResponse<byte[]>>> taken = new ArrayList<>(List.of(later(s, photo), later(s, photo)));
            waitForPresent(s, 2);
            HttpResponse<byte[]> refused = s.post("/v1/segment", photo);
            assertEquals(429, refused.statusCode());
            assertTrue(Integer.parseInt(refused.headers().firstValue("Retry-After").orElseThrow()) >= 1);
            assertEquals(200, s.get("/health/live").statusCode(), "health does not wait in the queue");
            s.red.gate.countDown();
            for (CompletableFuture<HttpResponse<byte[]>> t : taken) {
                assertEquals(200, t.get(20, TimeUnit.SECONDS).statusCode());
            }
            assertEquals(200, s.post("/v1/segment", photo).statusCode());
        }
    }

    @Test
    void workThatTakesTooLongIsGivenUpAndTheThreadGoesOn() throws Exception {
        byte[] photo = Service.png(Service.square(10));
        try (Service s = new Service(Service.options(1, 4, Duration.ofMillis(400), null), null, NO_IMAGES)) {
            close(s);
            long start = System.nanoTime();
            HttpResponse<byte[]> late = s.post("/v1/segment", photo);
            assertEquals(503, late.statusCode(), Service.detail(late));
            assertTrue(System.nanoTime() - start < TimeUnit.SECONDS.toNanos(5));
            s.red.gate.countDown();
            for (int i = 0; i < 20; i++) {
                assertEquals(200, s.post("/v1/segment", photo).statusCode());
            }
        }
    }

    @Test
    void aBodyThatDoesNotArriveHoldsNobodyUp() throws Exception {
        byte[] photo = Service.png(Service.square(10));
        try (Service s = new Service(Service.options(1, 4, Duration.ofMillis(700), null), null, NO_IMAGES);
             Socket slow = new Socket(InetAddress.getLoopbackAddress(), s.service.port())) {
            slow.getOutputStream().write("POST /v1/segment HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\nabc"
                .getBytes(StandardCharsets.US_ASCII));
            waitForPresent(s, 1);
            assertEquals(200, s.post("/v1/segment", photo).statusCode(), "while the slow one sends, others work");
            InputStream in = slow.getInputStream();
            assertTrue(new String(in.readNBytes(12), StandardCharsets.US_ASCII).endsWith("408"));
        }
    }

    /** The head of a PNG that claims a size. */
    private static byte[] claims(int width, int height) {
        ByteBuffer out = ByteBuffer.allocate(8 + 25 + 12);
        out.put(new byte[] {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10}).putInt(13);
        byte[] chunk = ByteBuffer.allocate(17).put("IHDR".getBytes(StandardCharsets.US_ASCII)).putInt(width).putInt(height).put((byte) 8)
            .put((byte) 2).put(new byte[3]).array();
        CRC32 crc = new CRC32();
        crc.update(chunk);
        out.put(chunk).putInt((int) crc.getValue()).putInt(0).put("IEND".getBytes(StandardCharsets.US_ASCII)).putInt(0xAE426082);
        return out.array();
    }

    @Test
    void bytesAndPixelsAreCountedBeforeAnythingIsDecoded() throws Exception {
        try (Service s = Service.plain()) {
            HttpResponse<byte[]> pixels = s.post("/v1/segment", claims(40000, 40000));
            assertEquals(413, pixels.statusCode());
            assertTrue(Service.detail(pixels).contains("40000x40000"), Service.detail(pixels));
            HttpResponse<byte[]> together = s.form("/v1/segment", List.of(java.util.Map.entry("a", claims(1000, 600)),
                java.util.Map.entry("b", claims(1000, 600))));
            assertEquals(413, together.statusCode(), "the photos of a request share the limit");
            assertEquals(413, s.post("/v1/segment", new byte[(1 << 20) + 1]).statusCode());
            HttpResponse<byte[]> chunked = s.client.send(HttpRequest.newBuilder(s.uri("/v1/segment"))
                .POST(HttpRequest.BodyPublishers.ofInputStream(() -> new java.io.ByteArrayInputStream(new byte[(1 << 20) + 1]))).build(),
                HttpResponse.BodyHandlers.ofByteArray());
            assertEquals(413, chunked.statusCode(), "a body of unknown length is counted while it comes");
        }
    }

    /** A caller that has sent half of a body far too long, and reads only at the end, still gets the reason. */
    @Test
    void aRefusedCallerGetsTheReasonHoweverMuchItSends() throws Exception {
        try (Service s = Service.plain()) {
            String length = "Content-Length: 6000000";
            for (String head : List.of(length, "Transfer-Encoding: chunked", length + CRLF + "Expect: 100-continue")) {
                boolean chunked = head.startsWith("Transfer");
                try (Socket caller = new Socket(InetAddress.getLoopbackAddress(), s.service.port())) {
                    OutputStream out = caller.getOutputStream();
                    out.write(
                        String.join(CRLF, "POST /v1/segment HTTP/1.1", "Host: localhost", head, CRLF).getBytes(StandardCharsets.US_ASCII));
                    for (int i = 0; i < 60; i++) {
                        out.write((chunked ? "186a0\r\n" : "").getBytes(StandardCharsets.US_ASCII));
                        out.write(new byte[100_000]);
                        out.write((chunked ? "\r\n" : "").getBytes(StandardCharsets.US_ASCII));
                        out.flush();
                        Thread.sleep(1);
                    }
                    out.write((chunked ? "0\r\n\r\n" : "").getBytes(StandardCharsets.US_ASCII));
                    String answer = new String(caller.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
                    assertEquals("HTTP/1.1 413", answer, head);
                }
            }
            assertEquals(413, s.post("/v1/segment", new byte[4 << 20]).statusCode());
            assertEquals(404, s.post("/v1/nothing", new byte[4 << 20]).statusCode());
        }
    }

    /** Endless callers are cut off: by bytes here, by time in the same way. */
    @Test
    void anEndlessCallerIsCutOff() throws Exception {
        try (Service s = Service.plain(); Socket caller = new Socket(InetAddress.getLoopbackAddress(), s.service.port())) {
            OutputStream out = caller.getOutputStream();
            out.write(
                "POST /v1/segment HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000000000\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            assertThrows(IOException.class, () -> {
                for (int i = 0; i < 1000; i++) {
                    out.write(new byte[100_000]);
                }
            }, "100 MB for a limit of 1 MB");
        }
    }

    @Test
    void whatIsNoPhotoGetsOneSentence() throws Exception {
        try (Service s = Service.plain()) {
            byte[] good = Service.png(Service.square(5));
            for (byte[] bad : List.of(new byte[0], "hello".getBytes(StandardCharsets.UTF_8), java.util.Arrays.copyOf(good, good.length / 2),
                "GIF89a".getBytes(StandardCharsets.US_ASCII))) {
                HttpResponse<byte[]> answer = s.post("/v1/segment", bad);
                assertEquals(400, answer.statusCode());
                assertTrue(Service.detail(answer).startsWith("the photo"), Service.detail(answer));
            }
            assertEquals(200, s.post("/v1/segment", good).statusCode());
        }
    }

    @Test
    void theEndFinishesWhatRunsAndTakesNothingNew() throws Exception {
        byte[] photo = Service.png(Service.square(10));
        try (Service s = Service.plain()) {
            close(s);
            int port = s.service.port();
            CompletableFuture<HttpResponse<byte[]>> running = later(s, photo);
            assertTrue(s.red.entered.await(10, TimeUnit.SECONDS));
            CompletableFuture<Void> stopped = CompletableFuture.runAsync(s.service::close);
            Thread.sleep(500);
            assertFalse(stopped.isDone(), "it waits for the request in work");
            assertThrows(ConnectException.class, () -> new Socket(InetAddress.getLoopbackAddress(), port).close());
            s.red.gate.countDown();
            assertEquals(200, running.get(10, TimeUnit.SECONDS).statusCode());
            stopped.get(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void manyAtOnceGetTheirOwnAnswers() throws Exception {
        try (Service s = new Service(Service.options(4, 64, Duration.ofSeconds(30), null), null, NO_IMAGES)) {
            List<CompletableFuture<HttpResponse<byte[]>>> all = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
                all.add(later(s, Service.png(Service.square(1 + i % 30))));
            }
            for (int i = 0; i < 60; i++) {
                int side = 1 + i % 30;
                byte[] answer = all.get(i).get(30, TimeUnit.SECONDS).body();
                String text = new String(answer, StandardCharsets.UTF_8);
                assertTrue(text.contains("\"name\":\"red thing\",\"pixels\":" + side * side + ","), text);
            }
        }
    }
}
