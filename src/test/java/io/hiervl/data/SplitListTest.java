package io.hiervl.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.config.Recipes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
        Path invisible = list("a.jpg a.png\nb\u200b.jpg b.png\n");
        message(invisible, "list.txt:2: invisible character U+200B at position 2");
        Path many = list("a b c d\n");
        assertTrue(assertThrows(HierVlException.class, () -> SplitList.read(many, root)).getMessage().contains("4 parts"));
    }

    @Test
    void backslashesOfWindowsAreRead() throws IOException {
        SplitList list = SplitList.read(list("photos\\a.jpg masks\\a.png\n"), root);
        assertEquals("photos/a.jpg", list.samples().get(0).image());
        assertEquals(List.of("has '\\' in 1 line, read as '/'"), list.notes());
        message(list("a\\..\\..\\b.jpg\n"), "'..'");
    }

    @Test
    void foldersElsewhereStandForTheFirstPartOfAPath() throws IOException {
        Path photos = root.resolve("elsewhere");
        SplitList list = SplitList.read(list("images/x/a.jpg masks/a.png\n"), new Roots(root, Map.of("images", photos)));
        assertEquals(photos.resolve("x/a.jpg"), list.samples().get(0).imagePath());
        assertEquals(root.resolve("masks/a.png"), list.samples().get(0).maskPath());
        Path out = list("images/../../b.jpg\n");
        assertThrows(HierVlException.class, () -> SplitList.read(out, new Roots(root, Map.of("images", photos))));
    }

    private void message(Path list, String part) {
        String message = assertThrows(HierVlException.class, () -> SplitList.read(list, root)).getMessage();
        assertTrue(message.contains(part), message);
    }

    @Test
    void missingAndEmptyListsAreRefused() throws IOException {
        Path empty = list("\n \n");
        assertTrue(assertThrows(HierVlException.class, () -> SplitList.read(empty, root)).getMessage().contains("names no image"));
        assertTrue(assertThrows(HierVlException.class, () -> SplitList.read(root.resolve("no.txt"), root)).getMessage()
            .contains("does not exist"));
    }

    /** Labelled and unlabelled counts of hiervl section 9.5; COCO's unlabelled lists were never published. */
    @ParameterizedTest
    @CsvSource(delimiter = ' ', value = {
        "pascal/92 92 10490", "pascal/183 183 10399", "pascal/366 366 10216", "pascal/732 732 9850", "pascal/1464 1464 9118",
        "pascal/1_16 662 9920", "pascal/1_8 1323 9259", "pascal/1_4 2646 7936",
        "pascal/u2pl_1_16 662 9920", "pascal/u2pl_1_8 1323 9259", "pascal/u2pl_1_4 2646 7936",
        "coco/1_512 232 0", "coco/1_256 463 0", "coco/1_128 925 0", "coco/1_64 1849 0", "coco/1_32 3697 0",
        "ade20k/1_128 158 20052", "ade20k/1_64 316 19894", "ade20k/1_32 632 19578", "ade20k/1_16 1263 18947", "ade20k/1_8 2526 17684",
        "cityscapes/1_30 100 2875", "cityscapes/1_16 186 2789", "cityscapes/1_8 372 2603", "cityscapes/1_4 744 2231",
        "cityscapes/1_2 1488 1487"})
    void publishedSplitsAreReadUnchanged(String split, int labelled, int unlabelled) {
        SplitList kept = published(split + "/labeled.txt");
        assertEquals(labelled, kept.size());
        String recipe = split.replace("pascal/", "voc/").replace('/', '-');
        if (Recipes.BUILT_IN.contains(recipe)) {
            assertEquals(Recipes.load(recipe, List.of()).source().paper().list(), kept.fingerprint());
        }
        if (unlabelled > 0) {
            SplitList rest = published(split + "/unlabeled.txt");
            assertEquals(unlabelled, rest.size());
            Set<String> names = rest.samples().stream().map(Sample::image).collect(Collectors.toSet());
            assertEquals(unlabelled, names.size(), "no image twice");
            assertTrue(kept.samples().stream().noneMatch(s -> names.contains(s.image())), "labelled and unlabelled do not overlap");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = ' ',
        value = {"pascal/val 1449", "pascal/train_aug 10582", "coco/val 5000", "ade20k/val 2000", "cityscapes/val 500"})
    void publishedValidationListsAreReadUnchanged(String name, int count) {
        assertEquals(count, published(name + ".txt").size());
    }

    @Test
    void nothingPublishedIsLeftOut() throws IOException {
        try (Stream<Path> files = Files.walk(splits())) {
            List<Path> lists = files.filter(f -> f.toString().endsWith(".txt")).toList();
            assertEquals(21 * 2 + 5 + 5, lists.size());
        }
    }

    private SplitList published(String name) {
        SplitList list = SplitList.read(splits().resolve(name), root);
        assertTrue(list.samples().stream().allMatch(Sample::hasMask), name);
        assertEquals(List.of(), list.notes());
        return list;
    }

    private static Path splits() {
        Path splits = Path.of(System.getProperty("shared.dir", "shared"), "data", "splits");
        Assumptions.assumeTrue(Files.isDirectory(splits), "no published lists in " + splits);
        return splits;
    }
}
