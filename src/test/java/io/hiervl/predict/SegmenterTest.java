package io.hiervl.predict;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.config.EvalConfig;
import io.hiervl.image.ClipNormalize;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.LabelMaps;
import io.hiervl.image.Palette;
import io.hiervl.image.Photo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SegmenterTest {
    private static final EvalConfig EVAL = new EvalConfig(EvalConfig.Window.CLAMPED, 32, 16, 0);

    /** Class 1 where red is bright; counts how many threads are inside at once. */
    private static final class RedModel implements InferenceModel {
        final AtomicInteger inside = new AtomicInteger();
        int closed;

        @Override
        public int crop() {
            return 32;
        }

        @Override
        public List<String> classNames() {
            return List.of("background", "red thing");
        }

        @Override
        public float[] scores(float[] chw, int h, int w) {
            assertEquals(1, inside.incrementAndGet(), "the model is used by one thread at a time");
            float[] out = new float[2 * h * w];
            for (int i = 0; i < h * w; i++) {
                out[i] = 1;
                out[h * w + i] = chw[i] > 0 ? 3 : 0;
            }
            inside.decrementAndGet();
            return out;
        }

        @Override
        public void close() {
            closed++;
        }
    }

    @TempDir
    Path dir;

    /** Black with a red square of {@code side} pixels at the top left. */
    private static Photo square(int side) {
        byte[] rgb = new byte[3 * 50 * 40];
        for (int y = 0; y < side; y++) {
            for (int x = 0; x < side; x++) {
                rgb[3 * (y * 50 + x)] = (byte) 255;
            }
        }
        return new Photo(rgb, 50, 40);
    }

    @Test
    void manyThreadsGetTheirOwnResults() {
        try (Segmenter s = new Segmenter(new RedModel(), ClipNormalize.openai(), EVAL)) {
            IntStream.range(0, 200).parallel().forEach(i ->
                assertEquals((i % 40) * (i % 40), s.segment(square(i % 40)).histogram()[1]));
        }
    }

    @Test
    void aClosedSegmenterSaysSo() {
        RedModel model = new RedModel();
        Segmenter s = new Segmenter(model, ClipNormalize.openai(), EVAL);
        s.close();
        s.close();
        assertEquals(1, model.closed);
        assertThrows(IllegalStateException.class, () -> s.segment(square(3)));
    }

    @Test
    void filesHoldIndicesColoursAndAreas() throws IOException {
        Photo photo = square(20);
        Path input = dir.resolve("in.png");
        Images.writePng(photo, input);
        byte[] before = Files.readAllBytes(input);
        try (Segmenter s = new Segmenter(new RedModel(), ClipNormalize.openai(), EVAL)) {
            PredictionFiles files = new PredictionFiles(dir, Palette.voc(), List.of(input));
            List<Path> written = files.write(input, photo, s.predict(photo));
            assertEquals(List.of("in-2.png", "in-2_overlay.png", "in-2.json"), written.stream().map(p -> p.getFileName().toString()).toList());
            assertArrayEquals(before, Files.readAllBytes(input), "the input is not overwritten");
            LabelMap back = LabelMaps.read(written.get(0));
            assertArrayEquals(s.segment(input).values(), back.values());
            assertEquals(400, back.histogram()[1]);
            Photo overlay = Images.readPhoto(written.get(1));
            assertEquals(128 * 0.55 + 255 * 0.45, overlay.at(5, 5, 0), 1.5);
            assertTrue(overlay.height() > photo.height());
            JsonNode json = new ObjectMapper().readTree(written.get(2).toFile());
            assertEquals(50, json.get("width").asInt());
            JsonNode red = json.get("classes").get(1);
            assertEquals("red thing", red.get("name").asText());
            assertEquals(0.2, red.get("fraction").asDouble(), 1e-12);
            assertEquals(3.0, red.get("mean_score").asDouble(), 1e-6);
            assertFalse(files.write(input, photo, s.predict(photo)).contains(written.get(0)), "a second photo of the name gets its own files");
        }
    }
}
