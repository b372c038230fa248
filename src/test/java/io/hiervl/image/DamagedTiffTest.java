package io.hiervl.image;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Random;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import org.junit.jupiter.api.Test;

/** Java's decoder of LZW trips over its own tables in damaged data; the message is about the file all the same. */
class DamagedTiffTest {
    private static byte[] lzw() throws IOException {
        BufferedImage image = new BufferedImage(40, 30, BufferedImage.TYPE_INT_RGB);
        Random random = new Random(5);
        for (int y = 0; y < 30; y++) {
            for (int x = 0; x < 40; x++) {
                image.setRGB(x, y, random.nextInt(1 << 24));
            }
        }
        ImageWriter writer = ImageIO.getImageWritersByFormatName("tiff").next();
        ImageWriteParam param = writer.getDefaultWriteParam();
        param.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
        param.setCompressionType("LZW");
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (var out = ImageIO.createImageOutputStream(bytes)) {
            writer.setOutput(out);
            writer.write(null, new IIOImage(image, null, null), param);
        }
        return bytes.toByteArray();
    }

    @Test
    void messagesAreAboutTheFile() throws IOException {
        byte[] sound = lzw();
        Random random = new Random(11);
        int refused = 0;
        int inside = 0;
        for (int trial = 0; trial < 300; trial++) {
            byte[] damaged = sound.clone();
            for (int n = 0; n < 3; n++) {
                damaged[8 + random.nextInt(damaged.length - 8)] = (byte) random.nextInt(256);
            }
            try {
                Images.decode(damaged, "photo.tif", false, Images.MAX_PIXELS);
            } catch (HierVlException e) {
                refused++;
                inside += e.getCause() instanceof RuntimeException && !(e.getCause() instanceof HierVlException) ? 1 : 0;
                assertTrue(e.getMessage().contains("photo.tif"), e.getMessage());
                assertFalse(e.getMessage().contains("because \"") || e.getMessage().contains("out of bounds for"), e.getMessage());
            }
        }
        assertTrue(refused > 20 && inside > 0, refused + " refused, " + inside + " of them by an exception of the decoder");
    }
}
