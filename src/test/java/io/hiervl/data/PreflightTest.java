package io.hiervl.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.image.LabelMap;
import io.hiervl.image.LabelMaps;
import io.hiervl.image.Palette;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PreflightTest {
    @TempDir
    Path root;

    private Map<String, SplitList> lists(Dataset dataset) {
        Map<String, SplitList> lists = new LinkedHashMap<>();
        for (String role : List.of("labeled", "unlabeled", "val")) {
            lists.put(role, dataset.list(role));
        }
        return lists;
    }

    @Test
    void allMissingFilesAreCountedAndTheFirstNamed() throws IOException {
        Dataset dataset = Dataset.open(Fixture.folder(root));
        Preflight.requireFiles(dataset, lists(dataset));
        Files.writeString(root.resolve("unlabeled.txt"), "images/s3.png masks/none.png\nimages/none.png\n");
        Files.delete(root.resolve("masks/s1.png"));
        Files.delete(root.resolve("images/s10.png"));
        HierVlException e = assertThrows(HierVlException.class, () -> Preflight.requireFiles(dataset, lists(dataset)));
        assertEquals(3, e.kind().exitCode());
        assertTrue(e.getMessage().startsWith("3 files are missing: ") && e.getMessage().contains("labeled.txt:2: ")
            && e.getMessage().contains("unlabeled.txt:2: ") && e.getMessage().contains("val.txt:1: "), e.getMessage());
    }

    /** What stops training hours later, when a batch draws it. */
    @Test
    void headersOfPhotosAndMasksAreRead() throws IOException {
        Dataset dataset = Dataset.open(Fixture.folder(root));
        Duration long1 = Duration.ofMinutes(1);
        assertNull(HeaderCheck.run(dataset, lists(dataset), long1));
        LabelMaps.write(LabelMap.filled(3, 2, 0), Palette.voc(), root.resolve("masks/s1.png"));
        byte[] whole = Files.readAllBytes(root.resolve("images/s3.png"));
        Files.write(root.resolve("images/s3.png"), java.util.Arrays.copyOf(whole, whole.length - 9));
        Files.writeString(root.resolve("images/s10.png"), "<html>not found</html>");
        HierVlException e = assertThrows(HierVlException.class, () -> HeaderCheck.run(dataset, lists(dataset), long1));
        assertEquals(3, e.kind().exitCode());
        String said = e.getMessage();
        assertTrue(said.startsWith("3 files are not usable: ") && said.contains("s1.png is 3x2, its photo")
            && said.contains("s3.png is truncated") && said.contains("s10.png is a text file"), said);
    }

    @Test
    void theHeadersOfManyFilesHaveATime() throws IOException {
        Dataset dataset = Dataset.open(Fixture.folder(root));
        String left = HeaderCheck.run(dataset, lists(dataset), Duration.ZERO);
        assertTrue(left.startsWith("0 of ") && left.contains("data check"), left);
    }

    @Test
    void photosInTwoListsAreCounted() throws IOException {
        Dataset dataset = Dataset.open(Fixture.folder(root));
        assertEquals(List.of(), Preflight.overlaps(lists(dataset)));
        Files.writeString(root.resolve("val.txt"), Fixture.line("s0") + Fixture.line("s1") + Fixture.line("s4"));
        assertEquals(List.of("2 photos are in both lists labeled and val", "1 photo is in both lists unlabeled and val"),
            Preflight.overlaps(lists(dataset)));
    }

    @Test
    void aListIsNoLinkOutOfTheDataFolder(@TempDir Path elsewhere) throws IOException {
        Dataset dataset = Dataset.open(Fixture.folder(root));
        Path list = root.resolve("labeled.txt");
        Path other = elsewhere.resolve("secret.txt");
        Files.move(list, other);
        Files.createSymbolicLink(list, other);
        HierVlException e = assertThrows(HierVlException.class, () -> dataset.list("labeled"));
        assertEquals(3, e.kind().exitCode());
        assertTrue(e.getMessage().contains("labeled.txt is a link out of the data folder"), e.getMessage());
        Files.delete(list);
        Files.move(other, root.resolve("here.txt"));
        Files.createSymbolicLink(list, Path.of("here.txt"));
        assertTrue(dataset.list("labeled").size() > 0, "a link within the folder is read");
    }
}
