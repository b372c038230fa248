package io.hiervl.data.coco;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.config.DatasetSpec;
import io.hiervl.image.LabelMaps;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Annotations as tools really write them: one odd one among sound ones never hides the others. */
class OddShapesTest {
    private static final String SQUARE = "[[1,1,5,1,5,4,1,4]]";

    @TempDir
    Path dir;

    private Path image(String name) {
        return dir.resolve("images").resolve(name);
    }

    private CocoMasks masks(List<String> classes, String json) throws IOException {
        Path file = Files.writeString(dir.resolve("ann.json"), json);
        return new CocoMasks(List.of(file), DatasetSpec.of("mini", classes), dir, dir.resolve("cache"));
    }

    /** Five images with a square each; the third annotation has other entries. */
    private CocoMasks set(String odd) throws IOException {
        List<String> images = new ArrayList<>();
        List<String> annotations = new ArrayList<>();
        for (int i = 1; i <= 5; i++) {
            images.add("{\"id\":" + i + ",\"file_name\":\"" + i + ".jpg\",\"width\":8,\"height\":6}");
            annotations.add("{\"id\":" + i + ",\"image_id\":" + (i == 3 && odd.contains("image_id") ? "0,\"x\":0" : i)
                + ",\"category_id\":1,\"bbox\":[1,1,4,3],\"segmentation\":"
                + SQUARE + (i == 3 ? "," + odd : "") + "}");
        }
        return masks(List.of("background", "cat"), "{\"images\":[" + String.join(",", images)
            + "],\"categories\":[{\"id\":1,\"name\":\"cat\"}],\"annotations\":["
            + String.join(",", annotations) + "]}");
    }

    private List<Path> images() {
        return IntStream.rangeClosed(1, 5).mapToObj(i -> image(i + ".jpg")).toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"segmentation\":[1,1,5,1,5,4,1,4]", "\"segmentation\":[[[1,1],[5,1],[5,4],[1,4]]]",
        "\"segmentation\":[[1,1],[5,1],[5,4],[1,4]]",
        "\"segmentation\":[[1,1,5,1,5,4,1,4],null]", "\"segmentation\":[[],[1,1,5,1,5,4,1,4]]", "\"segmentation\":\"1,1,5,1,5,4,1,4\"",
        "\"segmentation\":[[\"1\",\"1\",\"5\",\"1\",\"5\",\"4\",\"1\",\"4\"]]",
        "\"segmentation\":[{\"size\":[6,8],\"counts\":[7,3,3,3,3,3,3,3,20]}]", "\"id\":\"a-uuid\"",
        "\"id\":3.0", "\"image_id\":\"3\"", "\"image_id\":3.0", "\"category_id\":\"1\"", "\"id\":null",
        "\"segmentation\":[[1,1,5,1,5,4,1,4],[2,2,3,3]]"})
    void whatCanBeReadIsDrawn(String odd) throws IOException {
        CocoMasks masks = set(odd);
        masks.draw(images(), List.of(), Progress.NONE);
        for (Path image : images()) {
            assertEquals(12, LabelMaps.read(masks.file(image)).histogram()[1], image + " with " + odd);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"segmentation\":[]", "\"segmentation\":[[]]", "\"segmentation\":null", "\"segmentation\":[[1,1,5,4]]",
        "\"segmentation\":\"none\"",
        "\"category_id\":null", "\"category_id\":9", "\"segmentation\":{\"size\":[8,6],\"counts\":[48]}",
        "\"segmentation\":[[1,1,5,1,5,null]]",
        "\"segmentation\":[[1,1,5,1,1e300,4]]", "\"segmentation\":{\"size\":[6,8]}",
        "\"segmentation\":{\"size\":[6,8],\"counts\":[20,-6,34]}", "\"segmentation\":{\"size\":[6,8],\"counts\":[20.5,6,21.5]}",
        "\"segmentation\":{\"size\":[6,8],\"counts\":[2147483647,2147483647,50]}",
        "\"segmentation\":{\"size\":[6,8],\"counts\":\"d0JR1\"}"})
    void whatCannotBeDrawnIsRefusedWithItsIdAndTheOthersAreDrawn(String odd) throws IOException {
        CocoMasks masks = set(odd);
        HierVlException e = assertThrows(HierVlException.class, () -> masks.draw(images(), List.of(), Progress.NONE));
        assertEquals(3, e.kind().exitCode());
        assertTrue(e.getMessage().contains("annotation 3 of image 3"), e.getMessage());
        for (Path image : images()) {
            assertEquals(!image.endsWith("3.jpg"), Files.exists(masks.file(image)), image.toString());
        }
    }

    @Test
    void whatIsReadLenientlyIsSaid() throws IOException {
        CocoMasks masks = set("\"segmentation\":[1,1,5,1,5,4,1,4]");
        List<CocoMasks.Finding> findings = masks.findings(images(), List.of(), Progress.NONE);
        assertEquals(1, findings.size());
        assertEquals("shapes", findings.get(0).kind());
        assertTrue(findings.get(0).detail().contains("without the list around it") && findings.get(0).detail().contains("annotation 3"),
            findings.toString());
    }

    @Test
    void annotationsOfOneIdAreAllDrawnAndSaid() throws IOException {
        CocoMasks masks = masks(List.of("background", "cat"),
            "{\"images\":[{\"id\":1,\"file_name\":\"1.jpg\",\"width\":8,\"height\":6}],\"categories\":[{\"id\":1,\"name\":\"cat\"}],"
                + "\"annotations\":[{\"id\":7,\"image_id\":1,\"category_id\":1,\"segmentation\":[[0,0,2,0,2,6,0,6]]},"
                + "{\"id\":\"7\",\"image_id\":1,\"category_id\":1,\"segmentation\":[[4,0,6,0,6,6,4,6]]}]}");
        masks.draw(List.of(image("1.jpg")), List.of(), Progress.NONE);
        assertEquals(24, LabelMaps.read(masks.file(image("1.jpg"))).histogram()[1]);
        List<CocoMasks.Finding> findings = masks.findings(List.of(image("1.jpg")), List.of(), Progress.NONE);
        assertEquals(1, findings.size(), findings::toString);
        assertEquals("1 annotation has the id of an earlier one and is drawn too: annotation 7 of image 1", findings.get(0).detail());
    }

    @Test
    void anEntryThatIsNoObjectHidesNothing() throws IOException {
        CocoMasks masks = masks(List.of("background", "cat"),
            "{\"images\":[{\"id\":1,\"file_name\":\"1.jpg\",\"width\":8,\"height\":6}],\"categories\":[{\"id\":1,\"name\":\"cat\"}],"
                + "\"annotations\":[{\"id\":1,\"image_id\":1,\"category_id\":1,\"segmentation\":" + SQUARE + "},null]}");
        assertTrue(assertThrows(HierVlException.class, () -> masks.draw(List.of(image("1.jpg")), List.of(), Progress.NONE)).getMessage()
            .contains("entry 2 of 'annotations'"));
    }

    @Test
    void namesOfOtherSpellingAreClassesAndOthersAreListedWithTheirNumber() throws IOException {
        CocoMasks masks = masks(List.of("background", "traffic light", "Stop Sign"),
            "{\"images\":[{\"id\":1,\"file_name\":\"sub\\\\1.jpg\",\"width\":8,\"height\":6}],"
                + "\"categories\":[{\"id\":1,\"name\":\"Traffic_Light\"},{\"id\":2,\"name\":\"stop-sign\"},{\"id\":3,"
                + "\"name\":\"tree\"},{\"id\":4,\"name\":\"unused\"}],\"annotations\":["
                + "{\"id\":1,\"image_id\":1,\"category_id\":1,\"segmentation\":[[0,0,2,0,2,6,0,6]]},{\"id\":2,\"image_id\":1,"
                + "\"category_id\":2,\"segmentation\":[[2,0,4,0,4,6,2,6]]},"
                + "{\"id\":3,\"image_id\":1,\"category_id\":3,\"segmentation\":[[4,0,5,0,5,6,4,6]]},{\"id\":4,\"image_id\":1,"
                + "\"category_id\":3,\"segmentation\":[[5,0,6,0,6,6,5,6]]}]}");
        masks.draw(List.of(image("1.jpg")), List.of(), Progress.NONE);
        long[] counts = LabelMaps.read(masks.file(image("1.jpg"))).histogram();
        assertEquals(List.of(24L, 12L, 12L), List.of(counts[0], counts[1], counts[2]));
        String findings = masks.findings(List.of(image("1.jpg")), List.of(), Progress.NONE).toString();
        assertTrue(findings.contains("2 annotations of categories that no class takes become 'background': 'tree' (2)"), findings);
        assertTrue(findings.contains("'Traffic_Light' as 'traffic light'") && !findings.contains("unused"), findings);
    }

    @Test
    void photosOfOneNameInTwoFoldersHaveTheirOwnMasks() throws IOException {
        String json =
            "{\"images\":[{\"id\":1,\"file_name\":\"a/1.jpg\",\"width\":8,\"height\":6},{\"id\":2,\"file_name\":\"b/1.jpg\","
                + "\"width\":8,\"height\":6}],"
                + "\"categories\":[{\"id\":1,\"name\":\"cat\"}],\"annotations\":[{\"id\":1,\"image_id\":1,\"category_id\":1,"
                + "\"segmentation\":"
                + SQUARE + "}]}";
        CocoMasks masks = masks(List.of("background", "cat"), json);
        List<Path> both = List.of(image("a/1.jpg"), image("b/1.jpg"));
        masks.draw(List.of(both.get(1)), both, Progress.NONE);
        masks.draw(List.of(both.get(0)), both, Progress.NONE);
        assertFalse(masks.file(both.get(0)).equals(masks.file(both.get(1))));
        assertEquals(12, LabelMaps.read(masks.file(both.get(0))).histogram()[1]);
        assertEquals(0, LabelMaps.read(masks.file(both.get(1))).histogram()[1]);
        CocoMasks plain = masks(List.of("background", "cat"), json.replace("a/1.jpg", "1.jpg").replace("b/1.jpg", "2.jpg"));
        String message = assertThrows(HierVlException.class, () -> plain.draw(both, List.of(), Progress.NONE)).getMessage();
        assertTrue(message.contains("fits several photos"), message);
    }
}
