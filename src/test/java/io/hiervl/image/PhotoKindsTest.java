package io.hiervl.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.WritableRaster;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Photos of unusual files and pictures: the same pixels by every way, or a message with the reason. */
class PhotoKindsTest {
    private static BufferedImage component(int space, boolean alpha, int type, int... samples) {
        var model = new ComponentColorModel(ColorSpace.getInstance(space), alpha, false, alpha ? Transparency.TRANSLUCENT
            : Transparency.OPAQUE, type);
        WritableRaster raster = model.createCompatibleWritableRaster(1, 1);
        for (int b = 0; b < samples.length; b++) {
            raster.setSample(0, 0, b, samples[b]);
        }
        return new BufferedImage(model, raster, false, null);
    }

    @Test
    void greyStaysTheSameInEveryPicture() {
        BufferedImage[] pictures = {component(ColorSpace.CS_GRAY, false, DataBuffer.TYPE_BYTE, 128),
            component(ColorSpace.CS_GRAY, false, DataBuffer.TYPE_USHORT, 128 * 257),
            component(ColorSpace.CS_GRAY, true, DataBuffer.TYPE_BYTE, 128, 255),
            component(ColorSpace.CS_LINEAR_RGB, false, DataBuffer.TYPE_BYTE, 128, 128, 128),
            component(ColorSpace.CS_sRGB, true, DataBuffer.TYPE_BYTE, 128, 128, 128, 7),
            component(ColorSpace.CS_sRGB, false, DataBuffer.TYPE_USHORT, 32896, 32896, 32896)};
        for (BufferedImage p : pictures) {
            assertArrayEquals(new byte[] {(byte) 128, (byte) 128, (byte) 128}, Images.fromBuffered(p).rgb(), p.toString());
        }
        for (int type : new int[] {BufferedImage.TYPE_INT_ARGB_PRE, BufferedImage.TYPE_3BYTE_BGR, BufferedImage.TYPE_INT_BGR,
            BufferedImage.TYPE_4BYTE_ABGR}) {
            BufferedImage p = new BufferedImage(1, 1, type);
            p.setRGB(0, 0, 0xFF808080);
            assertEquals(128, Images.fromBuffered(p).at(0, 0, 1), "type " + type);
        }
    }

    /** A grey TIFF of one row: sample format 2 is signed with 16 bits, 3 floating point with 32 or 64. */
    private static byte[] tiff(int format, int bits, double... values) {
        ByteBuffer out = ByteBuffer.allocate(8 + 2 + 9 * 12 + 4 + values.length * bits / 8).order(ByteOrder.LITTLE_ENDIAN);
        int data = 8 + 2 + 9 * 12 + 4;
        out.put((byte) 'I').put((byte) 'I').putShort((short) 42).putInt(8).putShort((short) 9);
        int[][] tags = {{256, values.length}, {257, 1}, {258, bits}, {259, 1}, {262, 1}, {273, data}, {277, 1},
            {279, values.length * bits / 8}, {339, format}};
        for (int[] t : tags) {
            out.putShort((short) t[0]).putShort((short) (t[0] == 273 || t[0] == 279 ? 4 : 3)).putInt(1).putInt(t[1]);
        }
        out.putInt(0);
        for (double v : values) {
            if (bits == 16) {
                out.putShort((short) v);
            } else if (bits == 32) {
                out.putFloat((float) v);
            } else {
                out.putDouble(v);
            }
        }
        return out.array();
    }

    @ParameterizedTest
    @CsvSource({"3, 32, 32-bit floating-point", "3, 64, 64-bit floating-point", "2, 16, signed 16-bit"})
    void samplesThatAreNotSupportedAreNamedAndScaledOnRequest(int format, int bits, String what) {
        byte[] file = tiff(format, bits, 0, 50, 100);
        String message = assertThrows(HierVlException.class, () -> Images.decode(file, "cells.tif", false, 1000)).getMessage();
        assertTrue(message.contains(what) && message.contains("range: own"), message);
        Photo scaled = Images.decode(file, "cells.tif", 1000, true);
        assertArrayEquals(new int[] {0, 128, 255}, new int[] {scaled.at(0, 0, 0), scaled.at(1, 0, 1), scaled.at(2, 0, 2)});
    }

    @Test
    void twelveBitsInSixteenAreNearlyBlackAndSaidSo() throws IOException {
        BufferedImage dark = new BufferedImage(4, 1, BufferedImage.TYPE_USHORT_GRAY);
        for (int i = 0; i < 4; i++) {
            dark.getRaster().setSample(i, 0, 0, 1365 * i);
        }
        byte[] png = ImagesTest.encode(dark, "png");
        Photo photo = Images.decode(png, "p", false, 100);
        String said = Images.nearlyBlack(photo, png, "p");
        assertTrue(said.contains("15 of 255") && said.contains("range: own"), said);
        Photo scaled = Images.decode(png, "p", 100, true);
        assertEquals(255, scaled.at(3, 0, 0));
        assertEquals(85, scaled.at(1, 0, 0));
        assertNull(Images.nearlyBlack(scaled, ImagesTest.encode(new BufferedImage(2, 2, BufferedImage.TYPE_BYTE_GRAY), "png"), "p"));
    }

    @ParameterizedTest
    @CsvSource({"ftypheic, HEIC", "ftypavif, AVIF"})
    void typesThatAreNotReadAreCalledByName(String brand, String name) {
        byte[] file = ByteBuffer.allocate(64).putInt(24).put(brand.getBytes(StandardCharsets.UTF_8)).array();
        String message = assertThrows(HierVlException.class, () -> Images.decode(file, "IMG_0001.HEIC", false, 100)).getMessage();
        assertTrue(message.contains(name) && message.contains("convert"), message);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void everyOrientationIsTurnedUpright(int value) {
        // A picture whose upright form has the values 1, 2, 3 above 4, 5, 6, stored as a camera would.
        int[][] stored = {{1, 2, 3, 4, 5, 6}, {3, 2, 1, 6, 5, 4}, {6, 5, 4, 3, 2, 1}, {4, 5, 6, 1, 2, 3}, {1, 4, 2, 5, 3, 6},
            {3, 6, 2, 5, 1, 4}, {6, 3, 5, 2, 4, 1}, {4, 1, 5, 2, 6, 3}};
        byte[] rgb = new byte[18];
        for (int i = 0; i < 6; i++) {
            rgb[3 * i] = (byte) stored[value - 1][i];
        }
        Photo upright = new Orientation(value).upright(value > 4 ? new Photo(rgb, 2, 3) : new Photo(rgb, 3, 2));
        assertEquals(3, upright.width());
        for (int i = 0; i < 6; i++) {
            assertEquals(i + 1, upright.at(i % 3, i / 3, 0), "orientation " + value + ", pixel " + i);
        }
    }

    @Test
    void damageInsideAJpegIsFound() throws IOException {
        BufferedImage noise = new BufferedImage(160, 120, BufferedImage.TYPE_INT_RGB);
        Random random = new Random(5);
        for (int i = 0; i < 160 * 120; i++) {
            noise.setRGB(i % 160, i / 160, random.nextInt(0x1000000));
        }
        byte[] good = ImagesTest.encode(noise, "jpg");
        assertNull(Images.hiddenDamage(good));
        byte[] zeros = good.clone();
        java.util.Arrays.fill(zeros, good.length / 3, good.length / 3 + good.length / 4, (byte) 0);
        assertNotNull(Images.hiddenDamage(zeros));
        byte[] cut = java.util.Arrays.copyOf(good, good.length / 2);
        cut[cut.length - 2] = (byte) 0xFF;
        cut[cut.length - 1] = (byte) 0xD9;
        assertTrue(Images.hiddenDamage(cut).contains("end at row"), Images.hiddenDamage(cut));
        assertNull(Images.hiddenDamage(ImagesTest.encode(noise, "png")));
    }

    /** A wrong difference between blocks moves the colour of all that follows. Edges of the scene are no such place. */
    @Test
    void coloursThatJumpInsideARowAreFound() throws IOException {
        BufferedImage scene = new BufferedImage(320, 240, BufferedImage.TYPE_INT_RGB);
        Random random = new Random(6);
        for (int i = 0; i < 320 * 240; i++) {
            int x = i % 320;
            int y = i / 320;
            // A horizon at the edge of a row of blocks, and a house across it.
            int base = x > 100 && x < 180 && y > 60 && y < 170 ? 0x619735 : y < 112 ? 0x70b0d0 : 0x705040;
            scene.setRGB(x, y, base + random.nextInt(12) * 0x010101);
        }
        byte[] good = ImagesTest.encode(scene, "jpg");
        assertNull(Images.hiddenDamage(good, Images.decode(good, "good", false, Images.MAX_PIXELS)));
        int changed = 0;
        int named = 0;
        for (int at = good.length / 4; at < good.length - 100; at += 61) {
            byte[] bad = good.clone();
            bad[at] ^= 0x55;
            if (bad[at] == -1 || good[at] == -1 || good[at - 1] == -1) {
                continue;
            }
            Photo before = Images.decode(good, "good", false, Images.MAX_PIXELS);
            Photo after = Images.decode(bad, "bad", false, Images.MAX_PIXELS);
            long moved = java.util.stream.IntStream.range(0, before.rgb().length)
                .filter(i -> Math.abs((before.rgb()[i] & 255) - (after.rgb()[i] & 255)) > 6).count();
            if (moved > before.rgb().length / 10) {
                changed++;
                named += Images.hiddenDamage(bad, after) == null ? 0 : 1;
            }
        }
        assertTrue(changed > 20, "damage that shows: " + changed);
        assertTrue(named > 0.7 * changed, named + " of " + changed + " are named");
    }
}
