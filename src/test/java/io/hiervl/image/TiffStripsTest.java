package io.hiervl.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** TIFF files whose strips or tiles hold too few bytes are refused; whole ones give their pixels. */
class TiffStripsTest {
    private static final int WIDTH = 70;
    private static final int HEIGHT = 45;
    private static final int STRIP_BYTE_COUNTS = 279;

    /** Smooth enough to be compressed, with noise so that LZW fills its table more than once. */
    private static BufferedImage picture(int type) {
        BufferedImage image = new BufferedImage(WIDTH, HEIGHT, type);
        Random random = new Random(5);
        for (int y = 0; y < HEIGHT; y++) {
            for (int x = 0; x < WIDTH; x++) {
                int v = x * 3 + (y % 3 == 0 ? random.nextInt(40) : y);
                image.setRGB(x, y, v << 16 | (255 - v) << 8 | random.nextInt(4) * 60);
            }
        }
        return image;
    }

    private static byte[] tiff(String compression, int type, boolean tiled) throws IOException {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("tiff").next();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ImageOutputStream out = ImageIO.createImageOutputStream(bytes)) {
            writer.setOutput(out);
            ImageWriteParam param = writer.getDefaultWriteParam();
            if (compression != null) {
                param.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
                param.setCompressionType(compression);
            }
            if (tiled) {
                param.setTilingMode(ImageWriteParam.MODE_EXPLICIT);
                param.setTiling(32, 16, 0, 0);
            }
            writer.write(null, new IIOImage(picture(type), null, null), param);
        } finally {
            writer.dispose();
        }
        return bytes.toByteArray();
    }

    private static byte[] rgb(byte[] tiff) {
        return TiffPhoto.read(tiff, "a.tif").rgb();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "LZW", "ZLib", "Deflate", "PackBits"})
    void wholeFilesGiveTheirPixels(String compression) throws IOException {
        for (int type : new int[] {BufferedImage.TYPE_3BYTE_BGR, BufferedImage.TYPE_BYTE_GRAY, BufferedImage.TYPE_BYTE_BINARY,
            BufferedImage.TYPE_BYTE_INDEXED}) {
            for (boolean tiled : new boolean[] {false, true}) {
                byte[] tiff = tiff(compression.isEmpty() ? null : compression, type, tiled);
                assertArrayEquals(Images.fromBuffered(picture(type)).rgb(), rgb(tiff), compression + " " + type + " " + tiled);
            }
        }
    }

    /** Where the byte counts of the strips, and the first strip, are in a file. */
    private static int[] firstStrip(ByteBuffer in, byte[] bytes) {
        TiffDirectory tags = TiffDirectory.of(bytes);
        for (int i = 0; i < tags.entries(); i++) {
            if (tags.tag(i) == STRIP_BYTE_COUNTS) {
                assertEquals(4, TiffDirectory.width(tags.type(i)), "the writer's numbers have 32 bits");
                return new int[] {tags.values(i), (int) tags.all(273)[0], in.getInt(tags.values(i))};
            }
        }
        throw new AssertionError("no strips");
    }

    @ParameterizedTest
    @CsvSource({",short", "PackBits,short", "LZW,short", "ZLib,short", "ZLib,tail", "ZLib,zeros", "Deflate,tail", "LZW,early"})
    void tooFewBytesAreDamage(String compression, String fault) throws IOException {
        byte[] bytes = tiff(compression, BufferedImage.TYPE_3BYTE_BGR, false);
        ByteBuffer in = ByteBuffer.wrap(bytes).order(bytes[0] == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        int[] strip = firstStrip(in, bytes);
        switch (fault) {
            case "short" -> in.putInt(strip[0], strip[2] / 2);
            case "tail" -> in.put(strip[1] + strip[2] - 1, (byte) (in.get(strip[1] + strip[2] - 1) ^ 1));
            // zeros are a code, and the stream never ends
            case "zeros" -> Arrays.fill(bytes, strip[1] + strip[2] / 2, strip[1] + strip[2], (byte) 0);
            // the codes "clear" and "end", from the highest bit on
            default -> in.order(ByteOrder.BIG_ENDIAN).putInt(strip[1], 0x80404000);
        }
        HierVlException e = assertThrows(HierVlException.class, () -> rgb(bytes));
        assertEquals(HierVlException.Kind.DATA, e.kind());
        assertTrue(e.getMessage().startsWith("a.tif is damaged inside: strip 1 of "), e.getMessage());
    }
}
