package io.hiervl.serve;

import io.hiervl.image.LabelMap;
import io.hiervl.image.LabelMaps;
import io.hiervl.image.Palette;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import javax.imageio.ImageIO;

/** Pictures as PNG files in memory. */
final class Pictures {
    static final String PNG = "image/png";

    private Pictures() {
    }

    static byte[] png(BufferedImage image) {
        try (ByteArrayOutputStream out = new ByteArrayOutputStream()) {
            ImageIO.write(image, "png", out);
            return out.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Class indices with the palette's colours. */
    static byte[] indexed(LabelMap map, Palette palette) {
        return png(LabelMaps.indexed(map, palette));
    }

    /** Bytes as grey values: a browser reads them back exactly, which it does not with a palette's indices. */
    static byte[] grey(byte[] values, int width, int height) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
        image.getRaster().setDataElements(0, 0, width, height, values);
        return png(image);
    }

    /** Scores of 0 to 1 as 0 to 255. */
    static byte[] grey(float[] scores, int width, int height) {
        byte[] values = new byte[scores.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (byte) Math.round(255 * Math.max(0, Math.min(1, scores[i])));
        }
        return grey(values, width, height);
    }
}
