package io.hiervl.image;

import io.hiervl.HierVlException;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.util.Set;

/**
 * Reads photos from TIFF files with Java's own reader: the libtiff in OpenCV 4.5.5 is of 2020. Pixels are those of Pillow's
 * {@code convert("RGB")}, as they are stored. Kinds that the reader gets wrong are refused.
 */
final class TiffPhoto {
    private static final int CMYK = 5;
    /** White or black is zero, RGB, palette, CMYK, YCbCr. */
    private static final Set<Integer> COLOURS = Set.of(0, 1, 2, 3, CMYK, 6);
    private static final Set<Integer> JPEG = Set.of(6, 7);

    private TiffPhoto() {
    }

    /** @throws HierVlException damaged, or stored in a way that is not read */
    static Photo read(byte[] bytes, String name) {
        TiffTags tags = TiffTags.read(bytes);
        if (!COLOURS.contains(tags.colours())) {
            throw HierVlException.data(name + " stores its colours in a way that is not read (PhotometricInterpretation " + tags.colours()
                + "); convert it to an RGB TIFF, PNG or JPEG");
        }
        if (JPEG.contains(tags.compression()) && tags.channels() > 3) {
            throw HierVlException
                .data(name + " holds a JPEG of " + tags.channels() + " channels, which is not read; convert it to PNG or JPEG");
        }
        BufferedImage image = ImageReaders.read(bytes, name, "TIFF");
        boolean cmyk = tags.colours() == CMYK && image.getRaster().getNumBands() == 4;
        return cmyk ? cmyk(image.getRaster(), tags.bits() - 8) : Images.fromBuffered(image);
    }

    static boolean isCmyk(TiffTags tags) {
        return tags.colours() == CMYK && tags.channels() == 4;
    }

    /** Ink to light without a profile, as other libraries do. */
    private static Photo cmyk(Raster ink, int shift) {
        int w = ink.getWidth();
        int h = ink.getHeight();
        byte[] rgb = new byte[3 * w * h];
        int[] row = new int[4 * w];
        for (int y = 0, i = 0; y < h; y++) {
            ink.getPixels(0, y, w, 1, row);
            for (int x = 0; x < 4 * w; x += 4) {
                int light = 255 - (row[x + 3] >> shift);
                for (int c = 0; c < 3; c++) {
                    rgb[i++] = (byte) (light * (255 - (row[x + c] >> shift)) / 255);
                }
            }
        }
        return new Photo(rgb, w, h);
    }
}
