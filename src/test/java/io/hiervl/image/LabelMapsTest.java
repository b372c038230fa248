package io.hiervl.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Label values are what the file stores, whatever its bit depth and colours. */
class LabelMapsTest {
    @TempDir
    Path folder;

    private static LabelMap decode(byte[] bytes, ColourTable colours) {
        return LabelMaps.decode(bytes, "mask.png", colours, Images.MAX_PIXELS);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 8})
    void paletteIndicesAreKept(int bits) throws IOException {
        int n = 1 << bits;
        byte[] r = new byte[n];
        for (int i = 0; i < n; i++) {
            r[i] = (byte) (200 - i);
        }
        var model = new IndexColorModel(bits, n, r, r, new byte[n]);
        BufferedImage image = new BufferedImage(13, 7, bits == 8 ? BufferedImage.TYPE_BYTE_INDEXED : BufferedImage.TYPE_BYTE_BINARY, model);
        int[] expected = new int[13 * 7];
        for (int i = 0; i < expected.length; i++) {
            expected[i] = i * 37 % n;
            image.getRaster().setSample(i % 13, i / 13, 0, expected[i]);
        }
        assertArrayEquals(LabelMap.of(expected, 13, 7).values(), decode(ImagesTest.encode(image, "png"), null).values());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 8, 16})
    void greyValuesAreKeptUnscaled(int bits) throws IOException {
        int[] values = new int[9 * 5];
        for (int i = 0; i < values.length; i++) {
            values[i] = i % Math.min(256, 1 << bits);
        }
        assertArrayEquals(LabelMap.of(values, 9, 5).values(), decode(greyPng(values, 9, 5, bits), null).values());
    }

    @Test
    void sixteenBitValuesAbove255AreRefusedWithTheirPixel() throws IOException {
        int[] values = new int[6];
        values[4] = 300;
        var e = assertThrows(HierVlException.class, () -> decode(greyPng(values, 3, 2, 16), null));
        assertTrue(e.getMessage().contains("pixel (1, 1) has the value 300"), e.getMessage());
    }

    @Test
    void rgbMasksNeedAColourTableThatKnowsEveryColour() throws IOException {
        BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_INT_RGB);
        image.setRGB(0, 0, 0x800000);
        byte[] png = ImagesTest.encode(image, "png");
        assertTrue(assertThrows(HierVlException.class, () -> decode(png, null)).getMessage().contains("[128, 0, 0]"));
        var table = ColourTable.of(List.of(List.of(0, 0, 0), List.of(128, 0, 0)), List.of(List.of(224, 224, 192)));
        assertArrayEquals(new byte[] {1, 0}, decode(png, table).values());
        image.setRGB(1, 0, 0x0000FE);
        byte[] unknown = ImagesTest.encode(image, "png");
        String message = assertThrows(HierVlException.class, () -> decode(unknown, table)).getMessage();
        assertTrue(message.contains("pixel (1, 0) has the colour [0, 0, 254]"), message);
    }

    @Test
    void jpegMasksAreRefused() throws IOException {
        byte[] jpeg = ImagesTest.encode(new BufferedImage(8, 8, BufferedImage.TYPE_BYTE_GRAY), "jpg");
        assertTrue(assertThrows(HierVlException.class, () -> decode(jpeg, null)).getMessage().contains("lossy"));
    }

    @Test
    void writtenMapsComeBackWithTheirPalette() {
        int[] values = new int[256];
        for (int i = 0; i < 256; i++) {
            values[i] = i;
        }
        LabelMap map = LabelMap.of(values, 16, 16);
        Path file = folder.resolve("out.png");
        LabelMaps.write(map, Palette.voc(), file);
        assertArrayEquals(map.values(), LabelMaps.read(file).values());
        assertEquals(128, Images.readPhoto(file).at(1, 0, 0));
        assertEquals(0xE0E0C0, Palette.voc().colour(255));
        assertEquals(0x004080, Palette.voc().colour(20));
        HierVlException e = assertThrows(HierVlException.class, () -> LabelMaps.write(map, Palette.voc(), folder.resolve("no/out.png")));
        assertEquals(6, e.kind().exitCode());
    }

    private static byte[] greyPng(int[] values, int w, int h, int bits) throws IOException {
        ByteArrayOutputStream rows = new ByteArrayOutputStream();
        try (DeflaterOutputStream deflater = new DeflaterOutputStream(rows)) {
            for (int y = 0; y < h; y++) {
                byte[] row = new byte[1 + (w * bits + 7) / 8];
                for (int x = 0; x < w; x++) {
                    for (int b = 0; b < bits; b++) {
                        int at = x * bits + b;
                        row[1 + at / 8] |= (byte) ((values[y * w + x] >> bits - 1 - b & 1) << 7 - at % 8);
                    }
                }
                deflater.write(row);
            }
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(new byte[] {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10});
        chunk(out, "IHDR", ByteBuffer.allocate(13).putInt(w).putInt(h).put((byte) bits).array());
        chunk(out, "IDAT", rows.toByteArray());
        chunk(out, "IEND", new byte[0]);
        return out.toByteArray();
    }

    private static void chunk(ByteArrayOutputStream out, String type, byte[] data) throws IOException {
        CRC32 crc = new CRC32();
        crc.update(type.getBytes(StandardCharsets.US_ASCII));
        crc.update(data);
        out.write(ByteBuffer.allocate(4).putInt(data.length).array());
        out.write(type.getBytes(StandardCharsets.US_ASCII));
        out.write(data);
        out.write(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
    }
}
