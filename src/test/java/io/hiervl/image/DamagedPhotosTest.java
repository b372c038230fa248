package io.hiervl.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Photos that decoders take although something is wrong with them. */
class DamagedPhotosTest {
    @TempDir
    Path folder;

    private static byte[] jpeg() throws Exception {
        BufferedImage image = new BufferedImage(200, 150, BufferedImage.TYPE_INT_RGB);
        Random random = new Random(1);
        for (int y = 0; y < 150; y++) {
            for (int x = 0; x < 200; x++) {
                image.setRGB(x, y, random.nextInt(0x1000000));
            }
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImageIO.write(image, "jpg", out);
        return out.toByteArray();
    }

    private String refused(byte[] bytes) throws Exception {
        Path file = folder.resolve("photo.jpg");
        Files.write(file, bytes);
        HierVlException e = assertThrows(HierVlException.class, () -> Images.readUpright(file));
        assertEquals(HierVlException.Kind.DATA, e.kind());
        assertTrue(e.getMessage().contains("photo.jpg"), e.getMessage());
        return e.getMessage();
    }

    @Test
    void aWholeJpegIsRead() throws Exception {
        Path file = folder.resolve("photo.jpg");
        Files.write(file, jpeg());
        assertEquals(200, Images.readUpright(file).width());
    }

    @Test
    void damageInsideIsNamed() throws Exception {
        byte[] bytes = jpeg();
        Arrays.fill(bytes, bytes.length / 2, bytes.length / 2 + 200, (byte) 0);
        assertTrue(refused(bytes).contains("damaged inside"));
    }

    @Test
    void aCutJpegWithAnEndMarkerIsNamed() throws Exception {
        byte[] bytes = Arrays.copyOf(jpeg(), jpeg().length / 2);
        bytes[bytes.length - 2] = (byte) 0xFF;
        bytes[bytes.length - 1] = (byte) 0xD9;
        assertTrue(refused(bytes).contains("damaged inside"));
    }

    @Test
    void twoFrameHeadersAreRefusedAtOnce() throws Exception {
        byte[] bytes = jpeg();
        int at = 2;
        while ((bytes[at + 1] & 255) != 0xC0) {
            at += 2 + ((bytes[at + 2] & 255) << 8 | bytes[at + 3] & 255);
        }
        int length = 2 + ((bytes[at + 2] & 255) << 8 | bytes[at + 3] & 255);
        byte[] twice = Arrays.copyOf(bytes, bytes.length + length);
        System.arraycopy(bytes, at, twice, at + length, bytes.length - at);
        twice[at + length + 5] = 0x7F; // 32,000 rows
        assertTrue(assertTimeoutPreemptively(Duration.ofSeconds(5), () -> refused(twice)).contains("two frame headers"));
    }

    /** A WebP of 40x30 whose damage asks for thousands of code tables; a decoder that reads zeros behind the end makes them all. */
    @Test
    void dataThatEndEarlyEndTheDecoder() throws Exception {
        String text = "UklGRgoBAABXRUJQVlA4TP4AAAAvJ0AHAJe4NABARnYzpzlgS+TZtrjvUBLbVvS1hU+GNQlR0XsIFGrXKAiAVBvJVoJkWoJbRhM0"
            + "QP8FeETGz+Y/AKCZP5Y8oxVei9UGVy59jb4j/SuaKfIANN88nXcMRpDSgGzzmWZwJElu2yjn/P/PigCWkBzO2Ij+M2zbNgwdoTtg"
            + "VxR/aq2eT28n2a1Edjt0KMKy1+jpCMIbJbtpFaDcRYOm2Bz3CfGq65lFTfMWKBLpHBqfzml5TWDnOyrLcX2DLqJi4jv8W0nkzXVF"
            + "GiQl5mOwU0VkXgIDWmSu0jyRB8kw09WnzXFUtlAZA32nipBIMX+JAgivUpbEEyo9jQ==";
        byte[] webp = Base64.getDecoder().decode(text);
        assertTrue(assertTimeoutPreemptively(Duration.ofSeconds(5), () -> refused(webp)).contains("end too early"));
    }

    /** 400 MB of text in 400 kB: no reader of metadata may unpack it. The EXIF chunk beside it is read. */
    @Test
    void compressedTextsAreNotUnpacked() throws Exception {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        text.writeBytes("Raw profile type exif\0\0".getBytes(StandardCharsets.ISO_8859_1));
        try (DeflaterOutputStream deflater = new DeflaterOutputStream(text)) {
            byte[] block = new byte[1 << 20];
            for (int i = 0; i < 400; i++) {
                deflater.write(block);
            }
        }
        byte[] exif = {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 18, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0};
        byte[] png = ImagesTest.encode(new BufferedImage(3, 2, BufferedImage.TYPE_INT_RGB), "png");
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(png, 0, 33);
        for (byte[] chunk : new byte[][] {chunk("zTXt", text.toByteArray()), chunk("eXIf", exif)}) {
            out.writeBytes(chunk);
        }
        out.write(png, 33, png.length - 33);
        Path file = Files.write(folder.resolve("photo.png"), out.toByteArray());
        assertTrue(PngFile.orientationOnly(out.toByteArray()).length < 200);
        assertEquals(2, Images.readUpright(file).width(), "turned by the EXIF chunk");
    }

    private static byte[] chunk(String type, byte[] data) {
        byte[] body = new byte[4 + data.length];
        System.arraycopy(type.getBytes(StandardCharsets.ISO_8859_1), 0, body, 0, 4);
        System.arraycopy(data, 0, body, 4, data.length);
        CRC32 crc = new CRC32();
        crc.update(body);
        return ByteBuffer.allocate(8 + body.length).putInt(data.length).put(body).putInt((int) crc.getValue()).array();
    }

    @Test
    void onlyKnownFormatsReachADecoder() throws Exception {
        assertTrue(refused(("P6\n1 1\n255\n" + "\u00e9\u00e9\u00e9").getBytes(StandardCharsets.ISO_8859_1)).contains("Netpbm"));
        String sunRaster = "Y\u00a6j\u0095\0\0\0\1\0\0\0\1";
        assertTrue(refused(sunRaster.getBytes(StandardCharsets.ISO_8859_1)).contains("no picture that can be read"));
        assertTrue(refused("RIFF\1\0\0\0WEBPVP8 ".getBytes(StandardCharsets.ISO_8859_1)).contains("WebP"));
    }

    @Test
    void theCanvasOfAWebPIsNoBomb() throws Exception {
        String canvas = "VP8X\n\0\0\0\0\0\0\0\u00fe\u00ff\u00ff\u00fe\u00ff\u00ff";
        String pixels = "VP8L\6\0\0\0/\2@\0\0\0";
        String file = "RIFF$\0\0\0WEBP" + canvas + pixels;
        assertTrue(refused(file.getBytes(StandardCharsets.ISO_8859_1)).contains("claims 16777215x16777215 pixels, its picture has 3x2"));
    }

    @Test
    void pipesAreRefusedAtOnce() throws Exception {
        Path pipe = folder.resolve("pipe.png");
        Assumptions.assumeTrue(Files.isExecutable(Path.of("/usr/bin/mkfifo")));
        assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
        for (Path file : new Path[] {pipe, Path.of("/dev/zero")}) {
            String message = assertTimeoutPreemptively(Duration.ofSeconds(5),
                () -> assertThrows(HierVlException.class, () -> Images.readUpright(file)).getMessage());
            assertTrue(message.contains("pipe or a device"), message);
        }
    }

    /** A link under a picture's name may lead to a file that its reader should not see in a log. */
    @Test
    void textsAreNotShown() throws Exception {
        Path secret = Files.writeString(folder.resolve("secret.txt"), "root:x:0:0:root\n");
        Path link = Files.createSymbolicLink(folder.resolve("photo.png"), secret);
        String said = assertThrows(HierVlException.class, () -> Images.readPhoto(link)).getMessage();
        assertTrue(said.endsWith("photo.png is a text file, not a picture"), said);
        Path page = Files.writeString(folder.resolve("page.jpg"), "<html>Log in</html>\n");
        assertTrue(assertThrows(HierVlException.class, () -> Images.readPhoto(page)).getMessage().contains("<html>Log in"));
    }
}
