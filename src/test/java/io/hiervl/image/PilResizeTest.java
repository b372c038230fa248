package io.hiervl.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** A window of a resized picture equals the crop of the whole, also at extreme shapes. */
class PilResizeTest {
    @Test
    void windowEqualsCrop() {
        Random random = new Random(3);
        byte[] rgb = new byte[3 * 37 * 23];
        random.nextBytes(rgb);
        Photo photo = new Photo(rgb, 37, 23);
        byte[] values = new byte[37 * 23];
        random.nextBytes(values);
        LabelMap map = new LabelMap(values, 37, 23);
        int[][] sizes = {{80, 61}, {37, 23}, {11, 9}, {37, 5}, {1, 1}, {90, 7}};
        for (int[] s : sizes) {
            for (int i = 0; i < 5; i++) {
                int w = 1 + random.nextInt(s[0]);
                int h = 1 + random.nextInt(s[1]);
                var window = new PilResize.Window(random.nextInt(s[0] - w + 1), random.nextInt(s[1] - h + 1), w, h);
                assertArrayEquals(
                    PilResize.resize(photo, s[0], s[1], PilResize.Filter.BICUBIC).window(window.left(), window.top(), w, h).rgb(),
                    PilResize.resize(photo, s[0], s[1], PilResize.Filter.BICUBIC, window).rgb());
                assertArrayEquals(PilResize.nearest(map, s[0], s[1]).window(window.left(), window.top(), w, h, 255).values(),
                    PilResize.nearest(map, s[0], s[1], window).values());
            }
        }
    }

    /** Bytes of Pillow 13: the height loses more than twice as many pixels as the width, so the columns are filtered first. */
    @Test
    void columnsComeFirstWhereTheHeightShrinksMost() {
        byte[] rgb = new byte[3 * 3 * 7];
        for (int y = 0; y < 7; y++) {
            for (int x = 0; x < 3; x++) {
                int v = (x + y) % 2 == 0 ? 255 : (x * 97 + y * 157 + x * y * 40) % 256 % 60;
                rgb[3 * (3 * y + x)] = (byte) v;
                rgb[3 * (3 * y + x) + 1] = (byte) (255 - v);
                rgb[3 * (3 * y + x) + 2] = (byte) (v / 2);
            }
        }
        int[] expected = {
            155, 100, 76, 150, 105, 74, 145, 110, 72, 152, 103, 75, 157, 98, 77,
            149, 106, 73, 144, 111, 71, 139, 116, 69, 146, 109, 73, 152, 103, 75};
        byte[] found = PilResize.resize(new Photo(rgb, 3, 7), 5, 2, PilResize.Filter.BICUBIC).rgb();
        assertArrayEquals(expected, IntStream.range(0, found.length).map(i -> found[i] & 255).toArray());
    }

    @Test
    void onePixelGrowsAndStripsShrink() {
        Photo one = new Photo(new byte[] {10, 20, 30}, 1, 1);
        Photo large = PilResize.resize(one, 5, 7, PilResize.Filter.BILINEAR);
        assertEquals(30, large.at(4, 6, 2));
        assertEquals(1, PilResize.resize(Photo.black(1000, 1), 10, 1, PilResize.Filter.BILINEAR).height());
    }
}
