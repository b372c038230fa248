package io.hiervl.data.importing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.data.DataCheck;
import io.hiervl.data.DataReport;
import io.hiervl.data.Dataset;
import io.hiervl.data.DatasetInit;
import io.hiervl.data.Sample;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.LabelMaps;
import io.hiervl.image.Palette;
import io.hiervl.image.Photo;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Exports in the forms of the tools, each with the same two labelled photos: on the first a cat of 10x8 pixels at (4, 6), on the second
 * a dog of 6x5 pixels at (20, 10). A third photo has no label.
 */
class DataImportTest {
    private static final int W = 40;
    private static final int H = 33;

    @TempDir
    Path dir;
    private Path export;

    @BeforeEach
    void photos() throws IOException {
        export = Files.createDirectories(dir.resolve("export"));
    }

    private static void photo(Path file, int seed) throws IOException {
        Files.createDirectories(file.getParent());
        byte[] rgb = new byte[3 * W * H];
        new java.util.Random(seed).nextBytes(rgb);
        try (OutputStream out = Files.newOutputStream(file)) {
            assertTrue(ImageIO.write(Images.toBuffered(new Photo(rgb, W, H)), "jpg", out));
        }
    }

    private void photosIn(String folder) throws IOException {
        for (int i = 1; i <= 3; i++) {
            photo(export.resolve(folder).resolve("p" + i + ".jpg"), i);
        }
    }

    private static void text(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    private DatasetInit.Result run(Path source, boolean empty) {
        return DataImport.run(source, dir.resolve("set"), new DataImport.Choice(null, null, null, empty, true,
            new DatasetInit.Options("mine", 0.5, 0, 0)), Progress.NONE);
    }

    /** The two labelled photos have exactly their rectangles, the third is unlabelled. */
    private void assertImported(DatasetInit.Result made, String form) {
        assertEquals(List.of(1, 1, 1), made.sizes(), made.notes().toString());
        assertTrue(made.notes().contains("read as an export of the form " + form), made.notes().toString());
        Dataset set = Dataset.open(dir.resolve("set"));
        assertEquals(List.of("background", "cat", "dog"), set.spec().classes());
        for (String role : List.of("labeled", "val")) {
            Sample s = set.list(role).samples().get(0);
            LabelMap map = set.load(s, true).labels();
            boolean first = s.image().endsWith("p1.jpg");
            assertEquals(first ? 80 : 0, map.histogram()[1], s.image());
            assertEquals(first ? 0 : 30, map.histogram()[2], s.image());
            assertEquals(first ? 1 : 2, first ? map.at(4, 6) : map.at(25, 14));
            assertEquals(0, first ? map.at(14, 6) : map.at(26, 14));
        }
        DataReport report = DataCheck.run(dir.resolve("set"), Progress.NONE);
        assertTrue(report.problems().stream().noneMatch(DataReport.Problem::stops), report.problems().toString());
    }

    private void labelme(String name, String shape) throws IOException {
        text(export.resolve(name + ".json"), "{\"version\":\"5.4.1\",\"flags\":{},\"shapes\":[" + shape
            + "],\"imagePath\":\"..\\\\other\\\\" + name
            + ".jpg\",\"imageData\":null,\"imageHeight\":33,\"imageWidth\":40}");
    }

    @Test
    void labelme() throws IOException {
        photosIn("");
        labelme("p1",
            "{\"label\":\"cat\",\"points\":[[4,6],[14,6],[14,14],[4,14]],\"shape_type\":\"polygon\"},{\"label\":\"cat\","
                + "\"points\":[[1,1]],\"shape_type\":\"point\"}");
        BufferedImage mask = new BufferedImage(6, 5, BufferedImage.TYPE_BYTE_GRAY);
        for (int i = 0; i < 30; i++) {
            mask.getRaster().setSample(i % 6, i / 6, 0, 255);
        }
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        ImageIO.write(mask, "png", png);
        labelme("p2", "{\"label\":\"dog\",\"points\":[[20,10],[25,14]],\"shape_type\":\"mask\",\"mask\":\"" + Base64.getEncoder()
            .encodeToString(png.toByteArray()) + "\"}");
        DatasetInit.Result made = run(export, false);
        assertTrue(made.notes().toString().contains("left out: 1 shapes without area (point)"), made.notes().toString());
        assertImported(made, "labelme");
    }

    @Test
    void labelmeHoldsPhotosAndLabelsThatAreNoClasses() throws IOException {
        photo(dir.resolve("p1.jpg"), 1);
        String data = Base64.getEncoder().encodeToString(Files.readAllBytes(dir.resolve("p1.jpg")));
        for (String name : List.of("p1", "p2")) {
            text(export.resolve(name + ".json"),
                "{\"version\":\"4.5.6\",\"shapes\":[{\"label\":\"cat\",\"points\":[[4,6],[14,14]],\"shape_type\":\"rectangle\"},"
                    + "{\"label\":\"__ignore__\",\"points\":[[20,20],[30,20],[30,30]],\"shape_type\":\"polygon\"},"
                    + "{\"label\":\"_background_\",\"points\":[[4,6],[6,14]],\"shape_type\":\"rectangle\"}],"
                    + "\"imagePath\":\"" + name + ".jpg\",\"imageData\":\"" + data + "\",\"imageHeight\":33,\"imageWidth\":40}");
        }
        run(export, false);
        Dataset set = Dataset.open(dir.resolve("set"));
        assertEquals(List.of("background", "cat"), set.spec().classes());
        long[] counts = set.load(set.list("labeled").samples().get(0), true).labels().histogram();
        assertEquals(64, counts[1], "the background lies in front of two columns");
        assertTrue(counts[255] > 30 && counts[255] < 70, "ignored: " + counts[255]);
    }

    @Test
    void cvatForImages() throws IOException {
        photosIn("images");
        text(export.resolve("annotations.xml"),
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<annotations><version>1.1</version><meta><task><labels><label><name>cat</name>"
                + "<attributes></attributes></label><label><name>dog</name></label></labels></task></meta>\n"
                + "<image id=\"0\" name=\"p1.jpg\" width=\"40\" height=\"33\"><polygon label=\"cat\" points=\"4.00,6.00;14.00,"
                + "6.00;14.00,14.00;4.00,14.00\" z_order=\"1\"></polygon>"
                + "<box label=\"dog\" xtl=\"5\" ytl=\"7\" xbr=\"9\" ybr=\"9\" z_order=\"0\"></box><polyline label=\"cat\" points=\"1,"
                + "1;5,5\"></polyline></image>"
                + "<image id=\"1\" name=\"p2.jpg\" width=\"40\" height=\"33\"><mask label=\"dog\" rle=\"0, "
                + "30\" left=\"20\" top=\"10\" width=\"6\" height=\"5\"><attribute name=\"a\">b</attribute></mask></image>"
                + "<image id=\"2\" name=\"p3.jpg\" width=\"40\" height=\"33\"></image></annotations>");
        DatasetInit.Result made = run(export, false);
        assertTrue(made.notes().toString().contains("shapes without area (polyline)") && made.notes().toString()
            .contains("1 photo has no mark"), made.notes().toString());
        assertImported(made, "cvat");
    }

    @Test
    void cocoOfRoboflowWithItsSuperCategory() throws IOException {
        photosIn("train");
        text(export.resolve("train/_annotations.coco.json"),
            "{\"images\":[{\"id\":0,\"file_name\":\"p1.jpg\",\"width\":40,\"height\":33},{\"id\":1,\"file_name\":\"p2.jpg\","
                + "\"width\":40,\"height\":33},"
                + "{\"id\":2,\"file_name\":\"p3.jpg\",\"width\":40,\"height\":33}],\"categories\":[{\"id\":0,\"name\":\"animals\"},"
                + "{\"id\":1,\"name\":\"cat\"},{\"id\":2,\"name\":\"dog\"}],"
                + "\"annotations\":[{\"id\":0,\"image_id\":0,\"category_id\":1,\"segmentation\":[[4,6,14,6,14,14,4,14]]},{\"id\":1,"
                + "\"image_id\":1,\"category_id\":2,\"segmentation\":[20,10,26,10,26,15,20,15]},"
                + "{\"id\":2,\"image_id\":1,\"category_id\":2,\"segmentation\":[],\"bbox\":[1,1,2,2]}]}");
        DatasetInit.Result made = run(export, false);
        assertTrue(made.notes().toString().contains("boxes without a shape"), made.notes().toString());
        assertImported(made, "coco");
    }

    @Test
    void supervisely() throws IOException {
        photosIn("ds0/img");
        text(export.resolve("meta.json"),
            "{\"classes\":[{\"title\":\"cat\",\"shape\":\"polygon\",\"color\":\"#FF0000\"},{\"title\":\"dog\",\"shape\":\"bitmap\","
                + "\"color\":\"#00FF00\"}]}");
        text(export.resolve("ds0/ann/p1.jpg.json"),
            "{\"size\":{\"height\":33,\"width\":40},\"objects\":[{\"classTitle\":\"cat\",\"geometryType\":\"polygon\","
                + "\"points\":{\"exterior\":"
                + "[[4,6],[14,6],[14,16],[4,16]],\"interior\":[[[4,14],[14,14],[14,16],[4,16]]]}}]}");
        BufferedImage mask = new BufferedImage(6, 5, BufferedImage.TYPE_INT_ARGB);
        for (int i = 0; i < 30; i++) {
            mask.setRGB(i % 6, i / 6, 0xFFFFFFFF);
        }
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        try (DeflaterOutputStream zlib = new DeflaterOutputStream(png, new Deflater())) {
            ImageIO.write(mask, "png", zlib);
        }
        text(export.resolve("ds0/ann/p2.jpg.json"),
            "{\"size\":{\"height\":33,\"width\":40},\"objects\":[{\"classTitle\":\"dog\",\"geometryType\":\"bitmap\","
                + "\"bitmap\":{\"origin\":[20,10],\"data\":\""
                + Base64.getEncoder().encodeToString(png.toByteArray()) + "\"}}]}");
        text(export.resolve("ds0/ann/p3.jpg.json"), "{\"size\":{\"height\":33,\"width\":40},\"objects\":[]}");
        assertImported(run(export, false), "supervisely");
    }

    @Test
    void labelStudioFindsPhotosByTheirUploadedNames() throws IOException {
        photosIn("photos");
        String square =
            "{\"original_width\":40,\"original_height\":33,\"type\":\"polygonlabels\",\"value\":{\"points\":[[10,18.181818],[35,"
                + "18.181818],[35,42.424242],[10,42.424242]],\"polygonlabels\":[\"cat\"]}}";
        String box =
            "{\"original_width\":40,\"original_height\":33,\"type\":\"rectanglelabels\",\"value\":{\"x\":50,\"y\":30.303030,"
                + "\"width\":15,\"height\":15.151515,\"rotation\":0,\"rectanglelabels\":[\"dog\"]}}";
        text(export.resolve("project-1.json"),
            "[{\"id\":7,\"data\":{\"image\":\"/data/upload/1/0a1b2c3d-p1.jpg\"},\"annotations\":[{\"was_cancelled\":false,\"result\":["
                + square + "]},"
                + "{\"was_cancelled\":true,\"result\":[" + box
                + "]}]},{\"id\":8,\"data\":{\"image\":\"/data/local-files/?d=photos%2Fp2.jpg\"},\"annotations\":[{\"result\":[" + box
                + ",{\"type\":\"choices\",\"value\":{\"choices\":[\"x\"]}}]}]},{\"id\":9,\"data\":{\"image\":\"gone.jpg\"},"
                + "\"annotations\":[]}]");
        DatasetInit.Result made = run(export, false);
        String notes = made.notes().toString();
        assertTrue(notes.contains("tasks whose photo is missing") && notes.contains("annotations that were cancelled")
            && notes.contains("results without a label (choices)"), notes);
        assertImported(made, "label-studio");
    }

    @Test
    void aZipFileOfMasksWithALabelMap() throws IOException {
        Path zip = dir.resolve("task.zip");
        photosIn("images");
        try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(zip))) {
            for (int i = 1; i <= 3; i++) {
                entry(out, "JPEGImages/p" + i + ".jpg", Files.readAllBytes(export.resolve("images/p" + i + ".jpg")));
            }
            for (int i = 1; i <= 2; i++) {
                byte[] values = new byte[W * H];
                (i == 1 ? Shapes.rectangle(4, 6, 14, 14, 0) : Shapes.rectangle(20, 10, 26, 15, 0)).paint(values, W, H, (byte) i);
                Path png = dir.resolve(i + ".png");
                Images.writePng(LabelMaps.colours(new LabelMap(values, W, H),
                    Palette.of(List.of(List.of(0, 0, 0), List.of(250, 50, 83), List.of(51, 221, 255)))), png);
                entry(out, "SegmentationClass/p" + i + ".png", Files.readAllBytes(png));
            }
            entry(out, "labelmap.txt",
                "# label:color_rgb:parts:actions\nbackground:0,0,0::\ncat:250,50,83::\ndog:51,221,255::\n"
                    .getBytes(StandardCharsets.UTF_8));
        }
        assertImported(run(zip, false), "masks");
        assertTrue(Files.exists(dir.resolve("set/source/JPEGImages/p3.jpg")));
    }

    private static void entry(ZipOutputStream out, String name, byte[] bytes) throws IOException {
        out.putNextEntry(new ZipEntry(name));
        out.write(bytes);
        out.closeEntry();
    }

    @Test
    void anArchiveThatLeadsOutsideLeavesNothing() throws IOException {
        Path zip = dir.resolve("evil.zip");
        try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(zip))) {
            entry(out, "a.json", "{}".getBytes(StandardCharsets.UTF_8));
            entry(out, "../../escaped.txt", "x".getBytes(StandardCharsets.UTF_8));
        }
        HierVlException e = assertThrows(HierVlException.class, () -> run(zip, false));
        assertTrue(e.getMessage().contains("'../../escaped.txt' leads out of the folder"), e.getMessage());
        assertFalse(Files.exists(dir.resolve("set")) || Files.exists(dir.resolve("escaped.txt")), "nothing is left");
        Path bomb = dir.resolve("bomb.zip");
        try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(bomb))) {
            entry(out, "a.json", new byte[80 << 20]);
        }
        assertTrue(assertThrows(HierVlException.class, () -> run(bomb, false)).getMessage().contains("far more than its size"));
        assertFalse(Files.exists(dir.resolve("set")));
    }

    @Test
    void whatIsNoExportIsRefusedAndPhotosWithoutMarksCanBeBackground() throws IOException {
        photosIn("");
        HierVlException e = assertThrows(HierVlException.class, () -> run(export, false));
        assertTrue(e.getMessage().contains("no export that is known") && e.kind().exitCode() == 3, e.getMessage());
        labelme("p1", "{\"label\":\"cat\",\"points\":[[4,6],[14,6],[14,14],[4,14]],\"shape_type\":\"polygon\"}");
        labelme("p2", "");
        assertEquals(List.of(1, 1, 1), run(export, true).sizes());
    }

    /** What is left out says why, also where nothing is left; names are one line. */
    @Test
    void whatCannotBeDrawnIsNamed() throws IOException {
        photosIn("");
        text(export.resolve("p1.json"),
            "{\"version\":\"5\",\"imagePath\":\"p1.jpg\",\"shapes\":[{\"label\":\"cat\",\"points\":[[NaN,6]]}]}");
        HierVlException damaged = assertThrows(HierVlException.class, () -> run(export, false));
        assertTrue(damaged.getMessage().contains("p1.json:1: not valid JSON"), damaged.getMessage());
        labelme("p1", "{\"label\":\"cat\",\"points\":[[4,6],[14,6],[14,14]],\"shape_type\":\"hexagon\"}");
        HierVlException none = assertThrows(HierVlException.class, () -> run(export, false));
        assertTrue(none.getMessage().contains("no label; left out: 1 shapes without area (hexagon), the first: "), none.getMessage());
        labelme("p1", "{\"label\":\"big\\ncat\",\"points\":[[4,6],[14,6],[14,14],[4,14]],\"shape_type\":\"polygon\"},"
            + "{\"points\":[[4,6],[14,6],[14,14]],\"shape_type\":\"polygon\"}");
        text(export.resolve("p2.json"), "{\"version\":\"5\",\"imagePath\":\"p2.jpg\",\"imageWidth\":400,\"imageHeight\":330,\"shapes\":"
            + "[{\"label\":\"dog\",\"points\":[[40,60],[140,60],[140,140]],\"shape_type\":\"polygon\"}]}");
        DatasetInit.Result made = run(export, false);
        String said = made.notes().toString();
        assertTrue(said.contains("1 shapes without a label, the first: ") && said.contains("p1.jpg"), said);
        assertTrue(said.contains("p2.jpg has 40x33 pixels, marked were 400x330"), said);
        assertEquals(List.of("background", "big cat"), Dataset.open(dir.resolve("set")).spec().classes());
    }

    /** labelme shows photos upright, so the size of its labels is that of the upright photo. */
    @Test
    void photosTurnedByTheirExifEntryFitTheirLabels() throws IOException {
        photosIn("");
        for (String name : List.of("p1", "p2")) {
            byte[] plain = Files.readAllBytes(export.resolve(name + ".jpg"));
            byte[] exif = {(byte) 0xFF, (byte) 0xE1, 0, 34, 'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0,
                0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0};
            ByteArrayOutputStream turned = new ByteArrayOutputStream();
            turned.write(plain, 0, 2);
            turned.write(exif);
            turned.write(plain, 2, plain.length - 2);
            Files.write(export.resolve(name + ".jpg"), turned.toByteArray());
            text(export.resolve(name + ".json"),
                "{\"version\":\"5.4.1\",\"shapes\":[{\"label\":\"cat\",\"points\":[[0,0],[10,0],[10,40],[0,40]]}],\"imagePath\":\"" + name
                    + ".jpg\",\"imageHeight\":40,\"imageWidth\":33}");
        }
        run(export, false);
        Dataset set = Dataset.open(dir.resolve("set"));
        assertEquals(33, set.load(set.list("labeled").samples().get(0), true).photo().width());
        assertEquals(33, set.load(set.list("labeled").samples().get(0), false).photo().width(),
            "the mask decides even where it is not read");
        DataReport report = DataCheck.run(dir.resolve("set"), Progress.NONE);
        assertFalse(report.stopsTraining(), report.problems().toString());
        assertTrue(report.problems().toString().contains("2 turned upright because their masks have that size"), report.problems()
            .toString());
    }
}
