package io.hiervl.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
