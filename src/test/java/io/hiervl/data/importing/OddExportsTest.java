package io.hiervl.data.importing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.data.DatasetInit;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Exports with one odd entry: the other photos keep their labels, and what is left out is said; or nothing is written, with a reason. */
class OddExportsTest {
    private static final String CORNERS = "[4, 4], [14, 4], [14, 14], [4, 14]";

    @TempDir
    Path dir;
    private Path export;

    @BeforeEach
    void photos() throws IOException {
        export = Files.createDirectories(dir.resolve("export"));
        for (int i = 1; i <= 3; i++) {
            ImageIO.write(new BufferedImage(40, 32, BufferedImage.TYPE_INT_RGB), "png", export.resolve("p" + i + ".png").toFile());
        }
    }

    private DatasetInit.Result run(Path source, String form) {
        return DataImport.run(source, dir.resolve("set"), new DataImport.Choice(form, null, null, false, true,
            new DatasetInit.Options("mine", 0, 0, 0)), Progress.NONE);
    }

    private String notes(Path source, int labelled) {
        DatasetInit.Result made = run(source, null);
        assertEquals(labelled, made.sizes().get(0), made.notes().toString());
        return made.notes().toString();
    }

    private String refusal(String form) {
        String message = assertThrows(HierVlException.class, () -> run(export, form)).getMessage();
        assertFalse(Files.exists(dir.resolve("set/dataset.yaml")));
        return message;
    }

    private void coco(String from, String to) throws IOException {
        StringBuilder images = new StringBuilder();
        StringBuilder annotations = new StringBuilder();
        for (int i = 1; i <= 3; i++) {
            images.append(i > 1 ? ", " : "").append("{'id': %d, 'file_name': 'p%d.png', 'width': 40, 'height': 32}".formatted(i, i));
            annotations.append(i > 1 ? ", " : "")
                .append("{'id': %d, 'image_id': %d, 'category_id': 1, 'segmentation': [[4, 4, 14, 4, 14, 14, 4, 14]]}".formatted(i, i));
        }
        String json = "{'images': [" + images + "], 'annotations': [" + annotations + "], 'categories': [{'id': 1, 'name': 'cat'}]}";
        String odd = json.replace(from, to);
        assertFalse(odd.equals(json));
        Files.writeString(export.resolve("coco.json"), odd.replace('\'', '"'));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', value = {
        "'image_id': 2,|'image_id': 77,|annotations of an image that the file does not list",
        "{'id': 2, 'image_id': 2|null, {'id': 2, 'image_id': 9|no JSON objects", "'file_name': 'p2.png', ||image 2 has no file_name",
        "'file_name': 'p2.png'|'file_name': null|image 2 has no file_name",
        "'p2.png', 'width': 40, 'height': 32|'p2.png', 'width': 32, 'height': 40|marked were 32x40"})
    void cocoSaysWhatIsLeftOut(String from, String to, String note) throws IOException {
        coco(from, to == null ? "" : to);
        String notes = notes(export, 2);
        assertTrue(notes.contains(note), notes);
    }

    @Test
    void cocoSaysWhatIsReadLeniently() throws IOException {
        coco("'image_id': 2, 'category_id': 1, 'segmentation': [[4, 4, 14, 4, 14, 14, 4, 14]]",
            "'image_id': 2, 'category_id': 1, 'segmentation': [" + CORNERS + "]");
        String notes = notes(export, 3);
        assertTrue(notes.contains("1 shape is written as a polygon whose corners are pairs and read so") && notes.contains("annotation 2"),
            notes);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', value = {
        "'images': [{'id': 1|'images': [{'id': 2|has the id 2 of another image",
        "[{'id': 1, 'name': 'cat'}]|[{'id': 1, 'name': 'cat'}, {'id': 1, 'name': 'dog'}]|has the id 1 of another category",
        "'name': 'cat'|'name': null|3 shapes without a label",
        "'categories': [{'id': 1, 'name': 'cat'}]}|'annotations': []}|Duplicate field",
        "[[4, 4, 14|[[4, NaN, 14|not valid JSON", "'categories'|'kinds'|it has no 'categories'", "'name': 'cat'}]}|'name'|not valid JSON"})
    void cocoThatMixesThingsUpIsRefused(String from, String to, String reason) throws IOException {
        coco(from, to);
        String message = refusal("coco");
        assertTrue(message.contains(reason), message);
    }

    private void labelme(int photo, String label, String more) throws IOException {
        Files.writeString(export.resolve("p" + photo + ".json"), "{\"shapes\": [{\"label\": " + label + ", \"points\": [" + CORNERS
            + "], \"shape_type\": \"polygon\"}], \"imagePath\": \"p" + photo + ".png\"" + more + "}");
    }

    @Test
    void nullIsNoLabel() throws IOException {
        labelme(1, "\"cat\"", "");
        labelme(2, "null", "");
        assertTrue(notes(export, 1).contains("1 shapes without a label"));
        assertFalse(Files.readString(dir.resolve("set/dataset.yaml")).contains("null"));
    }

    /** A photo inside a JSON is written beside it; a link of that name could lead to any file of the user. */
    @Test
    @DisabledOnOs(OS.WINDOWS)
    void photosInsideJsonFilesAreNotWrittenThroughLinks() throws IOException {
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        ImageIO.write(new BufferedImage(40, 32, BufferedImage.TYPE_INT_RGB), "png", png);
        Path victim = dir.resolve("victim");
        Files.delete(export.resolve("p2.png"));
        Files.createSymbolicLink(export.resolve("p2.png"), victim);
        labelme(1, "\"cat\"", "");
        labelme(2, "\"cat\"", ", \"imageData\": \"" + Base64.getEncoder().encodeToString(png.toByteArray()) + "\"");
        String notes = notes(export, 1);
        assertTrue(notes.contains("cannot be written beside them"), notes);
        assertFalse(Files.exists(victim));
    }

    private String cvat(String size, String order) {
        StringBuilder xml = new StringBuilder("<?xml version=\"1.0\"?>\n<!-- made by hand -->\n<annotations>\n<version>1.1</version>\n");
        for (int i = 1; i <= 2; i++) {
            xml.append("<image name=\"p").append(i).append(".png\" ").append(i == 1 ? "width=\"40\" height=\"32\"" : size)
                .append("><polygon label=\"cat\" points=\"4,4;14,4;14,14;4,14\" ").append(order).append("/></image>\n");
        }
        return xml.append("</annotations>").toString();
    }

    @ParameterizedTest
    @CsvSource({"'',''", "width=\"abc\",''", "width=\"\" height=\"\",z_order=\"1.0\"", "width=\"-5\" height=\"3\",z_order=\"99999999999\""})
    void cvatTakesThePhotosSizeWhereItsOwnMakesNoSense(String size, String order) throws IOException {
        Files.writeString(export.resolve("annotations.xml"), cvat(size, order));
        assertFalse(notes(export, 2).contains("left out"));
    }

    @Test
    void cvatInOtherEncodingsIsFound() throws IOException {
        Files.write(export.resolve("annotations.xml"),
            cvat("", "").replace("?>", " encoding=\"utf-16\"?>").getBytes(StandardCharsets.UTF_16));
        assertFalse(notes(export, 2).contains("left out"));
    }

    private static String task(int photo, String key, String more, String labels) {
        return "{\"id\": " + photo + ", \"data\": {\"" + key + "\": \"/data/upload/0a1b2c3d-p" + photo
            + ".png\"}, \"annotations\": [{\"result\": ["
            + "{\"type\": \"polygonlabels\"" + more + ", \"value\": {\"points\": [[10, 10], [40, 10], [40, 40]], \"polygonlabels\": ["
            + labels
            + "]}}]}]}";
    }

    @Test
    void labelStudioSaysWhatItCannotPlace() throws IOException {
        Files.writeString(export.resolve("export.json"), "[" + task(1, "my_picture", "", "\"cat\", \"dog\"") + ", "
            + task(2, "image", ", \"image_rotation\": 90", "\"cat\"") + ", " + task(3, "image", "", "null") + "]");
        String notes = notes(export, 1);
        assertTrue(notes.contains("turned in the tool") && notes.contains("further labels") && notes.contains("results without a label"),
            notes);
    }

    @Test
    void zipFilesWithNamesOfDosAreUnpacked() throws IOException {
        Charset dos = Charset.forName("IBM437");
        Path zip = dir.resolve("export.zip");
        try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(zip), dos)) {
            for (String name : List.of("p1.png", "\u00E9.png")) {
                out.putNextEntry(new ZipEntry(name));
                out.write(Files.readAllBytes(export.resolve("p1.png")));
            }
            out.putNextEntry(new ZipEntry("annotations.xml"));
            out.write(cvat("", "").replace("p2.png", "\u00E9.png").getBytes(StandardCharsets.UTF_8));
        }
        assertFalse(notes(zip, 2).contains("left out"));
    }

    @Test
    void archivesInsideAreNamed() throws IOException {
        Files.write(export.resolve("inner.zip"), new byte[] {'P', 'K', 3, 4});
        assertTrue(refusal(null).contains("holds the archive inner.zip: unpack that"));
    }
}
