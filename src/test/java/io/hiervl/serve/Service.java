package io.hiervl.serve;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.config.EvalConfig;
import io.hiervl.data.Dataset;
import io.hiervl.image.ClipNormalize;
import io.hiervl.image.Images;
import io.hiervl.image.Photo;
import io.hiervl.predict.InferenceModel;
import io.hiervl.predict.Segmenter;
import io.hiervl.serve.http.Secret;
import io.hiervl.serve.http.ServiceOptions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import javax.imageio.ImageIO;

/** A service with models that need no training, and its client. */
final class Service implements AutoCloseable {
    static final List<String> CLASSES = List.of("background", "red thing");

    /** Class 1 where red is bright, with confidence 0.75; waits at a gate if there is one. */
    static final class RedModel implements InferenceModel {
        volatile CountDownLatch gate = new CountDownLatch(0);
        volatile CountDownLatch entered = new CountDownLatch(1);
        final int wanted;

        RedModel(int wanted) {
            this.wanted = wanted;
        }

        @Override
        public int crop() {
            return 32;
        }

        @Override
        public List<String> classNames() {
            return CLASSES;
        }

        @Override
        public float[] scores(float[] chw, int h, int w) {
            entered.countDown();
            try {
                gate.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            float[] out = new float[2 * h * w];
            for (int i = 0; i < h * w; i++) {
                int k = chw[i] > 0 ? wanted : 0;
                out[k * h * w + i] = 0.75f;
                out[(1 - k) * h * w + i] = 0.25f;
            }
            return out;
        }

        @Override
        public void close() {
            gate.countDown();
        }
    }

    final RedModel red = new RedModel(1);
    final List<ServedModel> models = List.of(model("red", red), model("nothing", new RedModel(0)));
    final PredictionService service;
    final HttpClient client = HttpClient.newHttpClient();

    Service(ServiceOptions options, Path collect, TaskImages images) {
        service = new PredictionService(models, options, new PredictionService.Extras(1 << 20,
            collect == null ? null : new Corrections(Dataset.open(collect), 1 << 20), images));
    }

    static ServiceOptions options(int threads, int queue, Duration timeout, String token) {
        return new ServiceOptions("127.0.0.1", 0, token == null ? null : Secret.of(token), threads, queue, 1 << 20, timeout);
    }

    static Service plain() {
        return new Service(options(2, 8, Duration.ofSeconds(30), null), null, new TaskImages(null, null, 1 << 20));
    }

    private static ServedModel model(String name, InferenceModel model) {
        return new ServedModel(name, "test",
            new Segmenter(model, ClipNormalize.openai(), new EvalConfig(EvalConfig.Window.CLAMPED, 32, 16, 0)));
    }

    /** Black of 50x40 with a red square of {@code side} pixels at the top left. */
    static Photo square(int side) {
        byte[] rgb = new byte[3 * 50 * 40];
        for (int y = 0; y < side; y++) {
            for (int x = 0; x < side; x++) {
                rgb[3 * (y * 50 + x)] = (byte) 255;
            }
        }
        return new Photo(rgb, 50, 40);
    }

    static byte[] png(Photo photo) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImageIO.write(Images.toBuffered(photo), "png", out);
        return out.toByteArray();
    }

    URI uri(String path) {
        return URI.create("http://127.0.0.1:" + service.port() + path);
    }

    HttpResponse<byte[]> get(String path, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri(path));
        return client.send((headers.length == 0 ? request : request.headers(headers)).build(), HttpResponse.BodyHandlers.ofByteArray());
    }

    HttpResponse<byte[]> post(String path, byte[] body, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri(path)).POST(HttpRequest.BodyPublishers.ofByteArray(body));
        return client.send((headers.length == 0 ? request : request.headers(headers)).build(), HttpResponse.BodyHandlers.ofByteArray());
    }

    /** A form of files; each entry of names is the field, each file gets a hostile file name. */
    HttpResponse<byte[]> form(String path, List<Map.Entry<String, byte[]>> files) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (Map.Entry<String, byte[]> f : files) {
            out.write(("--b0undary\r\nContent-Disposition: form-data; name=\"" + f.getKey() + "\"; filename=\"../../etc/evil.png\"\r\n"
                + "Content-Type: image/png\r\n\r\n").getBytes(StandardCharsets.UTF_8));
            out.write(f.getValue());
            out.write("\r\n".getBytes(StandardCharsets.UTF_8));
        }
        out.write("--b0undary--\r\n".getBytes(StandardCharsets.UTF_8));
        return post(path, out.toByteArray(), "Content-Type", "multipart/form-data; boundary=b0undary");
    }

    static JsonNode json(HttpResponse<byte[]> response) throws IOException {
        return new ObjectMapper().readTree(response.body());
    }

    static String detail(HttpResponse<byte[]> response) throws IOException {
        return json(response).path("detail").asText();
    }

    @Override
    public void close() {
        red.gate.countDown();
        service.close();
        new ArrayList<>(models).forEach(m -> m.segmenter().close());
    }
}
