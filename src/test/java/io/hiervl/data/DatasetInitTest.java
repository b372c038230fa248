package io.hiervl.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.LabelMaps;
import io.hiervl.image.Palette;
import io.hiervl.image.Photo;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A data set out of folders, in every encoding that people have. */
class DatasetInitTest {
    @TempDir
    Path dir;

    private Path images() throws IOException {
        return Files.createDirectories(dir.resolve("my photos"));
    }

    private Path masks() throws IOException {
        return Files.createDirectories(dir.resolve("labels"));
    }

    private void photos(String... names) throws IOException {
        for (String n : names) {
            Path file = images().resolve(n + ".jpg");
            Files.createDirectories(file.getParent());
            // Every photo has other bytes.
            BufferedImage image = Images.toBuffered(Photo.black(40, 33));
            image.setRGB(0, 0, n.hashCode());
            ImageIO.write(image, "png", file.toFile());
        }
    }

    private void mask(String name, int... values) throws IOException {
        int[] all = new int[40 * 33];
        System.arraycopy(values, 0, all, 0, values.length);
        Path file = masks().resolve(name + ".png");
        Files.createDirectories(file.getParent());
        LabelMaps.write(LabelMap.of(all, 40, 33), Palette.voc(), file);
    }

    private void colourMask(String name, int... rgb) throws IOException {
        BufferedImage image = new BufferedImage(40, 33, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < rgb.length; i++) {
            image.setRGB(i, 0, rgb[i]);
        }
        ImageIO.write(image, "png", masks().resolve(name + ".png").toFile());
    }

    private DatasetInit.Result init(String classes, double val, int labels) throws IOException {
        return DatasetInit.write(images(), masks(), ClassNames.parse(Arrays.asList(classes.split("\n")), "classes"), dir.resolve("set"),
            new DatasetInit.Options("mine", val, labels, 3), Progress.NONE);
    }

    private String refusal(String classes) throws IOException {
        HierVlException e = assertThrows(HierVlException.class, () -> init(classes, 0, 0));
        assertEquals(3, e.kind().exitCode());
        assertFalse(Files.exists(dir.resolve("set")), "nothing is written");
        return e.getMessage();
    }

    private DataReport check() {
        return DataCheck.run(dir.resolve("set"), Progress.NONE);
    }

    @Test
    void foldersBecomeADataSetThatPassesTheCheck() throws IOException {
        photos("a", "b", "sub dir/c", "d", "e", "f");
        mask("a", 1);
        mask("b", 2, 255);
        mask("sub dir/c_mask", 1, 2);
        mask("d_label", 1);
        mask("nobody", 1);
        DatasetInit.Result made = init("background\ncat\ndog", 0.25, 0);
        assertEquals(List.of(3, 2, 1), made.sizes());
        assertTrue(made.notes().toString().contains("1 mask belongs to no photo"), made.notes().toString());
        DataReport report = check();
        assertTrue(report.problems().stream().noneMatch(p -> p.stops() || p.problem().equals("missing")), report.problems().toString());
        assertEquals(List.of("labeled", "unlabeled", "val"), report.lists().stream().map(DataReport.ListSummary::role).toList());
        Dataset set = Dataset.open(dir.resolve("set"));
        Set<String> named = new HashSet<>();
        for (String role : List.of("labeled", "unlabeled", "val")) {
            set.list(role).samples().forEach(s -> named.add(s.image()));
        }
        assertEquals(6, named.size());
        assertEquals("mine", set.spec().name());
    }

    @Test
    void fewLabelsShowEveryClassAndTheRestIsUnlabelled() throws IOException {
        for (int i = 0; i < 12; i++) {
            photos("p" + i);
            mask("p" + i, i < 10 ? 0 : i - 9);
        }
        assertEquals(List.of(3, 9, 0), init("background\ncat\ndog", 0, 3).sizes());
        DataReport report = check();
        assertTrue(report.frequencies().stream().allMatch(f -> f.images() > 0), report.frequencies().toString());
        assertFalse(report.stopsTraining(), report.problems().toString());
    }

    /** One class and background, as index 1, as 255, as white, and as grey colours. */
    @ParameterizedTest
    @CsvSource({"index, 1", "index, 255", "colour, FFFFFF", "colour, 010101"})
    void binaryMasksNeedOneName(String kind, String value) throws IOException {
        photos("a", "b");
        if (kind.equals("index")) {
            mask("a", Integer.parseInt(value));
        } else {
            colourMask("a", Integer.parseInt(value, 16));
        }
        assertEquals(List.of(1, 1, 0), init("road", 0, 0).sizes());
        DataReport report = check();
        assertEquals(List.of(), report.problems());
        assertEquals(List.of("background", "road"), report.classes());
        assertEquals(1, report.frequencies().get(1).pixels());
        assertEquals(40 * 33 - 1, report.frequencies().get(0).pixels());
    }

    @Test
    void coloursAreReadByTheirTable() throws IOException {
        photos("a", "b");
        colourMask("a", 0x400000, 0x00FF00, 0xE0E0C0);
        String missing = refusal("background\ncat\ndog");
        assertTrue(missing.contains("0 0 0 (1317 pixels), 0 255 0 (1 pixels), 64 0 0 (1 pixels), 224 224 192 (1 pixels)"), missing);
        assertTrue(refusal("background 0 0 0\ncat #400000\ndog 0 0 7").contains("0 255 0 (1 pixels)"));
        init("name,r,g,b\nbackground,0,0,0\ncat;64;0;0\n0 255 0 dog\nignore #E0E0C0", 0, 0);
        DataReport report = check();
        assertEquals(List.of(), report.problems());
        assertEquals(List.of(1317L, 1L, 1L), report.frequencies().stream().map(DataReport.Frequency::pixels).toList());
    }

    @Test
    void upTo255ClassesWork() throws IOException {
        photos("a", "b");
        mask("a", IntStream.range(0, 256).toArray());
        String names = String.join("\n", IntStream.range(0, 255).mapToObj(i -> "class number " + i + " of").toList());
        init(names, 0, 0);
        DataReport report = check();
        assertEquals(List.of(), report.problems());
        assertEquals(255, report.classes().size());
        assertEquals(1, report.frequencies().get(254).pixels());
    }

    @Test
    void valuesOfNoClassAreCountedAndExplained() throws IOException {
        photos("a");
        mask("a", 1, 2, 2);
        String message = refusal("cat\ndog");
        assertTrue(message.contains("2 (2 pixels)") && message.contains("counted from 1"), message);
    }

    @Test
    void namesThatDoNotFitAreExplained() throws IOException {
        photos("a", "x/b", "y/b");
        mask("zzz");
        assertTrue(refusal("road").contains("zzz.png and a.jpg have different names"));
        mask("b");
        assertTrue(refusal("road").contains("fits several photos"));
        Files.delete(masks().resolve("b.png"));
        mask("a");
        mask("a_mask", 0, 1);
        assertTrue(refusal("sky\nroad\ncar").contains("2 masks belong to"));
        DatasetInit.Result made = init("road", 0, 0);
        assertTrue(made.notes().toString().contains("1 photo has several masks"), made.notes().toString());
        assertEquals(1, check().frequencies().get(1).pixels(), "the union");
    }

    @Test
    void photosAndMasksMayShareAFolderAndNothingIsOverwritten() throws IOException {
        photos("a", "b");
        mask("x");
        LabelMaps.write(LabelMap.filled(40, 33, 1), Palette.voc(), images().resolve("a.png"));
        DatasetInit.Result made = DatasetInit.write(images(), images(), ClassNames.parse(List.of("road"), "c"), images(),
            new DatasetInit.Options("mine", 0, 0, 0), Progress.NONE);
        assertEquals(List.of(1, 1, 0), made.sizes());
        assertEquals("a.jpg a.png\n", Files.readString(images().resolve("labeled.txt")));
        assertFalse(DataCheck.run(images(), Progress.NONE).stopsTraining());
        HierVlException e =
            assertThrows(HierVlException.class, () -> DatasetInit.write(images(), masks(), ClassNames.parse(List.of("road"), "c"),
                images(), new DatasetInit.Options("mine", 0, 0, 0), Progress.NONE));
        assertEquals(6, e.kind().exitCode());
    }
}
