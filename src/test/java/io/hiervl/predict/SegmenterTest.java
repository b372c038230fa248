package io.hiervl.predict;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.HierVlException;
import io.hiervl.config.EvalConfig;
import io.hiervl.eval.Segmentation;
import io.hiervl.image.ClipNormalize;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.LabelMaps;
import io.hiervl.image.Palette;
import io.hiervl.image.Photo;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SegmenterTest {
    private static final EvalConfig EVAL = new EvalConfig(EvalConfig.Window.CLAMPED, 32, 16, 0);

    /** Class 1 where red is bright; counts how many threads are inside at once. */
    private static class RedModel implements InferenceModel {
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
            IntStream.range(0, 200).parallel().forEach(i -> assertEquals((i % 40L) * (i % 40), s.segment(square(i % 40)).histogram()[1]));
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
    void picturesOfEveryKindAndShapeKeepTheirSize() throws IOException {
        int[][] sizes = {{1, 1}, {1, 200}, {900, 3}, {31, 33}};
        List<BufferedImage> pictures = new ArrayList<>();
        for (int[] s : sizes) {
            pictures.add(new BufferedImage(s[0], s[1], BufferedImage.TYPE_INT_RGB));
        }
        for (int type : new int[] {BufferedImage.TYPE_BYTE_GRAY, BufferedImage.TYPE_USHORT_GRAY, BufferedImage.TYPE_BYTE_BINARY,
            BufferedImage.TYPE_4BYTE_ABGR, BufferedImage.TYPE_BYTE_INDEXED}) {
            pictures.add(new BufferedImage(40, 25, type));
        }
        for (EvalConfig.Window rule : EvalConfig.Window.values()) {
            try (Segmenter s = new Segmenter(new RedModel(), ClipNormalize.openai(), new EvalConfig(rule, 32, 16, 0))) {
                for (int i = 0; i < pictures.size(); i++) {
                    Path file = dir.resolve(rule + "-" + i + ".png");
                    Images.writePng(pictures.get(i), file);
                    LabelMap map = s.segment(file);
                    assertEquals(pictures.get(i).getWidth() + "x" + pictures.get(i).getHeight(), map.width() + "x" + map.height());
                }
            }
        }
        try (Segmenter s = new Segmenter(new RedModel(), ClipNormalize.openai(), new EvalConfig(EvalConfig.Window.CLAMPED, 32, 16, 64))) {
            assertEquals("900x3", s.segment(dir.resolve("WHOLE-2.png")).width() + "x" + s.segment(dir.resolve("WHOLE-2.png")).height());
            assertEquals(1, s.segment(dir.resolve("WHOLE-0.png")).values().length);
        }
    }

    @Test
    void closingWaitsForThePhotoInWork() throws Exception {
        CountDownLatch started = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        RedModel model = new RedModel() {
            @Override
            public float[] scores(float[] chw, int h, int w) {
                started.countDown();
                try {
                    go.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                assertEquals(0, closed, "the model is open while it works");
                return super.scores(chw, h, w);
            }
        };
        Segmenter s = new Segmenter(model, ClipNormalize.openai(), EVAL);
        CompletableFuture<LabelMap> result = CompletableFuture.supplyAsync(() -> s.segment(new Photo(new byte[3 * 32 * 32], 32, 32)));
        started.await();
        CompletableFuture<Void> closing = CompletableFuture.runAsync(s::close);
        go.countDown();
        assertEquals(32, result.get().width());
        closing.get();
        assertEquals(1, model.closed);
    }

    @Test
    void aFailingModelLeavesTheSegmenterUsable() {
        RedModel model = new RedModel() {
            @Override
            public float[] scores(float[] chw, int h, int w) {
                if (chw[0] > 0) {
                    throw HierVlException.model("weights are damaged");
                }
                return super.scores(chw, h, w);
            }
        };
        try (Segmenter s = new Segmenter(model, ClipNormalize.openai(), EVAL)) {
            assertEquals("weights are damaged", assertThrows(HierVlException.class, () -> s.segment(square(5))).getMessage());
            assertEquals(0, s.segment(square(0)).histogram()[1]);
        }
    }

    @Test
    void filesHoldIndicesColoursAndAreas() throws IOException {
        Photo photo = square(20);
        Path input = dir.resolve("in.png");
        Images.writePng(photo, input);
        byte[] before = Files.readAllBytes(input);
        try (Segmenter s = new Segmenter(new RedModel(), ClipNormalize.openai(), EVAL)) {
            PredictionFiles files = new PredictionFiles(dir, Palette.voc());
            List<Path> written = files.write(input, photo, s.predict(photo));
            assertEquals(List.of("in-2.png", "in-2_overlay.png", "in-2.json"),
                written.stream().map(p -> p.getFileName().toString()).toList());
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
        }
    }

    @Test
    void onlyThePhotosOwnEarlierPredictionIsReplaced() throws IOException {
        Path out = Files.createDirectories(dir.resolve("out"));
        Files.writeString(out.resolve("c_overlay.png"), "somebody else's");
        Prediction p = new Prediction(new Segmentation(LabelMap.filled(50, 40, 0), new float[2000]), List.of("background"));
        Photo photo = square(0);
        for (int run = 0; run < 2; run++) {
            PredictionFiles files = new PredictionFiles(out, Palette.voc());
            for (String[] named : new String[][] {{"a/x.jpg", "x.png"}, {"b/x.jpg", "x-2.png"}, {"b/x.png", "x-3.png"},
                {"c.jpg", "c-2.png"}}) {
                assertEquals(named[1], files.write(dir.resolve(named[0]), photo, p).get(0).getFileName().toString());
            }
        }
        // alone in a later run, the second photo of the name finds its own files again
        assertEquals("x-2.png",
            new PredictionFiles(out, Palette.voc()).write(dir.resolve("b/x.jpg"), photo, p).get(0).getFileName().toString());
        assertEquals("somebody else's", Files.readString(out.resolve("c_overlay.png")));
        try (Stream<Path> all = Files.list(out)) {
            assertEquals(4 * 3 + 1, all.count(), "no temporary file is left");
        }
    }
}
