package io.hiervl.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgcodecs;
import org.bytedeco.opencv.opencv_core.Mat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Masks in all file types that people have: the same values come out, or a message with the reason. */
class MaskKindsTest {
    private static final ColourTable TABLE = ColourTable.of(List.of(List.of(0, 0, 0), List.of(64, 0, 0), List.of(0, 128, 0)), List.of());
    private static final byte[] EXPECTED = {0, 1, 2, 2, 1, 0};

    private static LabelMap decode(byte[] bytes, MaskRules rules) {
        return MaskFile.decode(bytes, "mask", 1000).labels(rules);
    }

    private static BufferedImage colours(int type) {
        BufferedImage image = new BufferedImage(3, 2, type);
        int[] rgb = {0, 0x400000, 0x8000, 0x8000, 0x400000, 0};
        for (int i = 0; i < 6; i++) {
            image.setRGB(i % 3, i / 3, 0xFF000000 | rgb[i]);
        }
        return image;
    }

    @ParameterizedTest
    @ValueSource(strings = {"png", "bmp", "tiff"})
    void colourMasksOfEveryType(String format) throws IOException {
        assertArrayEquals(EXPECTED, decode(ImagesTest.encode(colours(BufferedImage.TYPE_INT_RGB), format), MaskRules.of(TABLE)).values());
    }

    private static BufferedImage palette(int[] order) {
        int[] colours = {0, 0x400000, 0x8000};
        byte[][] rgb = new byte[3][256];
        int[] index = new int[3];
        for (int i = 0; i < 3; i++) {
            index[order[i]] = i;
            for (int c = 0; c < 3; c++) {
                rgb[c][i] = (byte) (colours[order[i]] >> 16 - 8 * c);
            }
        }
        BufferedImage image = new BufferedImage(3, 2, BufferedImage.TYPE_BYTE_INDEXED, new IndexColorModel(8, 256, rgb[0], rgb[1], rgb[2]));
        for (int i = 0; i < 6; i++) {
            image.getRaster().setSample(i % 3, i / 3, 0, index[EXPECTED[i]]);
        }
        return image;
    }

    @ParameterizedTest
    @ValueSource(strings = {"png", "gif", "bmp"})
    void renumberedPalettesAreLookedUpWhereColoursAreNamed(String format) throws IOException {
        for (int[] order : new int[][] {{0, 1, 2}, {2, 0, 1}, {1, 2, 0}}) {
            byte[] file = encode(palette(order), format);
            assertArrayEquals(EXPECTED, decode(file, new MaskRules(TABLE, true, 255)).values());
        }
        byte[] turned = encode(palette(new int[] {2, 0, 1}), format);
        assertEquals(1, decode(turned, new MaskRules(null, true, 255)).at(0, 0), "without colours indices count");
        assertEquals(Map.of(0, 0x8000, 1, 0, 2, 0x400000), MaskFile.decode(turned, "m", 100).palette());
    }

    /** 0, 127 and 254 for three classes: colours of a grey file are its values. */
    @Test
    void greyValuesAreLookedUpWhereAllColoursAreGrey() throws IOException {
        BufferedImage image = new BufferedImage(3, 2, BufferedImage.TYPE_BYTE_GRAY);
        for (int i = 0; i < 6; i++) {
            image.getRaster().setSample(i % 3, i / 3, 0, 127 * EXPECTED[i]);
        }
        ColourTable greys = ColourTable.of(List.of(List.of(0, 0, 0), List.of(127, 127, 127), List.of(254, 254, 254)), List.of());
        byte[] file = encode(image, "png");
        assertArrayEquals(EXPECTED, decode(file, new MaskRules(greys, true, 255)).values());
        image.getRaster().setSample(1, 1, 0, 77);
        byte[] odd = encode(image, "png");
        assertTrue(assertThrows(HierVlException.class, () -> decode(odd, new MaskRules(greys, true, 255))).getMessage()
            .contains("grey value 77"));
        assertEquals(77, decode(odd, new MaskRules(TABLE, true, 255)).at(1, 1), "a table with colours says nothing about greys");
    }

    /** A ramp beside a palette that was numbered anew: one of the two is wrong. */
    @Test
    void greyRampsAreShownForComparison() throws IOException {
        byte[] ramp = new byte[256];
        for (int i = 0; i < 256; i++) {
            ramp[i] = (byte) i;
        }
        BufferedImage image = new BufferedImage(3, 2, BufferedImage.TYPE_BYTE_INDEXED, new IndexColorModel(8, 256, ramp, ramp, ramp));
        image.getRaster().setSample(0, 0, 0, 2);
        MaskFile file = MaskFile.decode(encode(image, "gif"), "m", 100); // Java writes ramps as grey PNG and BMP
        assertEquals(Map.of(), file.palette());
        assertEquals(Map.of(0, 0, 2, 0x020202), file.shownPalette());
    }

    /** Without interlacing: of a picture of two rows Java's reader would lose the second. */
    private static byte[] encode(BufferedImage image, String format) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImageWriter writer = ImageIO.getImageWritersByFormatName(format).next();
        try (ImageOutputStream stream = ImageIO.createImageOutputStream(out)) {
            writer.setOutput(stream);
            ImageWriteParam settings = writer.getDefaultWriteParam();
            if (settings.canWriteProgressive()) {
                settings.setProgressiveMode(ImageWriteParam.MODE_DISABLED);
            }
            writer.write(null, new IIOImage(image, null, null), settings);
        } finally {
            writer.dispose();
        }
        return out.toByteArray();
    }

    @Test
    void paletteColoursOutsideTheTableAreRefused() throws IOException {
        var small = ColourTable.of(List.of(List.of(0, 0, 0), List.of(64, 0, 0)), List.of());
        String message = assertThrows(HierVlException.class,
            () -> decode(ImagesTest.encode(palette(new int[] {2, 0, 1}), "png"), new MaskRules(small, true, 255))).getMessage();
        assertTrue(message.contains("index 0 the colour [0, 128, 0]") && message.contains("palettes: index"), message);
    }

    @Test
    void transparentPixelsHaveNoColour() throws IOException {
        BufferedImage image = colours(BufferedImage.TYPE_INT_ARGB);
        image.setRGB(1, 0, 0x00400000);
        image.setRGB(0, 1, 0x00FFFFFF);
        byte[] png = ImagesTest.encode(image, "png");
        assertArrayEquals(new byte[] {0, (byte) 255, 2, (byte) 255, 1, 0}, decode(png, MaskRules.of(TABLE)).values());
        assertArrayEquals(new byte[] {0, 0, 2, 0, 1, 0}, decode(png, new MaskRules(TABLE, true, 0)).values());
        MaskFile file = MaskFile.decode(png, "m", 100);
        assertEquals(2, file.transparentPixels());
        assertEquals(Map.of(0, 2L, 0x400000, 1L, 0x8000, 1L), file.colourCounts());
    }

    @Test
    void coloursOfSixteenBitsAreSmallValuesOrStretchedOnes() throws IOException {
        for (int factor : new int[] {1, 257}) {
            byte[] png = ImagesTest.encode(wide(factor), "png");
            assertArrayEquals(EXPECTED, decode(png, MaskRules.of(TABLE)).values(), "times " + factor);
        }
        byte[] odd = ImagesTest.encode(wide(300), "png");
        assertTrue(assertThrows(HierVlException.class, () -> decode(odd, MaskRules.of(TABLE))).getMessage().contains("no 8-bit colour"));
    }

    private static BufferedImage wide(int factor) {
        var model = new ComponentColorModel(ColorSpace.getInstance(ColorSpace.CS_sRGB), false, false, Transparency.OPAQUE,
            DataBuffer.TYPE_USHORT);
        WritableRaster raster = model.createCompatibleWritableRaster(3, 2);
        for (int i = 0; i < 6; i++) {
            raster.setPixel(i % 3, i / 3, new int[] {EXPECTED[i] == 1 ? 64 * factor : 0, EXPECTED[i] == 2 ? 128 * factor : 0, 0});
        }
        return new BufferedImage(model, raster, false, null);
    }

    @Test
    void aGreyValueThatIsNamedTransparentIsThatValue() throws IOException {
        BufferedImage grey = new BufferedImage(3, 2, BufferedImage.TYPE_BYTE_GRAY);
        for (int i = 0; i < 6; i++) {
            grey.getRaster().setSample(i % 3, i / 3, 0, EXPECTED[i]);
        }
        byte[] png = withChunk(ImagesTest.encode(grey, "png"), "tRNS", new byte[] {0, 1});
        assertArrayEquals(EXPECTED, decode(png, MaskRules.of(null)).values());
    }

    /** Phones and viewers append data of their own. */
    @Test
    void whatFollowsTheEndOfAPngIsNoPartOfIt() throws IOException {
        BufferedImage grey = new BufferedImage(3, 2, BufferedImage.TYPE_BYTE_GRAY);
        for (int i = 0; i < 6; i++) {
            grey.getRaster().setSample(i % 3, i / 3, 0, EXPECTED[i]);
        }
        byte[] png = ImagesTest.encode(grey, "png");
        for (String tail : List.of("x", "junk".repeat(100), "\u00FF".repeat(40), "\0".repeat(40))) {
            byte[] end = tail.getBytes(StandardCharsets.ISO_8859_1);
            byte[] longer = ByteBuffer.allocate(png.length + end.length).put(png).put(end).array();
            assertArrayEquals(EXPECTED, decode(longer, MaskRules.of(null)).values());
        }
    }

    /** One pixel of 32-bit floating point. */
    @ParameterizedTest
    @ValueSource(floats = {1.5f, Float.NaN, -1, 256, Float.POSITIVE_INFINITY})
    void numbersThatAreNoIndexAreRefused(float value) throws IOException {
        HierVlException e = assertThrows(HierVlException.class, () -> decode(floatTiff(value), MaskRules.of(null)));
        assertTrue(e.getMessage().contains("has the value " + (value == (int) value ? "" + (int) value : value)), e.getMessage());
        assertArrayEquals(new byte[] {2}, decode(floatTiff(2), MaskRules.of(null)).values());
    }

    private static byte[] floatTiff(float value) {
        int[][] entries = {{256, 1}, {257, 1}, {258, 32}, {259, 1}, {262, 1}, {273, 138}, {277, 1}, {278, 1}, {279, 4}, {339, 3}};
        ByteBuffer b = ByteBuffer.allocate(142).order(ByteOrder.LITTLE_ENDIAN);
        b.putShort((short) 0x4949).putShort((short) 42).putInt(8).putShort((short) entries.length);
        for (int[] e : entries) {
            b.putShort((short) e[0]).putShort((short) 3).putInt(1).putInt(e[1]);
        }
        return b.putFloat(138, value).array();
    }

    /** Behind the header chunk. */
    private static byte[] withChunk(byte[] png, String type, byte[] data) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(png, 0, 33);
        CRC32 crc = new CRC32();
        crc.update(type.getBytes(StandardCharsets.UTF_8));
        crc.update(data);
        out.write(ByteBuffer.allocate(12 + data.length).putInt(data.length).put(type.getBytes(StandardCharsets.UTF_8)).put(data)
            .putInt((int) crc.getValue())
            .array());
        out.write(png, 33, png.length - 33);
        return out.toByteArray();
    }

    @Test
    void webPIsReadIfItLostNothing() {
        assertArrayEquals(EXPECTED, decode(webP(101), MaskRules.of(TABLE)).values());
        assertTrue(assertThrows(HierVlException.class, () -> decode(webP(50), MaskRules.of(TABLE))).getMessage().contains("lossy WebP"));
        assertEquals(3, Images.decode(webP(50), "p", false, 100).width());
    }

    private static byte[] webP(int quality) {
        byte[] bgr = new byte[18];
        for (int i = 0; i < 6; i++) {
            bgr[3 * i + 1] = (byte) (EXPECTED[i] == 2 ? 128 : 0);
            bgr[3 * i + 2] = (byte) (EXPECTED[i] == 1 ? 64 : 0);
        }
        try (BytePointer data = new BytePointer(bgr); Mat image = new Mat(2, 3, opencv_core.CV_8UC3,
            data); BytePointer out = new BytePointer();
             IntPointer settings = new IntPointer(opencv_imgcodecs.IMWRITE_WEBP_QUALITY, quality)) {
            assertTrue(opencv_imgcodecs.imencode(".webp", image, out, settings));
            byte[] file = new byte[(int) out.limit()];
            out.get(file);
            return file;
        }
    }
}
