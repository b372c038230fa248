package io.hiervl.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.data.SplitList;
import io.hiervl.image.LabelMap;
import io.hiervl.image.LabelMaps;
import io.hiervl.image.Palette;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where the predictions of other programs are looked for. */
class StoredPredictionsTest {
    @TempDir
    Path dir;

    private SplitList list(String lines) throws IOException {
        return SplitList.read(Files.writeString(dir.resolve("list.txt"), lines), dir);
    }

    private void png(String name, int value) throws IOException {
        Path file = dir.resolve("p").resolve(name);
        Files.createDirectories(file.getParent());
        LabelMaps.write(LabelMap.filled(2, 2, value), Palette.voc(), file);
    }

    private int first(SplitList list) {
        return StoredPredictions.find(dir.resolve("p"), list).read(0).at(0, 0);
    }

    @Test
    void pathsOfImageAndMaskComeBeforeBareNames() throws IOException {
        SplitList list = list("city/a_photo.jpg gt/city/a_gt.png\n");
        png("a_gt.png", 4);
        assertEquals(4, first(list), "SemiVL stores under the label's name");
        png("a_photo.png", 3);
        assertEquals(3, first(list));
        png("gt/city/a_gt.png", 2);
        assertEquals(2, first(list));
        png("city/a_photo.png", 1);
        assertEquals(1, first(list));
    }

    @Test
    void oneFileForTwoImagesIsRefused() throws IOException {
        SplitList list = list("x/a.jpg x/a.png\ny/a.jpg y/a.png\n");
        png("a.png", 1);
        String message = assertThrows(HierVlException.class, () -> StoredPredictions.find(dir.resolve("p"), list)).getMessage();
        assertTrue(message.contains("x/a.jpg") && message.contains("y/a.jpg"), message);
        png("y/a.png", 2);
        png("x/a.png", 1);
        assertEquals(2, StoredPredictions.find(dir.resolve("p"), list).read(1).at(0, 0));
    }

    @Test
    void missingFilesAreCountedAndNamed() throws IOException {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 6; i++) {
            lines.append("i/").append(i).append(".jpg m/").append(i).append(".png\n");
        }
        SplitList list = list(lines.toString());
        png("i/2.png", 0);
        HierVlException e = assertThrows(HierVlException.class, () -> StoredPredictions.find(dir.resolve("p"), list));
        assertEquals(3, e.kind().exitCode());
        assertTrue(e.getMessage().contains("5 of the 6") && e.getMessage().contains("i/0.jpg (i/0.png, m/0.png, 0.png)"), e.getMessage());
        assertTrue(assertThrows(HierVlException.class, () -> StoredPredictions.find(dir.resolve("none"), list)).getMessage()
            .contains("does not exist"));
    }
}
