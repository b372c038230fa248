package io.hiervl.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.data.DataReport.Problem;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.LabelMaps;
import io.hiervl.image.Palette;
import io.hiervl.image.Photo;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What people's data folders hold: rows 22 to 32 and 35 of the fault table, each as the check reports it. */
class CheckFaultsTest {
    @TempDir
    Path root;

    @BeforeEach
    void folder() throws IOException {
        Fixture.folder(root);
    }

    private DataReport check() {
        return DataCheck.run(root, Progress.NONE);
    }

    /** The only problem of a file; the sample s0 is 50x40. */
    private Problem only(String file) {
        List<Problem> found = check().problems().stream().filter(p -> p.file().equals(file)).toList();
        assertEquals(1, found.size(), found.toString());
        return found.get(0);
    }

    private static void png(BufferedImage image, Path file) throws IOException {
        assertTrue(ImageIO.write(image, "png", file.toFile()));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 8})
    void paletteIndicesAreClasses(int bits) throws IOException {
        int n = 1 << bits;
        byte[] grey = new byte[n];
        for (int i = 0; i < n; i++) {
            grey[i] = (byte) (255 - i);
        }
        BufferedImage image = new BufferedImage(50, 40, bits == 8 ? BufferedImage.TYPE_BYTE_INDEXED : BufferedImage.TYPE_BYTE_BINARY,
            new IndexColorModel(bits, n, grey, grey, grey));
        for (int x = 0; x < 50; x++) {
            image.getRaster().setSample(x, 7, 0, 1);
        }
        Files.writeString(root.resolve("dataset.yaml"), "name: test\nclasses: [background, cat, dog]\nlabels: {palettes: index}\n");
        long before = check().frequencies().get(1).pixels();
        LabelMap old = LabelMaps.read(root.resolve("masks/s0.png"));
        png(image, root.resolve("masks/s0.png"));
        DataReport report = check();
        assertEquals(List.of(), report.problems());
        assertEquals(before - old.histogram()[1] + 50, report.frequencies().get(1).pixels());
    }

    @Test
    void colourMasksAreRefusedUnlessTheirColoursAreNamed() throws IOException {
        BufferedImage image = new BufferedImage(50, 40, BufferedImage.TYPE_INT_RGB);
        image.setRGB(3, 2, 0x800000);
        png(image, root.resolve("masks/s0.png"));
        assertTrue(only("masks/s0.png").detail().contains("RGB mask"), "names the cause");
        String yaml = "name: test\nclasses: [background, cat, dog]\nlabels: {colours: [[0, 0, 0], [0, 128, 0], [128, 128, 0]]}\n";
        Files.writeString(root.resolve("dataset.yaml"), yaml);
        String detail = only("masks/s0.png").detail();
        assertTrue(detail.contains("pixel (3, 2) has the colour [128, 0, 0]"), detail);
        Files.writeString(root.resolve("dataset.yaml"), yaml.replace("]]}", "]], ignore_colours: [[128, 0, 0]]}"));
        DataReport report = check();
        assertFalse(report.stopsTraining());
        // The other masks are palette files: their index 2 has the colour of cat, their index 1 the ignored one.
        assertTrue(report.frequencies().get(1).pixels() > 0);
        assertEquals(0, report.frequencies().get(2).pixels());
    }

    @Test
    void valuesOfSixteenBitsAndUnknownOnesAreNamedWithTheirPixel() throws IOException {
        BufferedImage wide = new BufferedImage(50, 40, BufferedImage.TYPE_USHORT_GRAY);
        wide.getRaster().setSample(4, 3, 0, 300);
        png(wide, root.resolve("masks/s0.png"));
        assertTrue(only("masks/s0.png").detail().contains("pixel (4, 3) has the value 300"));
        LabelMaps.write(LabelMap.filled(50, 40, 77), Palette.voc(), root.resolve("masks/s0.png"));
        Problem p = only("masks/s0.png");
        assertTrue(p.stops());
        assertEquals("value 77 in 2000 pixels, first at (0, 0); allowed are 0-2, 255", p.detail());
        Dataset dataset = Dataset.open(root);
        Sample sample = dataset.list("labeled").samples().get(0);
        String message = assertThrows(HierVlException.class, () -> dataset.load(sample, true)).getMessage();
        assertTrue(message.contains("pixel (0, 0) has the value 77, allowed are 0-2, 255"), message);
    }

    @Test
    void rotatedPhotosStayAsStoredLikeTheirMasks() throws IOException {
        ByteArrayOutputStream jpeg = new ByteArrayOutputStream();
        ImageIO.write(new BufferedImage(50, 40, BufferedImage.TYPE_INT_RGB), "jpg", jpeg);
        byte[] plain = jpeg.toByteArray();
        byte[] exif = {(byte) 0xFF, (byte) 0xE1, 0, 34, 'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8,
            0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0};
        byte[] turned = ByteBuffer.allocate(plain.length + exif.length).put(plain, 0, 2).put(exif).put(plain, 2, plain.length - 2).array();
        Files.write(root.resolve("images/s0.png"), turned);
        Problem p = only("images/s0.png");
        assertEquals("1 photo has an EXIF orientation: 1 read as stored because their masks have that size", p.detail());
        assertFalse(p.stops());
    }

    @Test
    void filesThatAreNoPhotosSayWhatTheyAre() throws IOException {
        Path photo = root.resolve("images/s0.png");
        byte[] good = Files.readAllBytes(photo);
        Files.write(photo, Arrays.copyOf(good, good.length / 2));
        assertEquals("truncated", only("images/s0.png").problem());
        Files.write(photo, new byte[0]);
        assertTrue(only("images/s0.png").detail().contains("0 bytes"));
        Files.writeString(photo, "version https://git-lfs.github.com/spec/v1\n");
        assertTrue(only("images/s0.png").detail().contains("git lfs pull"));
        Files.write(photo, giant());
        assertTrue(only("images/s0.png").detail().contains("claims 60000x60000"));
        Files.delete(photo);
        assertEquals("missing", only("images/s0.png").problem());
        Files.createDirectory(photo);
        Problem folder = only("images/s0.png");
        assertTrue(folder.stops() && folder.detail().contains("is a folder"), folder.detail());
    }

    /** A PNG of 90 bytes that claims 3.6 gigapixels. */
    private static byte[] giant() {
        ByteBuffer out = ByteBuffer.allocate(8 + 25 + 12 + 12).put(new byte[] {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10});
        for (byte[] chunk : List.of(
            ByteBuffer.allocate(17).put("IHDR".getBytes(StandardCharsets.US_ASCII)).putInt(60000).putInt(60000).put((byte) 8).put((byte) 2)
                .array(),
            "IDAT".getBytes(StandardCharsets.US_ASCII), "IEND".getBytes(StandardCharsets.US_ASCII))) {
            CRC32 crc = new CRC32();
            crc.update(chunk);
            out.putInt(chunk.length - 4).put(chunk).putInt((int) crc.getValue());
        }
        return out.array();
    }

    @Test
    void greyAlphaAndSixteenBitPhotosAreFine() throws IOException {
        png(new BufferedImage(50, 40, BufferedImage.TYPE_BYTE_GRAY), root.resolve("images/s0.png"));
        png(new BufferedImage(51, 41, BufferedImage.TYPE_INT_ARGB), root.resolve("images/s1.png"));
        png(new BufferedImage(52, 42, BufferedImage.TYPE_USHORT_GRAY), root.resolve("images/s2.png"));
        assertEquals(List.of(), check().problems());
    }

    @Test
    void tinyAndLongPhotosAndEmptyMasksAreNotedAndTrain() throws IOException {
        Images.writePng(Photo.black(1, 1), root.resolve("images/s0.png"));
        LabelMaps.write(LabelMap.filled(1, 1, 2), Palette.voc(), root.resolve("masks/s0.png"));
        Images.writePng(Photo.black(2000, 3), root.resolve("images/s1.png"));
        LabelMaps.write(LabelMap.filled(2000, 3, 255), Palette.voc(), root.resolve("masks/s1.png"));
        DataReport report = check();
        assertFalse(report.stopsTraining());
        assertEquals(List.of("tiny image", "tiny image", "no labels"), report.problems().stream().map(Problem::problem).toList());
        assertEquals(new DataReport.Sizes(1, 2000, 1, 51), report.sizes());
    }

    @Test
    void everyFaultOfAListIsReportedWithItsLine() throws IOException {
        Files.copy(root.resolve("images/s1.png"), root.resolve("images/Caf\u00e9.png"));
        Files.writeString(root.resolve("labeled.txt"), "\uFEFF" + Fixture.line("s0").replace("\n", "\r\n") + "\r\n" + Fixture.line("s0")
            + "images/s1.png\n../s2.png masks/s2.png\n images/s2.png   masks/s2.png \na b c\n" + "images/cafe\u0301.png masks/s1.png\n"
            + "images\\s11.png masks\\s11.png\n");
        DataReport r = check();
        List<String> found =
            r.problems().stream().filter(p -> p.list().equals("labeled.txt")).map(p -> p.line() + " " + p.problem()).toList();
        for (String expected : List.of("0 list format", "3 duplicate", "4 no mask", "5 list syntax", "7 list syntax", "8 missing")) {
            assertTrue(found.contains(expected), expected + " in " + found);
        }
        assertEquals(4, found.stream().filter("0 list format"::equals).count(), "byte order mark, CRLF, blank line, backslashes");
        assertTrue(r.problems().stream().anyMatch(p -> p.detail().contains("other Unicode characters")), r.problems().toString());
        assertTrue(r.problems().stream().anyMatch(p -> p.list().equals("val.txt") && p.problem().equals("overlap")
            && p.detail().equals("is also in labeled.txt line 9")), "labelled and validation images overlap");
    }

    @Test
    void anEmptyListStopsTraining() throws IOException {
        Files.writeString(root.resolve("labeled.txt"), "\n");
        DataReport r = check();
        assertTrue(r.stopsTraining());
        assertTrue(r.problems().stream().anyMatch(p -> p.detail().equals("names no image") && p.stops()));
        Files.write(root.resolve("labeled.txt"), new byte[] {(byte) 0xC3, 0x28, 10});
        assertTrue(check().problems().stream().anyMatch(p -> p.problem().equals("list syntax") && p.detail().contains("UTF-8")));
    }

    @Test
    void namesThatDifferInCaseAloneAreNoted() throws IOException {
        Files.copy(root.resolve("images/s1.png"), root.resolve("images/S0.png"));
        Files.writeString(root.resolve("unlabeled.txt"), "images/S0.png\n");
        Problem p = check().problems().stream().filter(q -> q.problem().equals("case differs")).findFirst().orElseThrow();
        assertTrue(p.detail().contains("images/s0.png in labeled.txt line 1"), p.detail());
    }
}
