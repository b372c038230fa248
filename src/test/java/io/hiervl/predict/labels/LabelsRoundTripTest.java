package io.hiervl.predict.labels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.Progress;
import io.hiervl.data.Dataset;
import io.hiervl.data.DatasetInit;
import io.hiervl.data.Sample;
import io.hiervl.data.importing.DataImport;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.Palette;
import io.hiervl.image.Photo;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Predictions written for a tool and imported again. */
class LabelsRoundTripTest {
    private static final List<String> CLASSES = List.of("background", "cat", "dog");
    private static final int W = 61;
    private static final int H = 47;

    @TempDir
    Path dir;

    /** Discs and rings; with {@code blocks} everything is a rectangle, which polygons keep to the pixel. */
    private static LabelMap map(long seed, boolean blocks) {
        Random random = new Random(seed);
        byte[] values = new byte[W * H];
        for (int shape = 0; shape < 6; shape++) {
            int cx = random.nextInt(W);
            int cy = random.nextInt(H);
            int r = 4 + random.nextInt(9);
            int hole = shape % 2 == 0 ? r / 2 : -1;
            for (int i = 0; i < values.length; i++) {
                int dx = Math.abs(i % W - cx);
                int dy = Math.abs(i / W - cy);
                double distance = blocks ? Math.max(dx, dy) : Math.hypot(dx, dy);
                if (distance <= r && distance > hole) {
                    values[i] = (byte) (1 + shape % 2);
                }
            }
        }
        return new LabelMap(values, W, H);
    }

    private List<LabelMap> roundTrip(String form, List<LabelMap> maps) throws IOException {
        return roundTrip(form, maps, "", false);
    }

    /**
     * @param below  subfolder of the photos, with a slash at its end
     * @param turned whether photos are stored lying and shown upright by their EXIF entry
     */
    private List<LabelMap> roundTrip(String form, List<LabelMap> maps, String below, boolean turned) throws IOException {
        Path photos = Files.createDirectories(dir.resolve("photos"));
        LabelFiles files = LabelFiles.of(form, Files.createDirectories(dir.resolve("out")), CLASSES, Palette.voc());
        for (int i = 0; i < maps.size(); i++) {
            byte[] rgb = new byte[3 * W * H];
            new Random(i).nextBytes(rgb);
            Path photo = photos.resolve(below + "p" + i + (turned ? ".jpg" : ".png"));
            Files.createDirectories(photo.getParent());
            if (turned) {
                Files.write(photo, lying(new Photo(rgb, H, W)));
            } else {
                Images.writePng(new Photo(rgb, W, H), photo);
            }
            files.add(photo, below + "p" + i, maps.get(i));
        }
        files.finish();
        Path set = dir.resolve("set");
        DataImport.run(dir.resolve("out").resolve(form), set, new DataImport.Choice(null, photos, null, false, true,
            new DatasetInit.Options("x", 0, 0, 0)), Progress.NONE);
        Dataset dataset = Dataset.open(set);
        assertEquals(CLASSES, dataset.spec().classes());
        List<LabelMap> out = new ArrayList<>();
        for (Sample s : dataset.list("labeled").samples()) {
            out.add(dataset.load(s, true).labels());
        }
        return out;
    }

    @ParameterizedTest
    @ValueSource(strings = {"coco", "labelme", "cvat", "label-studio", "png"})
    void rectanglesWithHolesComeBackToThePixel(String form) throws IOException {
        List<LabelMap> maps = List.of(map(1, true), map(2, true), map(3, true));
        List<LabelMap> back = roundTrip(form, maps);
        for (int i = 0; i < maps.size(); i++) {
            assertArrayEquals(maps.get(i).values(), back.get(i).values(), form + ", photo " + i);
        }
    }

    private static byte[] lying(Photo photo) throws IOException {
        ByteArrayOutputStream plain = new ByteArrayOutputStream();
        ImageIO.write(Images.toBuffered(photo), "jpg", plain);
        byte[] exif =
            {(byte) 0xFF, (byte) 0xE1, 0, 34, 'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1,
                0, 8, 0, 0, 0, 0, 0, 0};
        ByteArrayOutputStream turned = new ByteArrayOutputStream();
        turned.write(plain.toByteArray(), 0, 2);
        turned.write(exif);
        turned.write(plain.toByteArray(), 2, plain.size() - 2);
        return turned.toByteArray();
    }

    @ParameterizedTest
    @ValueSource(strings = {"coco", "labelme", "cvat", "label-studio", "png"})
    void photosOfAPhoneInSubfolders(String form) throws IOException {
        List<LabelMap> maps = List.of(map(1, true), map(2, true), map(3, true));
        List<LabelMap> back = roundTrip(form, maps, "day 1/north/", true);
        for (int i = 0; i < maps.size(); i++) {
            assertEquals(W, back.get(i).width());
            assertArrayEquals(maps.get(i).values(), back.get(i).values(), form + ", photo " + i);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"coco", "labelme", "cvat", "label-studio", "png"})
    void roundShapesComeBackWithinAPixel(String form) throws IOException {
        List<LabelMap> maps = List.of(map(4, false), map(5, false));
        List<LabelMap> back = roundTrip(form, maps);
        int differ = 0;
        for (int i = 0; i < maps.size(); i++) {
            for (int p = 0; p < W * H; p++) {
                if (maps.get(i).values()[p] != back.get(i).values()[p]) {
                    differ++;
                    assertTrue(near(maps.get(i), p, back.get(i).values()[p]), form + ", photo " + i + ", pixel (" + p % W + ", " + p / W
                        + ")");
                }
            }
        }
        assertTrue(differ < (form.equals("png") ? 1 : W * H / 20), differ + " pixels differ");
    }

    /** Whether a value occurs within a pixel. */
    private static boolean near(LabelMap map, int p, int value) {
        for (int y = Math.max(0, p / W - 1); y <= Math.min(H - 1, p / W + 1); y++) {
            for (int x = Math.max(0, p % W - 1); x <= Math.min(W - 1, p % W + 1); x++) {
                if (map.at(x, y) == value) {
                    return true;
                }
            }
        }
        return false;
    }

    @Test
    void partsThatTouchAtACornerAreTwoAndEveryPixelIsInOne() {
        LabelMap map = LabelMap.of(new int[] {1, 0, 1, 0, 1, 0, 1, 1, 1}, 3, 3);
        List<Outline> parts = Outlines.of(map, 3, 0);
        assertEquals(3, parts.size());
        assertEquals(5 + 1, parts.stream().mapToInt(p -> { int n = 0; for (byte b : p.bits()) { n += b; } return n; }).sum());
        assertTrue(parts.stream().noneMatch(Outline::hasHoles));
        LabelMap ring = LabelMap.of(new int[] {1, 1, 1, 1, 0, 1, 1, 1, 1}, 3, 3);
        assertEquals(2, Outlines.of(ring, 3, 0).get(0).rings().size());
        assertEquals(2, Outlines.of(ring, 3, -1).size(), "without a background class the hole is a part");
    }

    @Test
    void namesThatMeanNoClassAreKnown() {
        assertEquals(List.of("Void", "_background_", "unlabeled", "Background"),
            LabelFiles.misread(List.of("background", "cat", "Void", "_background_", "unlabeled", "Background", "avoid")));
        assertEquals(List.of(), LabelFiles.misread(List.of("Background", "cat")));
    }
}
