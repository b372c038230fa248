package io.hiervl.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.data.Dataset;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.LabelMaps;
import io.hiervl.image.Palette;
import io.hiervl.image.Photo;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SampleSheetTest {
    @TempDir
    Path dir;

    @Test
    void samplesAreDrawnWithTheirLabelsAndUnreadableOnesPassedOver() throws IOException {
        Files.writeString(dir.resolve("dataset.yaml"), "name: x\nclasses: [a, b]\npalette: [[0, 0, 0], [255, 0, 0]]\n");
        Path list = Files.writeString(dir.resolve("labeled.txt"), "bad.png m.png\nphoto.png m.png\nphoto.png\n");
        Path other = Files.writeString(dir.resolve("unlabeled.txt"), "photo.png\n");
        Files.writeString(dir.resolve("bad.png"), "nothing");
        Images.writePng(Photo.black(60, 30), dir.resolve("photo.png"));
        int[] right = new int[60 * 30];
        for (int i = 0; i < right.length; i++) {
            right[i] = i % 60 < 30 ? 0 : 1;
        }
        LabelMaps.write(LabelMap.of(right, 60, 30), Palette.voc(), dir.resolve("m.png"));
        BufferedImage sheet = SampleSheet.draw(Dataset.open(dir), List.of(list, other, dir.resolve("missing.txt")));
        assertNotNull(sheet);
        // Enlarged to 232 x 116 in the middle of the only cell of 240.
        assertEquals(0x000000, sheet.getRGB(20, 120) & 0xFFFFFF);
        int red = sheet.getRGB(200, 120) & 0xFFFFFF;
        assertTrue((red >> 16) > 100 && (red & 0xFFFF) == 0, Integer.toHexString(red));
        assertEquals(0xFFFFFF, sheet.getRGB(120, 20) & 0xFFFFFF);
        assertNull(SampleSheet.draw(Dataset.open(dir), List.of(other)));
    }
}
