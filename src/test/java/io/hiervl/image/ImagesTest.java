package io.hiervl.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Photos of every kind that users have, and files that only look like photos. */
class ImagesTest {
    @TempDir
    Path folder;

    static byte[] encode(BufferedImage image, String format) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        assertTrue(ImageIO.write(image, format, out));
        return out.toByteArray();
    }

    private static BufferedImage redLeftBlueRight(int w, int h, int type) {
        BufferedImage image = new BufferedImage(w, h, type);
        Graphics2D g = image.createGraphics();
        g.setColor(Color.RED);
        g.fillRect(0, 0, w / 2, h);
        g.setColor(Color.BLUE);
        g.fillRect(w / 2, 0, w - w / 2, h);
        g.dispose();
        return image;
    }

    private static Photo decode(byte[] bytes) {
        return Images.decode(bytes, "x", false, Images.MAX_PIXELS);
    }

    private static String refusal(byte[] bytes) {
        HierVlException e = assertThrows(HierVlException.class, () -> decode(bytes));
        assertEquals(3, e.kind().exitCode());
        return e.getMessage();
    }

    @Test
    void rgbAndRgbaAndGreyBecomeThreeChannelsInRgbOrder() throws IOException {
        for (int type : new int[] {BufferedImage.TYPE_INT_RGB, BufferedImage.TYPE_INT_ARGB}) {
            Photo p = decode(encode(redLeftBlueRight(8, 4, type), "png"));
            assertEquals(8, p.width());
            assertEquals(4, p.height());
            assertEquals(255, p.at(0, 0, 0));
            assertEquals(0, p.at(0, 0, 2));
            assertEquals(255, p.at(7, 3, 2));
        }
        BufferedImage grey = new BufferedImage(3, 2, BufferedImage.TYPE_BYTE_GRAY);
        grey.getRaster().setSample(1, 0, 0, 100);
        Photo p = decode(encode(grey, "png"));
        assertArrayEquals(new int[] {100, 100, 100}, new int[] {p.at(1, 0, 0), p.at(1, 0, 1), p.at(1, 0, 2)});
    }

    /** As Photoshop writes it: four inverted channels and an APP14 segment. */
    @Test
    void cmykJpegsBecomeRgb() throws IOException {
        WritableRaster raster = java.awt.image.Raster.createInterleavedRaster(DataBuffer.TYPE_BYTE, 16, 16, 4, null);
        for (int i = 0; i < 256; i++) {
            raster.setPixel(i % 16, i / 16, new int[] {255, 0, 0, 255});
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        javax.imageio.ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        try (var stream = ImageIO.createImageOutputStream(out)) {
            writer.setOutput(stream);
            writer.write(null, new javax.imageio.IIOImage(raster, null, null), null);
        } finally {
            writer.dispose();
        }
        byte[] jpeg = out.toByteArray();
        ByteArrayOutputStream adobe = new ByteArrayOutputStream();
        adobe.write(jpeg, 0, 2);
        adobe.write(new byte[] {(byte) 0xFF, (byte) 0xEE, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, 0});
        adobe.write(jpeg, 2, jpeg.length - 2);
        Photo p = decode(adobe.toByteArray());
        assertTrue(p.at(8, 8, 0) > 245 && p.at(8, 8, 1) < 10 && p.at(8, 8, 2) < 10,
            p.at(8, 8, 0) + " " + p.at(8, 8, 1) + " " + p.at(8, 8, 2));
    }

    @Test
    void sixteenBitPhotosKeepTheHighByte() throws IOException {
        var model =
            new ComponentColorModel(ColorSpace.getInstance(ColorSpace.CS_sRGB), false, false, Transparency.OPAQUE, DataBuffer.TYPE_USHORT);
        WritableRaster raster = model.createCompatibleWritableRaster(2, 1);
        raster.setPixel(0, 0, new int[] {0x8034, 0x1200, 0xFFFF});
        Photo p = decode(encode(new BufferedImage(model, raster, false, null), "png"));
        assertArrayEquals(new int[] {0x80, 0x12, 0xFF}, new int[] {p.at(0, 0, 0), p.at(0, 0, 1), p.at(0, 0, 2)});
    }

    @Test
    void exifOrientationIsFollowedOnlyWhenAsked() throws IOException {
        byte[] jpeg = encode(redLeftBlueRight(32, 16, BufferedImage.TYPE_INT_RGB), "jpg");
        byte[] exif = {(byte) 0xFF, (byte) 0xE1, 0, 34, 'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8,
            0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0};
        ByteArrayOutputStream rotated = new ByteArrayOutputStream();
        rotated.write(jpeg, 0, 2);
        rotated.write(exif);
        rotated.write(jpeg, 2, jpeg.length - 2);
        Path file = Files.write(folder.resolve("turned.jpg"), rotated.toByteArray());
        assertEquals(32, Images.readPhoto(file).width());
        assertEquals(16, Images.readUpright(file).width());
    }

    @Test
    void truncatedAndDamagedFilesAreRefused() throws IOException {
        byte[] jpeg = encode(redLeftBlueRight(64, 64, BufferedImage.TYPE_INT_RGB), "jpg");
        assertTrue(refusal(Arrays.copyOf(jpeg, jpeg.length - 2)).contains("truncated"));
        assertTrue(refusal(Arrays.copyOf(jpeg, jpeg.length / 2)).contains("truncated"));
        byte[] png = encode(redLeftBlueRight(64, 64, BufferedImage.TYPE_INT_RGB), "png");
        assertTrue(refusal(Arrays.copyOf(png, png.length - 20)).contains("truncated"));
        png[60] ^= 1;
        assertTrue(refusal(png).contains("damaged"));
    }

    @Test
    void filesThatAreNoPicturesAreNamed() throws IOException {
        assertTrue(refusal(new byte[0]).contains("empty"));
        assertTrue(refusal("hello world".getBytes(StandardCharsets.US_ASCII)).contains("text file"));
        assertTrue(refusal("version https://git-lfs.github.com/spec/v1\n".getBytes(StandardCharsets.US_ASCII)).contains("git lfs pull"));
        assertTrue(refusal(new byte[] {1, 2, 3, 4, 5}).contains("01 02 03 04"));
        Path missing = folder.resolve("missing.jpg");
        assertTrue(
            assertThrows(HierVlException.class, () -> Images.readPhoto(missing)).getMessage().contains("missing.jpg does not exist"));
        assertTrue(assertThrows(HierVlException.class, () -> Images.readPhoto(folder)).getMessage().contains("is a folder"));
    }

    @Test
    void aGiantHeaderIsRefusedBeforeAnythingIsAllocated() throws IOException {
        byte[] jpeg = encode(redLeftBlueRight(16, 16, BufferedImage.TYPE_INT_RGB), "jpg");
        for (int i = 2; i < jpeg.length - 8; i++) {
            if ((jpeg[i] & 255) == 0xFF && (jpeg[i + 1] & 255) == 0xC0) {
                Arrays.fill(jpeg, i + 5, i + 9, (byte) 0xEA);
            }
        }
        assertTrue(refusal(jpeg).contains("60138x60138"));
    }

    /** The header says it, so that nothing is decoded. */
    @Test
    void photosAreComparedWithTheHeap() throws IOException {
        byte[] png = encode(new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB), "png");
        Images.requireHeap(png, "small.png", 8);
        java.nio.ByteBuffer.wrap(png).putInt(16, 60_000).putInt(20, 40_000);
        java.util.zip.CRC32 crc = new java.util.zip.CRC32();
        crc.update(png, 12, 17);
        java.nio.ByteBuffer.wrap(png).putInt(29, (int) crc.getValue());
        String message = assertThrows(HierVlException.class, () -> Images.requireHeap(png, "big.png", 8)).getMessage();
        assertTrue(message.contains("big.png (60000x40000 pixels) needs 17.9 GiB of Java heap"), message);
    }
}
