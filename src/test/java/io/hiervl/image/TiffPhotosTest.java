package io.hiervl.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** TIFF photos, decoded in Java: the pixels that Pillow's {@code convert("RGB")} gives, or a message. */
class TiffPhotosTest {
    private final Map<Integer, int[]> tags = new TreeMap<>();
    private ByteOrder order = ByteOrder.LITTLE_ENDIAN;

    /** A file of one strip; entries of TIFF 6.0 by number. */
    private byte[] file(int w, int h, int colours, int bits, int channels, int... samples) {
        tags.putIfAbsent(259, new int[] {1});
        int[] each = new int[channels];
        java.util.Arrays.fill(each, bits);
        tags.putAll(Map.of(256, new int[] {w}, 257, new int[] {h}, 258, each, 262, new int[] {colours}, 277, new int[] {channels}, 278,
            new int[] {h}, 279, new int[] {samples.length * bits / 8}));
        int extra = 8 + 2 + 12 * (tags.size() + 1) + 4;
        int data = extra;
        for (int[] v : tags.values()) {
            data += v.length > 2 ? 2 * v.length : 0;
        }
        tags.put(273, new int[] {data});
        ByteBuffer out = ByteBuffer.allocate(data + samples.length * bits / 8).order(order);
        out.put((byte) (order == ByteOrder.LITTLE_ENDIAN ? 'I' : 'M')).put(out.get(0)).putShort((short) 42).putInt(8)
            .putShort((short) tags.size());
        for (Map.Entry<Integer, int[]> e : tags.entrySet()) {
            int[] v = e.getValue();
            out.putShort(e.getKey().shortValue()).putShort((short) 3).putInt(v.length);
            if (v.length > 2) {
                out.putInt(extra);
                for (int i = 0; i < v.length; i++) {
                    out.putShort(extra + 2 * i, (short) v[i]);
                }
                extra += 2 * v.length;
            } else {
                out.putShort((short) v[0]).putShort((short) (v.length > 1 ? v[1] : 0));
            }
        }
        out.putInt(0).position(data);
        for (int s : samples) {
            if (bits == 16) {
                out.putShort((short) s);
            } else {
                out.put((byte) s);
            }
        }
        return out.array();
    }

    private static int[] pixels(byte[] file) {
        Photo photo = Images.decode(file, "scan.tif", true, 1000);
        int[] rgb = new int[3 * photo.width() * photo.height()];
        for (int i = 0; i < rgb.length; i++) {
            rgb[i] = photo.rgb()[i] & 255;
        }
        return rgb;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void coloursOfBothByteOrders(boolean big) {
        order = big ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
        assertArrayEquals(new int[] {1, 2, 3, 250, 251, 252}, pixels(file(2, 1, 2, 8, 3, 1, 2, 3, 250, 251, 252)));
        assertArrayEquals(new int[] {1, 1, 1, 200, 200, 200}, pixels(file(2, 1, 1, 16, 1, 256, 200 * 256 + 255)));
    }

    @Test
    void whiteMayBeZero() {
        assertArrayEquals(new int[] {255, 255, 255, 155, 155, 155}, pixels(file(2, 1, 0, 8, 1, 0, 100)));
    }

    /** OpenCV's decoder multiplied colours by alpha; alpha is dropped. */
    @Test
    void alphaIsDropped() {
        tags.put(338, new int[] {2});
        assertArrayEquals(new int[] {10, 20, 30, 40, 50, 60}, pixels(file(2, 1, 2, 8, 4, 10, 20, 30, 0, 40, 50, 60, 128)));
    }

    @Test
    void inkBecomesLight() {
        tags.put(332, new int[] {1});
        assertArrayEquals(new int[] {255, 255, 255, 127, 204, 0, 0, 0, 0},
            pixels(file(3, 1, 5, 8, 4, 0, 0, 0, 0, 128, 51, 255, 0, 0, 0, 0, 255)));
    }

    /** Writers multiply by 256 or 257; both mean the same 8 bits. */
    @ParameterizedTest
    @ValueSource(ints = {256, 257})
    void palettesAreExact(int factor) {
        int[] map = new int[3 * 256];
        for (int i = 0; i < 256; i++) {
            map[i] = i * factor;
            map[256 + i] = (255 - i) * factor;
            map[512 + i] = i / 2 * factor;
        }
        tags.put(320, map);
        assertArrayEquals(new int[] {7, 248, 3, 255, 0, 127}, pixels(file(2, 1, 3, 8, 1, 7, 255)));
    }

    /** A picture whose upright form is 1 2 3 above 4 5 6. */
    @ParameterizedTest
    @CsvSource({"1, 123456", "2, 321654", "3, 654321", "4, 456123", "5, 142536", "6, 362514", "7, 635241", "8, 415263"})
    void theOrientationIsFollowed(int value, String stored) {
        tags.put(274, new int[] {value});
        int[] samples = stored.chars().map(c -> c - '0').toArray();
        byte[] file = value > 4 ? file(2, 3, 1, 8, 1, samples) : file(3, 2, 1, 8, 1, samples);
        int[] rgb = pixels(file);
        for (int i = 0; i < 6; i++) {
            assertEquals(i + 1, rgb[3 * i], "pixel " + i);
        }
        assertEquals(value, Orientation.of(file).value());
        byte[] asStored = Images.decode(file, "scan.tif", false, 1000).rgb();
        for (int i = 0; i < 6; i++) {
            assertEquals(samples[i], asStored[3 * i], "stored pixel " + i);
        }
    }

    /** A BigTIFF of two strips: directory at 16, offsets and counts as numbers of 64 bits that lie outside the entry. */
    private byte[] big(int orientation) {
        long[][] entries = {{256, 3, 1, 2}, {257, 3, 1, 2}, {258, 3, 3, 8 | 8 << 16 | 8L << 32}, {259, 3, 1, 1}, {262, 3, 1, 2},
            {273, 16, 2, 240}, {274, 3, 1, orientation}, {277, 3, 1, 3}, {278, 3, 1, 1}, {279, 16, 2, 256}};
        ByteBuffer out = ByteBuffer.allocate(300).order(order);
        out.put((byte) (order == ByteOrder.LITTLE_ENDIAN ? 'I' : 'M')).put(out.get(0)).putShort((short) 43).putShort((short) 8)
            .putShort((short) 0).putLong(16).putLong(entries.length);
        for (long[] e : entries) {
            out.putShort((short) e[0]).putShort((short) e[1]).putLong(e[2]);
            int at = out.position();
            if (e[1] == 16) {
                out.putLong(e[3]);
            } else {
                for (int i = 0; i < e[2]; i++) {
                    out.putShort((short) (e[3] >> 16 * i));
                }
            }
            out.position(at + 8);
        }
        out.putLong(0);
        return out.putLong(240, 272).putLong(248, 280).putLong(256, 6).putLong(264, 6).put(272, new byte[] {1, 2, 3, 4, 5, 6})
            .put(280, new byte[] {7, 8, 9, 10, 11, 12}).array();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void bigTiffsAreRead(boolean bigEndian) {
        order = bigEndian ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
        assertArrayEquals(new int[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, pixels(big(1)));
        assertArrayEquals(new int[] {10, 11, 12, 7, 8, 9, 4, 5, 6, 1, 2, 3}, pixels(big(3)));
        byte[] cut = java.util.Arrays.copyOf(big(1), 262);
        assertTrue(assertThrows(HierVlException.class, () -> pixels(cut)).getMessage().contains("scan.tif is damaged"));
        byte[] far = ByteBuffer.wrap(big(1)).order(order).putLong(8, 1L << 40).array();
        assertTrue(assertThrows(HierVlException.class, () -> pixels(far)).getMessage().contains("scan.tif is truncated"));
    }

    @Test
    void masksInInkKeepTheirColours() {
        tags.put(332, new int[] {1});
        byte[] file = file(2, 1, 5, 8, 4, 0, 0, 0, 0, 127, 255, 255, 0);
        ColourTable table = ColourTable.of(java.util.List.of(java.util.List.of(255, 255, 255), java.util.List.of(128, 0, 0)),
            java.util.List.of());
        assertArrayEquals(new byte[] {0, 1}, MaskFile.decode(file, "scan.tif", 100).labels(MaskRules.of(table)).values());
    }

    @Test
    void whatIsNotReadIsRefused() {
        byte[] lab = file(1, 1, 8, 8, 3, 1, 2, 3);
        assertTrue(assertThrows(HierVlException.class, () -> pixels(lab)).getMessage().contains("PhotometricInterpretation 8"));
        tags.put(259, new int[] {7});
        byte[] jpeg = file(1, 1, 5, 8, 4, 1, 2, 3, 4);
        assertTrue(assertThrows(HierVlException.class, () -> pixels(jpeg)).getMessage().contains("JPEG of 4 channels"));
        tags.put(259, new int[] {50000});
        byte[] zstd = file(1, 1, 1, 8, 1, 5);
        assertTrue(assertThrows(HierVlException.class, () -> pixels(zstd)).getMessage().contains("scan.tif cannot be decoded"));
    }
}
