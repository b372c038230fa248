package io.hiervl.predict;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.backend.jvm.Parallel;
import io.hiervl.cli.Forms;
import io.hiervl.config.EvalConfig;
import io.hiervl.image.ClipNormalize;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.Photo;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One trained network in all four forms behind the same calls. */
class SegmenterBuilderTest {
    private static final Path PHOTO = Forms.PHOTO;
    private static final Map<String, Path> FORMS = new TreeMap<>();

    @TempDir
    static Path dir;

    @BeforeAll
    static void trainAndExport() throws IOException {
        FORMS.putAll(Forms.all(dir));
    }

    private static int differing(LabelMap a, LabelMap b) {
        assertEquals(a.width() + "x" + a.height(), b.width() + "x" + b.height());
        int n = 0;
        for (int i = 0; i < a.values().length; i++) {
            n += a.values()[i] == b.values()[i] ? 0 : 1;
        }
        return n;
    }

    @Test
    void everyFormLoadsAndGivesTheSameLabels() {
        LabelMap expected = null;
        for (Map.Entry<String, Path> form : FORMS.entrySet()) {
            try (Segmenter s = Segmenter.load(form.getValue())) {
                LabelMap map = s.segment(PHOTO);
                expected = expected == null ? map : expected;
                assertTrue(differing(expected, map) <= map.values().length / 1000, form.getKey() + " differs");
            }
        }
    }

    @Test
    void aPhotoMayComeInAnyForm() throws IOException {
        byte[] bytes = Files.readAllBytes(PHOTO);
        try (Segmenter s = Segmenter.load(FORMS.get("run")); InputStream in = new ByteArrayInputStream(bytes)) {
            LabelMap map = s.segment(PHOTO);
            assertTrue(Arrays.stream(map.histogram()).filter(n -> n > 0).count() > 1, "one class everywhere shows nothing");
            assertEquals(map, s.segment(bytes));
            assertEquals(map, s.segment(in));
            assertEquals(map, s.segment(Images.toBuffered(Images.readPhoto(PHOTO))));
            assertEquals(s.predict(PHOTO), s.predict(bytes));
            Photo small = Images.readPhoto(PHOTO);
            assertEquals(Collections.nCopies(40, map), s.segment(Collections.nCopies(40, small)));
        }
    }

    @Test
    void probabilitiesAreThoseOfTheLabels() {
        Photo photo = Images.readPhoto(PHOTO);
        for (Map.Entry<String, Path> form : FORMS.entrySet()) {
            try (Segmenter s = Segmenter.builder().windows(w -> new EvalConfig(w.window(), 64, 32, 48)).load(form.getValue())) {
                ClassProbabilities p = s.probabilities(photo);
                Prediction prediction = s.predict(photo);
                assertEquals(prediction.labels(), p.labels(), form.getKey());
                for (int i = 0; i < 20; i++) {
                    int x = i * 7 % photo.width();
                    int y = i * 5 % photo.height();
                    double sum = 0;
                    for (int k = 0; k < p.classNames().size(); k++) {
                        sum += p.at(k, x, y);
                    }
                    assertEquals(1, sum, 1e-4);
                    assertEquals(prediction.segmentation().score()[y * photo.width() + x], p.at(p.labels().at(x, y), x, y));
                }
            }
        }
    }

    @Test
    void settingsOfWindowsFitTheFormatOrAreRefused() {
        for (String exported : List.of("samediff", "samediff-stock", "onnx")) {
            SegmenterBuilder whole = Segmenter.builder().window(EvalConfig.Window.WHOLE);
            HierVlException e = assertThrows(HierVlException.class, () -> whole.load(FORMS.get(exported)));
            assertEquals(HierVlException.Kind.USAGE, e.kind());
            assertTrue(e.getMessage().contains("whole images") && e.getMessage().contains("model-"), e.getMessage());
        }
        try (Segmenter s = Segmenter.builder().window(EvalConfig.Window.WHOLE).load(FORMS.get("run"))) {
            assertEquals(EvalConfig.Window.WHOLE, s.config().window());
            assertEquals(Images.readPhoto(PHOTO).width(), s.segment(PHOTO).width());
        }
    }

    @Test
    void filesOfStandardOperatorsRunOnTheCpu() {
        for (String format : List.of("samediff-stock", "onnx")) {
            SegmenterBuilder gpu = Segmenter.builder().device("cuda:7");
            HierVlException e = assertThrows(HierVlException.class, () -> gpu.load(FORMS.get(format)));
            assertTrue(
                e.kind() == HierVlException.Kind.USAGE && e.getMessage().contains("cuda:7") || e.kind() == HierVlException.Kind.ENVIRONMENT,
                e.getMessage());
            Segmenter.builder().device("cpu").load(FORMS.get(format)).close();
        }
        SegmenterBuilder wrong = Segmenter.builder().device("tpu");
        assertThrows(HierVlException.class, () -> wrong.load(FORMS.get("run")));
    }

    @Test
    void limitsHoldBeforeAPhotoIsDecoded() throws IOException {
        byte[] bytes = Files.readAllBytes(PHOTO);
        try (Segmenter s = Segmenter.builder().pixelLimit(100).timeout(Duration.ofMinutes(1)).load(FORMS.get("onnx"))) {
            HierVlException e = assertThrows(HierVlException.class, () -> s.segment(bytes));
            assertTrue(e.getMessage().contains("claims") && e.getMessage().contains("100"), e.getMessage());
            assertThrows(HierVlException.class, () -> s.probabilities(Photo.black(11, 10)));
            assertEquals(10, s.segment(Photo.black(10, 10)).width());
        }
        InputStream broken = InputStream.nullInputStream();
        broken.close();
        try (Segmenter s = Segmenter.builder().maxPixels(1000).load(FORMS.get("run"))) {
            HierVlException e = assertThrows(HierVlException.class, () -> s.segment(broken));
            assertTrue(e.kind() == HierVlException.Kind.DATA && e.getMessage().contains("Stream closed"), e.getMessage());
            assertEquals(50, s.segment(Photo.black(50, 60)).width());
        }
    }

    @Test
    void progressIsTold() {
        List<String> told = Collections.synchronizedList(new ArrayList<>());
        try (Segmenter s = Segmenter.builder().windows(w -> new EvalConfig(EvalConfig.Window.CLAMPED, 32, 32, 0))
            .progress((done, total, note) -> told.add(done + "/" + total)).load(FORMS.get("samediff"))) {
            s.segment(Photo.black(64, 64));
        }
        assertEquals("4/4", told.get(told.size() - 1));
    }

    /** Loops, lanes and native loops of the network keep to the number; labels do not depend on it. */
    @Test
    void threadsAreLimited() {
        List<Integer> teams = Collections.synchronizedList(new ArrayList<>());
        InferenceModel model = new InferenceModel() {
            @Override
            public int crop() {
                return 32;
            }

            @Override
            public List<String> classNames() {
                return List.of("a", "b");
            }

            @Override
            public int lanes(int h, int w) {
                return 4;
            }

            @Override
            public float[] scores(float[] chw, int h, int w) {
                teams.add(Parallel.team());
                return new float[2 * h * w];
            }

            @Override
            public void close() {
                // nothing to free
            }
        };
        try (Segmenter s = new Segmenter(model, ClipNormalize.openai(), new EvalConfig(EvalConfig.Window.CLAMPED, 32, 32, 0)).threads(1)) {
            s.segment(Photo.black(320, 320));
        }
        assertEquals(100, teams.size());
        assertTrue(teams.stream().allMatch(n -> n == 1), teams.toString());
        for (String form : FORMS.keySet()) {
            try (Segmenter one = Segmenter.builder().threads(1).load(FORMS.get(form)); Segmenter all = Segmenter.load(FORMS.get(form))) {
                assertArrayEquals(all.segment(PHOTO).values(), one.segment(PHOTO).values(), form);
            }
        }
        assertThrows(IllegalArgumentException.class, () -> Segmenter.builder().threads(-1));
    }
}
