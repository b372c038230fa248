package io.hiervl.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DatasetSpecsTest {
    @TempDir
    Path dir;

    @ParameterizedTest
    @CsvSource({"voc, 21, 98, true, 20", "coco, 81, 81, true, 80", "ade20k, 150, 150, false, 150", "cityscapes, 19, 54, false, 8"})
    void builtInDescriptionsHaveTheirClassesAndConcepts(String name, int classes, int concepts, boolean background, int things) {
        DatasetSpec spec = DatasetSpecs.builtIn(name);
        assertEquals(name, spec.name());
        assertEquals(classes, spec.classes().size());
        assertEquals(concepts, IntStream.range(0, classes).map(c -> spec.conceptsOf(c).size()).sum());
        assertEquals(background, spec.backgroundFirst());
        assertEquals(things, spec.things().size());
    }

    @Test
    void spacedFormsAreForPromptsAndOtherSpellingsCanBeChosen() throws IOException {
        assertTrue(DatasetSpecs.builtIn("voc").classes().containsAll(List.of("dining table", "potted plant", "tv monitor")));
        write("extends: voc\nspelling: semivl\n");
        DatasetSpec semivl = DatasetSpecs.read(dir);
        assertTrue(semivl.classes().containsAll(List.of("diningtable", "pottedplant", "tvmonitor")));
        assertEquals(List.of("tv", "monitor", "standalone screen"), semivl.conceptsOf(20));
        assertTrue(semivl.things().contains("pottedplant"));
        write("extends: voc\nspelling: semvil\n");
        assertTrue(assertThrows(HierVlException.class, () -> DatasetSpecs.read(dir)).getMessage().contains("'semivl'"));
    }

    @Test
    void cityscapesIdsFollowTheOfficialTable() {
        // cityscapesScripts, helpers/labels.py: id -> trainId of the classes that are evaluated.
        Map<Integer,
            Integer> official = Map.ofEntries(Map.entry(7, 0), Map.entry(8, 1), Map.entry(11, 2), Map.entry(12, 3), Map.entry(13, 4),
                Map.entry(17, 5), Map.entry(19, 6), Map.entry(20, 7), Map.entry(21, 8), Map.entry(22, 9), Map.entry(23, 10),
                Map.entry(24, 11),
                Map.entry(25, 12), Map.entry(26, 13), Map.entry(27, 14), Map.entry(28, 15), Map.entry(31, 16), Map.entry(32, 17),
                Map.entry(33, 18));
        LabelRules.Variant ids = DatasetSpecs.builtIn("cityscapes").labels().variants().get(0);
        assertEquals(34, ids.map().size());
        ids.map().forEach((id, trainId) -> assertEquals(official.getOrDefault(id, 255), trainId, "id " + id));
    }

    @ParameterizedTest
    @CsvSource({"voc, JPEGImages SegmentationClass", "coco, train2017 val2017", "ade20k, images/training annotations/training",
        "cityscapes, leftImg8bit gtFine"})
    void rootsAreRecognisedByTheirFolders(String name, String folders) throws IOException {
        for (String f : folders.split(" ")) {
            Files.createDirectories(dir.resolve("above/data").resolve(f));
        }
        if (name.equals("voc")) {
            Files.createFile(dir.resolve("above/data/JPEGImages/2007_000032.jpg"));
        }
        assertEquals(name, DatasetSpecs.read(dir.resolve("above/data")).name());
        String message = assertThrows(HierVlException.class, () -> DatasetSpecs.read(dir)).getMessage();
        assertTrue(message.contains("data looks like " + name), message);
    }

    @Test
    void aFolderMayChangeWhatItInherits() throws IOException {
        write("extends: cityscapes\nname: mine\nlists: {val: my-val.txt}\n");
        DatasetSpec spec = DatasetSpecs.read(dir);
        assertEquals("mine", spec.name());
        assertEquals(19, spec.classes().size());
        assertEquals("my-val.txt", spec.lists().get("val"));
        write("extends: imagenet\n");
        assertTrue(assertThrows(HierVlException.class, () -> DatasetSpecs.read(dir)).getMessage().contains("dataset.yaml:1"));
        write("name: x\nclasses: [a, b]\nfiles: {folders: {a/b: c}}\n");
        assertTrue(assertThrows(HierVlException.class, () -> DatasetSpecs.read(dir)).getMessage().contains("'a/b'"));
    }

    @Test
    void anUnknownFolderNamesTheKnownOnes() {
        String message = assertThrows(HierVlException.class, () -> DatasetSpecs.read(dir)).getMessage();
        assertTrue(message.contains("voc, coco, ade20k, cityscapes") && message.contains("data init"), message);
        assertFalse(message.contains("looks like"), message);
    }

    private void write(String yaml) throws IOException {
        Files.writeString(dir.resolve(DatasetSpecs.FILE), yaml);
    }
}
