package io.hiervl.data.coco;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.config.DatasetSpec;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMaps;
import io.hiervl.image.Photo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CocoMasksTest {
    private static final String CATEGORIES =
        "\"categories\":[{\"id\":17,\"name\":\"Cat\"},{\"id\":18,\"name\":\"dog\"},{\"id\":90,\"name\":\"sea\"}]";
    private static final String IMAGES = "\"images\":[{\"id\":1,\"file_name\":\"000001.jpg\",\"width\":6,\"height\":4},"
        + "{\"id\":2,\"file_name\":\"000002.jpg\",\"width\":6,\"height\":4},{\"id\":3,\"file_name\":\"000003.jpg\","
        + "\"width\":6,\"height\":4}]";

    @TempDir
    Path dir;

    private Path write(String name, String text) throws IOException {
        return Files.writeString(dir.resolve(name), text);
    }

    private CocoMasks masks(List<String> classes, Path... files) {
        return new CocoMasks(List.of(files), DatasetSpec.of("mini", classes), dir, dir.resolve("cache"));
    }

    private static Path image(int i) {
        return Path.of("train2017/00000" + i + ".jpg");
    }

    private String[] rows(CocoMasks masks, int image) {
        byte[] v = LabelMaps.read(masks.file(image(image))).values();
        String[] rows = new String[4];
        for (int y = 0; y < 4; y++) {
            StringBuilder row = new StringBuilder();
            for (int x = 0; x < 6; x++) {
                row.append(v[6 * y + x] == -1 ? "." : Integer.toString(v[6 * y + x]));
            }
            rows[y] = row.toString();
        }
        return rows;
    }

    private static String annotation(int id, int image, int category, String segmentation) {
        // The order of keys in COCO's own files: the image comes after its shapes.
        return "{\"segmentation\":" + segmentation + ",\"area\":1.5,\"iscrowd\":0,\"image_id\":" + image
            + ",\"bbox\":[0,0,1,1],\"category_id\":"
            + category + ",\"id\":" + id + "}";
    }

    @Test
    void polygonsAndRunsAreDrawnFromTheLargestToTheSmallest() throws IOException {
        String annotations = "\"annotations\":[" + String.join(",",
            // A dog of one column in front of a large cat, listed before it; the cat has two parts.
            annotation(1, 1, 18, "[[2,0,3,0,3,4,2,4]]"), annotation(2, 1, 17, "[[0,0,4,0,4,4,0,4],[5,0,6,0,6,1,5,1]]"),
            // Run lengths: column 5 of six is cat, and as text the same for the first column as dog.
            annotation(3, 2, 17, "{\"counts\":[20,4],\"size\":[4,6]}"), annotation(4, 2, 18, "{\"counts\":\"04d0\",\"size\":[4,6]}"),
            annotation(5, 3, 90, "[[0,0,6,0,6,2,0,2]]"), annotation(6, 99, 17, "[[0,0,6,0,6,2,0,2]]"),
            annotation(7, 3, 18, "[[1,1],[9,9,9,9,9,9]]")) + "]";
        // The head may stand behind the annotations.
        Path file = write("instances.json", "{\"info\":{\"year\":2017}," + annotations + "," + IMAGES + "," + CATEGORIES + "}");
        CocoMasks masks = masks(List.of("background", "cat", "dog"), file);
        List<String> heard = new ArrayList<>();
        masks.draw(List.of(image(1), image(2), image(3), image(7)), List.of(), (done, total, note) -> heard.add(note));
        assertArrayEquals(new String[] {"112101", "112100", "112100", "112100"}, rows(masks, 1));
        assertArrayEquals(new String[] {"200001", "200001", "200001", "200001"}, rows(masks, 2));
        assertArrayEquals(new String[] {"000000", "000000", "000000", "000000"}, rows(masks, 3), "another category is background");
        assertFalse(Files.exists(masks.file(image(7))), "no file knows this image");
        assertTrue(heard.contains("MB of instances.json") && heard.contains("label maps from instances.json"), heard.toString());
    }

    @Test
    void withoutBackgroundTheRestIsIgnored() throws IOException {
        Path file = write("instances.json",
            "{" + IMAGES + ",\"annotations\":[" + annotation(1, 1, 17, "[[0,0,2,0,2,4,0,4]]") + "]," + CATEGORIES + "}");
        CocoMasks masks = masks(List.of("dog", "cat"), file);
        masks.draw(List.of(image(1)), List.of(), Progress.NONE);
        assertArrayEquals(new String[] {"11....", "11....", "11....", "11...."}, rows(masks, 1));
    }

    @Test
    void mapsAreDrawnOnceForEveryListOfClasses() throws IOException {
        Path file = write("instances.json", "{" + IMAGES + ",\"annotations\":[]," + CATEGORIES + "}");
        CocoMasks masks = masks(List.of("background", "cat"), file);
        masks.draw(List.of(image(1)), List.of(), Progress.NONE);
        var time = Files.getLastModifiedTime(masks.file(image(1)));
        masks.draw(List.of(image(1)), List.of(), (done, total, note) -> {
            throw new AssertionError("drawn again");
        });
        assertEquals(time, Files.getLastModifiedTime(masks.file(image(1))));
        assertFalse(Files.exists(masks(List.of("background", "dog"), file).file(image(1))));
    }

    @Test
    void panopticSegmentsComeFirst() throws IOException {
        byte[] rgb = new byte[3 * 24];
        // Segment 256 + 7 on the left, segment 9 in the middle, nothing on the right.
        for (int i = 0; i < 24; i++) {
            rgb[3 * i] = (byte) (i % 6 < 2 ? 7 : i % 6 < 4 ? 9 : 0);
            rgb[3 * i + 1] = (byte) (i % 6 < 2 ? 1 : 0);
        }
        Files.createDirectories(dir.resolve("panoptic_x"));
        Images.writePng(new Photo(rgb, 6, 4), dir.resolve("panoptic_x/000001.png"));
        Path panoptic = write("panoptic_x.json",
            "{\"images\":[{\"id\":1,\"file_name\":\"000001.jpg\",\"width\":6,\"height\":4}],\"annotations\":[{\"segments_info\":"
                + "[{\"id\":263,\"category_id\":18},{\"id\":9,\"category_id\":90}],\"file_name\":\"000001.png\",\"image_id\":1}],"
                + CATEGORIES + "}");
        Path instances = write("instances.json", "{" + IMAGES + ",\"annotations\":[" + annotation(1, 1, 17, "[[0,0,6,0,6,4,0,4]]") + ","
            + annotation(2, 2, 17, "[[0,0,6,0,6,4,0,4]]") + "]," + CATEGORIES + "}");
        CocoMasks masks = masks(List.of("background", "cat", "dog"), panoptic, instances);
        masks.draw(List.of(image(1), image(2)), List.of(), Progress.NONE);
        assertArrayEquals(new String[] {"2200..", "2200..", "2200..", "2200.."}, rows(masks, 1));
        assertArrayEquals(new String[] {"111111", "111111", "111111", "111111"}, rows(masks, 2),
            "the panoptic file does not know the second image");
    }

    @Test
    void damagedFilesAreNamed() throws IOException {
        Path text = write("a.json", "<html>");
        assertTrue(message(text).contains("a.json"), "not JSON");
        Path cut = write("b.json", "{" + IMAGES + ",\"annotations\":[{\"id\":");
        assertTrue(message(cut).contains("b.json cannot be read"));
        Path size = write("c.json",
            "{" + IMAGES + ",\"annotations\":[" + annotation(8, 1, 17, "{\"counts\":[20,4],\"size\":[6,4]}") + "]," + CATEGORIES + "}");
        assertTrue(message(size).contains("annotation 8 of image 1: its run lengths are for 4x6 pixels, the image has 6x4"));
        Path other = write("d.json", "{" + IMAGES + ",\"annotations\":[],\"categories\":[{\"id\":1,\"name\":\"truck\"}]}");
        assertTrue(message(other).contains("none of its 1 categories [truck]"));
    }

    private String message(Path file) {
        return assertThrows(HierVlException.class, () -> masks(List.of("background", "cat"), file)
            .draw(List.of(image(1)), List.of(), Progress.NONE)).getMessage();
    }
}
