package io.hiervl.image;

import io.hiervl.HierVlException;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;

/**
 * Reads photos of any sample type, the file's own largest value as white: microscopes store 12 bits in 16, satellites floating point.
 * Black is 0, or the smallest value where one is negative. Values that are no number become black.
 */
final class DeepPhoto {
    private DeepPhoto() {
    }

    /** @param kinds how the file stores samples; one channel becomes grey, of more the first three are red, green and blue */
    static Photo read(byte[] bytes, String name, String format, SampleKinds kinds) {
        if (kinds.channels() == 2 || kinds.channels() > 4) {
            throw HierVlException.data(name + " has " + kinds.channels() + " channels; a photo has 1, 3 or 4");
        }
        BufferedImage image = ImageReaders.read(bytes, name, format);
        Raster raster = image.getRaster();
        int w = raster.getWidth();
        int h = raster.getHeight();
        int channels = raster.getNumBands() >= 3 ? 3 : 1;
        double low = 0;
        double high = 0;
        double[] row = new double[w];
        for (int c = 0; c < channels; c++) {
            for (int y = 0; y < h; y++) {
                for (double v : raster.getSamples(0, y, w, 1, c, row)) {
                    low = v < low ? v : low;
                    high = v > high && v < Double.POSITIVE_INFINITY ? v : high;
                }
            }
        }
        byte[] rgb = new byte[3 * w * h];
        double range = high > low ? high - low : Double.POSITIVE_INFINITY;
        for (int c = 0; c < 3; c++) {
            for (int y = 0; y < h; y++) {
                raster.getSamples(0, y, w, 1, Math.min(c, channels - 1), row);
                for (int x = 0; x < w; x++) {
                    double v = (row[x] - low) * 255 / range;
                    rgb[3 * (y * w + x) + c] = (byte) (v > 0 ? Math.min(255, Math.round(v)) : 0);
                }
            }
        }
        return new Photo(rgb, w, h);
    }
}
