package io.hiervl.synth;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.awt.image.WritableRaster;

/** Label maps as 8-bit palette images in the colours of PASCAL VOC. */
final class VocPalette {
    private static final IndexColorModel MODEL = model();

    private VocPalette() {
    }

    /** Bit-interleaved colours: bits 0, 3, 6 of the index become the high bits of red, 1, 4, 7 of green, 2, 5 of blue. */
    private static IndexColorModel model() {
        byte[][] c = new byte[3][256];
        for (int i = 0; i < 256; i++) {
            for (int bit = 0; bit < 8; bit++) {
                c[bit % 3][i] |= (byte) (((i >> bit) & 1) << (7 - bit / 3));
            }
        }
        return new IndexColorModel(8, 256, c[0], c[1], c[2]);
    }

    static BufferedImage image(int[] labels, int size) {
        BufferedImage image = new BufferedImage(size, size, BufferedImage.TYPE_BYTE_INDEXED, MODEL);
        WritableRaster raster = image.getRaster();
        for (int i = 0; i < labels.length; i++) {
            raster.setSample(i % size, i / size, 0, labels[i]);
        }
        return image;
    }
}
