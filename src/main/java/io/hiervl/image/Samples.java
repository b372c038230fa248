package io.hiervl.image;

import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.Raster;

/**
 * The pixels of AWT pictures as 0xAARRGGBB, samples as they are stored: {@code getRGB} converts from the picture's colour space, which
 * turns a grey 128 into 188 and a label colour into another one.
 */
final class Samples {
    private Samples() {
    }

    /** Whether samples can be taken without conversion: unsigned ones of 8 or 16 bits, 1 to 4 a pixel, not multiplied by alpha. */
    private static boolean plain(BufferedImage image) {
        int type = image.getRaster().getTransferType();
        int bands = image.getRaster().getNumBands();
        boolean cmyk = bands == 4 && !image.getColorModel().hasAlpha();
        return image.getColorModel() instanceof ComponentColorModel && (type == DataBuffer.TYPE_BYTE || type == DataBuffer.TYPE_USHORT)
            && !image.isAlphaPremultiplied() && bands <= 4 && !cmyk;
    }

    /**
     * One row.
     *
     * @param argb  receives the pixels
     * @param shift bits that samples of 16 bits lose: 8 for pictures, 0 for values that fit 8 bits
     */
    static void row(BufferedImage image, int y, int[] argb, int shift) {
        int w = image.getWidth();
        if (!plain(image)) {
            image.getRGB(0, y, w, 1, argb, 0, w);
            return;
        }
        Raster raster = image.getRaster();
        int bands = raster.getNumBands();
        int right = raster.getTransferType() == DataBuffer.TYPE_USHORT ? shift : 0;
        int[] samples = raster.getPixels(raster.getMinX(), raster.getMinY() + y, w, 1, (int[]) null);
        for (int x = 0, i = 0; x < w; x++, i += bands) {
            boolean colour = bands >= 3;
            int r = samples[i] >> right;
            int g = colour ? samples[i + 1] >> right : r;
            int b = colour ? samples[i + 2] >> right : r;
            int alpha = bands == 2 || bands == 4 ? (samples[i + bands - 1] >> right) & 255 : 255;
            argb[x] = alpha << 24 | (r & 255) << 16 | (g & 255) << 8 | b & 255;
        }
    }
}
