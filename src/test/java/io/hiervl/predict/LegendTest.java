package io.hiervl.predict;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.eval.Segmentation;
import io.hiervl.image.LabelMap;
import io.hiervl.image.Palette;
import io.hiervl.image.Photo;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Legends of many and of long names: no entry touches another, the photo or the edge. */
class LegendTest {
    private static List<Prediction.Area> areas(int n, String name) {
        return IntStream.range(0, n).mapToObj(k -> new Prediction.Area(k, name + k, 100, 0.01, 0.5)).toList();
    }

    private static void requireApart(Legend legend) {
        List<Legend.Entry> all = legend.entries();
        for (int i = 0; i < all.size(); i++) {
            Legend.Entry a = all.get(i);
            assertTrue(a.x() >= 0 && a.end() <= legend.width() && a.y() >= 0 && a.y() + 14 < legend.height(), a + " in " + legend.width());
            for (int j = 0; j < i; j++) {
                Legend.Entry b = all.get(j);
                assertTrue(a.y() != b.y() || a.x() >= b.end() || b.x() >= a.end(), a + " and " + b);
                assertTrue(a.y() == b.y() || Math.abs(a.y() - b.y()) > 14, a + " and " + b);
            }
        }
    }

    @Test
    void entriesKeepApart() {
        for (int width : new int[] {1, 64, 320, 500, 1200}) {
            for (String name : List.of("a", "overpass or bridge (93% sure)",
                "a name as long as only a sentence would be, and longer still, "
                    + "for nobody has told its author to be brief about it, 猫 ")) {
                for (int n : new int[] {1, 2, 7, 60}) {
                    Legend legend = Legend.of(areas(n, name), width);
                    assertEquals(n, legend.entries().size());
                    assertTrue(legend.width() >= width && legend.width() <= Math.max(width, 480), width + " became " + legend.width());
                    requireApart(legend);
                }
            }
        }
    }

    @Test
    void shortNamesStandBesideEachOther() {
        Legend legend = Legend.of(areas(6, "cat"), 480);
        assertEquals(3, legend.entries().stream().map(Legend.Entry::x).distinct().count());
        assertEquals("cat0 1.0%", legend.entries().get(0).text());
    }

    @Test
    void cutNamesKeepTheirShare() {
        Legend legend = Legend.of(areas(1, "x".repeat(300)), 64);
        assertTrue(legend.entries().get(0).text().endsWith("… 1.0%"), legend.entries().toString());
    }

    /** The photo stays at the top left, whatever the legend needs. */
    @Test
    void thePhotoIsNotCovered() {
        byte[] labels = new byte[64 * 64];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = (byte) (i % 40);
        }
        LabelMap map = new LabelMap(labels, 64, 64);
        Photo photo = Photo.black(64, 64);
        Overlay overlay = new Overlay(Palette.voc());
        BufferedImage picture =
            overlay.draw(photo, new Prediction(new Segmentation(map, new float[64 * 64]), List.of("a class with quite a long name")));
        Photo blended = overlay.blend(photo, map);
        for (int i = 0; i < 64 * 64; i++) {
            int colour = picture.getRGB(i % 64, i / 64);
            assertEquals(blended.at(i % 64, i / 64, 0), colour >> 16 & 255);
            assertEquals(blended.at(i % 64, i / 64, 2), colour & 255);
        }
        assertTrue(picture.getHeight() > 64 + 40 / 3 * 14, "40 entries need rows: " + picture.getHeight());
    }
}
