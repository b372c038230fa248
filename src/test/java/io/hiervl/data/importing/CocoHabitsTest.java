package io.hiervl.data.importing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.data.DatasetInit;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** COCO files as scripts write them: what would give empty masks, or half of the labels, is said. */
class CocoHabitsTest {
    private static final String GOOD = "[[4, 4, 14, 4, 14, 14, 4, 14]]";

    @TempDir
    Path dir;
    private Path export;

    @BeforeEach
    void photos() throws IOException {
        export = Files.createDirectories(dir.resolve("export"));
        for (int i = 1; i <= 2; i++) {
            ImageIO.write(new BufferedImage(40, 32, BufferedImage.TYPE_INT_RGB), "png", export.resolve("p" + i + ".png").toFile());
        }
    }

    private static String coco(String first, String second) {
        return """
            {"images": [{"id": 1, "file_name": "p1.png", "width": 40, "height": 32},
                        {"id": 2, "file_name": "p2.png", "width": 40, "height": 32}],
             "annotations": [{"id": 11, "image_id": 1, "category_id": 1, "segmentation": %s},
                             {"id": 12, "image_id": 2, "category_id": 1, "segmentation": %s}],
             "categories": [{"id": 1, "name": "cat"}]}""".formatted(first, second);
    }

    private DatasetInit.Result run() {
        return DataImport.run(export, dir.resolve("set"), new DataImport.Choice(null, null, null, false, true,
            new DatasetInit.Options("mine", 0, 0, 0)), Progress.NONE);
    }

    private String refusal(String json) throws IOException {
        Files.writeString(export.resolve("coco.json"), json);
        String message = assertThrows(HierVlException.class, this::run).getMessage();
        assertFalse(Files.exists(dir.resolve("set")));
        return message;
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"[[0.1, 0.1, 0.5, 0.1, 0.5, 0.5]]", "[[[0.1, 0], [1, 0], [1, 1]]]", "[0, 0.25, 1, 0.25, 1, 1]"})
    void cornersThatAreFractionsOfTheSizeAreNoPixels(String fractions) throws IOException {
        Files.writeString(export.resolve("coco.json"), coco(GOOD, fractions));
        DatasetInit.Result made = run();
        assertEquals(1, made.sizes().get(0), made.notes().toString());
        assertTrue(made.notes().toString().contains("fractions of the size, expected pixels"), made.notes().toString());
        assertTrue(made.notes().toString().contains("annotation 12"), made.notes().toString());
    }

    @Test
    void onePixelInTheCornerIsNoFraction() throws IOException {
        Files.writeString(export.resolve("coco.json"), coco(GOOD, "[[0, 0, 1, 0, 1, 1, 0, 1]]"));
        assertEquals(2, run().sizes().get(0));
    }

    @Test
    void aFileOfFractionsAloneIsRefused() throws IOException {
        String all = "[[0.1, 0.1, 0.5, 0.1, 0.5, 0.5]]";
        String message = refusal(coco(all, all));
        assertTrue(message.contains("2 annotations that cannot be drawn") && message.contains("between 0 and 1"), message);
    }

    @Test
    void marksThatCoverNoPixelOfAnyPhotoAreRefused() throws IOException {
        String outside = "[[100, 100, 120, 100, 120, 120]]";
        String message = refusal(coco(outside, outside));
        assertTrue(message.contains("2 of 2 labelled photos have marks that cover no pixel"), message);
    }

    @Test
    void cornersWithDecimalCommasAreRefused() throws IOException {
        String image = "<image id='%d' name='p%d.png' width='40' height='32'><polygon label='cat' points='%s'/></image>";
        Files.writeString(export.resolve("annotations.xml"),
            "<annotations><version>1.1</version><meta><task><labels><label><name>cat</name>"
                + "</label></labels></task></meta>" + image.formatted(1, 1, "4,4;14,4;14,14") + image.formatted(2, 2,
                    "4,5,4,5;14,5,4,5;14,5,14,5")
                + "</annotations>");
        DatasetInit.Result made = run();
        assertEquals(1, made.sizes().get(0), made.notes().toString());
        assertTrue(made.notes().toString().contains("1 shapes with damaged numbers"), made.notes().toString());
    }

    @Test
    void aBitmapWithoutAPlaceIsLeftOut() throws IOException {
        Path set = Files.createDirectories(dir.resolve("sly/ds/img")).getParent();
        Files.createDirectories(set.resolve("ann"));
        Files.copy(export.resolve("p1.png"), set.resolve("img/p1.png"));
        Files.writeString(dir.resolve("sly/meta.json"), "{\"classes\": [{\"title\": \"cat\", \"shape\": \"bitmap\"}], \"tags\": []}");
        Files.writeString(set.resolve("ann/p1.png.json"), """
            {"size": {"height": 32, "width": 40}, "tags": [], "objects": [
             {"classTitle": "cat", "geometryType": "bitmap", "bitmap": {"data": "eJzrDPBz5+WS4mJgYOD19HAJAtIKIMzEDgAs1QL9"}},
             {"classTitle": "cat", "geometryType": "polygon", "points": {"exterior": [[1, 1], [9, 1], [9, 9]], "interior": []}}]}""");
        export = dir.resolve("sly");
        String notes = run().notes().toString();
        assertTrue(notes.contains("1 damaged shapes (bitmap)") && notes.contains("object 1"), notes);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"[[100, 100, 120, 100, 120, 120]]", "[[5, 5, 25, 5, 5, 5]]"})
    void polygonsThatMarkNoPixelAreSaid(String polygon) throws IOException {
        Files.writeString(export.resolve("coco.json"), coco(GOOD, polygon));
        String notes = run().notes().toString();
        assertTrue(notes.contains("1 shape is written as a polygon that marks no pixel") && notes.contains("annotation 12"), notes);
    }

    @Test
    void aSecondObjectBehindTheFirstIsRefused() throws IOException {
        String message = refusal(coco(GOOD, GOOD) + "\n" + coco(GOOD, GOOD));
        assertTrue(message.contains("coco.json:") && message.contains("not valid JSON"), message);
    }

    @Test
    void whatLooksLikeCocoIsNamedWithWhatItLacks() throws IOException {
        String message = refusal(coco(GOOD, GOOD).replace("\"categories\"", "\"kinds\""));
        assertTrue(message.contains("coco.json looks like COCO, but has no 'categories'"), message);
        message = refusal("[{\"image_id\": 1, \"category_id\": 1, \"segmentation\": [], \"score\": 0.5}]");
        assertTrue(message.contains("coco.json looks like a list of COCO results"), message);
        message = refusal(coco(GOOD, GOOD).replace("\"segmentation\": " + GOOD, "\"segments_info\": []"));
        assertTrue(message.contains("2 panoptic annotations, whose shapes lie in PNG files"), message);
    }
}
