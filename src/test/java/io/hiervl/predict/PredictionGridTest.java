package io.hiervl.predict;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.image.LabelMap;
import io.hiervl.image.Palette;
import io.hiervl.image.Photo;
import java.awt.image.BufferedImage;
import java.util.List;
import org.junit.jupiter.api.Test;

class PredictionGridTest {
    private static final int RED = 0xC82D32;
    private static final PredictionGrid GRID =
        new PredictionGrid(Palette.of(List.of(List.of(0, 0, 0), List.of(0xC8, 0x2D, 0x32))), List.of("ground", "thing"));

    @Test
    void photoAndMapsStandSideBySideAndTheLegendNamesWhatOccurs() {
        Photo photo = new Photo(new byte[3 * 4 * 4], 4, 4);
        BufferedImage none = GRID.draw(List.of("a"), List.of(new PredictionGrid.Row(photo, List.of(LabelMap.filled(4, 4, 0)))));
        BufferedImage some = GRID.draw(List.of("a", "b"),
            List.of(new PredictionGrid.Row(photo, List.of(LabelMap.filled(4, 4, 0), LabelMap.filled(4, 4, 1)))));
        assertEquals(0, count(none, RED));
        assertEquals(14 * 14 - 2 * 14 + 1, count(some, RED), "the swatch of the legend inside its frame");
        int blended = some.getRGB(2 * 166 + 80, 80) & 0xFFFFFF;
        assertEquals(150, blended >> 16, "three quarters of the colour over a black photo");
        assertEquals(0, some.getRGB(80, 80) & 0xFFFFFF);
        assertEquals(0, some.getRGB(166 + 80, 80) & 0xFFFFFF);
    }

    @Test
    void largePhotosAreMadeSmallAndKeepTheirShape() {
        Photo wide = new Photo(new byte[3 * 640 * 320], 640, 320);
        BufferedImage image = GRID.draw(List.of("a"), List.of(new PredictionGrid.Row(wide, List.of(LabelMap.filled(640, 320, 0)))));
        assertTrue(image.getHeight() < 160, "a cell of 160 x 80: " + image.getHeight());
    }

    private static int count(BufferedImage image, int rgb) {
        int n = 0;
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                n += (image.getRGB(x, y) & 0xFFFFFF) == rgb ? 1 : 0;
            }
        }
        return n;
    }
}
