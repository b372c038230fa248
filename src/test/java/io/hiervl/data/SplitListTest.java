package io.hiervl.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SplitListTest {
    @TempDir
    Path root;

    private Path list(String text) throws IOException {
        return Files.writeString(root.resolve("list.txt"), text);
    }

    @Test
    void byteOrderMarkWindowsLinesAndBlankLinesAreToleratedAndLinesCounted() throws IOException {
        SplitList list = SplitList.read(list("\uFEFFa.jpg a.png\r\n\r\n  b.jpg\tb.png \r\nc.jpg"), root);
        assertEquals(3, list.size());
        assertEquals("a.jpg", list.samples().get(0).image());
        assertEquals("b.png", list.samples().get(1).mask());
        assertEquals(3, list.samples().get(1).line());
        assertFalse(list.samples().get(2).hasMask());
        assertEquals(3, list.notes().size());
    }

    @Test
    void namesWithBlanksWorkWithATabOrIfTheyExist() throws IOException {
        Files.createFile(root.resolve("my cat.jpg"));
        Files.createFile(root.resolve("my mask.png"));
        SplitList list = SplitList.read(list("my cat.jpg\tmy mask.png\nmy cat.jpg my mask.png\nmy cat.jpg\n"), root);
        assertEquals("my mask.png", list.samples().get(0).mask());
        assertEquals("my cat.jpg", list.samples().get(1).image());
        assertEquals("my mask.png", list.samples().get(1).mask());
        // Two words could be two files; a name with a blank and no mask needs the file to decide.
        assertEquals(3, list.size());
    }

    @Test
    void pathsThatLeaveTheFolderAreRefusedWithTheirLine() throws IOException {
        Path file = list("a.jpg a.png\n../b.jpg b.png\n");
        var e = assertThrows(HierVlException.class, () -> SplitList.read(file, root));
        assertTrue(e.getMessage().contains("list.txt:2: '..'"), e.getMessage());
        Path absolute = list("/etc/passwd\n");
        assertTrue(assertThrows(HierVlException.class, () -> SplitList.read(absolute, root)).getMessage().contains("relative"));
        Path many = list("a b c d\n");
        assertTrue(assertThrows(HierVlException.class, () -> SplitList.read(many, root)).getMessage().contains("4 parts"));
    }

    @Test
    void missingAndEmptyListsAreRefused() throws IOException {
        Path empty = list("\n \n");
        assertTrue(assertThrows(HierVlException.class, () -> SplitList.read(empty, root)).getMessage().contains("names no image"));
        assertTrue(assertThrows(HierVlException.class, () -> SplitList.read(root.resolve("no.txt"), root)).getMessage().contains("does not exist"));
    }

    @Test
    void publishedListsHaveTheirCounts() {
        Path splits = Path.of(System.getProperty("shared.dir", "shared"), "data", "splits");
        Assumptions.assumeTrue(Files.isDirectory(splits), "no published lists in " + splits);
        Map<String, Integer> counts = Map.of("pascal/92/labeled", 92, "pascal/92/unlabeled", 10490, "pascal/1464/unlabeled", 9118,
            "coco/1_512/labeled", 232, "ade20k/1_128/labeled", 158, "ade20k/1_128/unlabeled", 20052,
            "cityscapes/1_16/labeled", 186, "cityscapes/1_16/unlabeled", 2789);
        counts.forEach((name, count) -> {
            Path file = splits.resolve(name + ".txt");
            Assumptions.assumeTrue(Files.exists(file), "no " + file);
            SplitList list = SplitList.read(file, root);
            assertEquals(count, list.size(), name);
            assertTrue(list.samples().stream().allMatch(Sample::hasMask), name);
        });
    }
}
