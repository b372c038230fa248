package io.hiervl.image;

import io.hiervl.HierVlException;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;

/**
 * A mask file as it is stored: either indices (palette or grey), or colours.
 *
 * @param indices width * height values, null if the file stores colours
 * @param palette colour 0xAARRGGBB of every index, null if there is no palette
 * @param colours width * height colours 0xAARRGGBB, null if the file stores indices
 */
record MaskPixels(int width, int height, byte[] indices, int[] palette, int[] colours) {
    private static final int EIGHT_BITS = 257;

    /** @throws HierVlException no picture, a lossy one, damaged, larger than allowed, or values above 255 */
    static MaskPixels read(byte[] bytes, String name, long maxPixels) {
        ImageHeader header = ImageHeader.read(bytes, name);
        Images.refuseGiant(header, name, maxPixels);
        if (header.format().equals("JPEG")) {
            throw HierVlException.data(name + " is a JPEG; its lossy compression invents label values, use PNG");
        }
        if (header.format().equals("WebP")) {
            return webP(bytes, name);
        }
        boolean png = header.format().equals("PNG");
        int pages = header.format().equals("TIFF") ? TiffTags.pages(bytes) : 1;
        if (pages > 1) {
            throw HierVlException.data(name + " has " + pages + " pages; a label map has one. Store the page of the labels as a file");
        }
        if (header.format().equals("TIFF") && TiffPhoto.isCmyk(TiffTags.read(bytes))) {
            return inks(TiffPhoto.read(bytes, name));
        }
        BufferedImage image = ImageReaders.read(png ? PngFile.withoutColourKey(bytes) : bytes, name, header.format());
        int bands = image.getRaster().getNumBands();
        if (bands >= 3 || bands == 2) {
            return bands == 2 && image.getColorModel().hasAlpha() || bands >= 3 ? colours(image, name) : refuse(bands, name);
        }
        return new MaskPixels(image.getWidth(), image.getHeight(), samples(image.getRaster(), name), palette(image.getColorModel()), null);
    }

    private static MaskPixels refuse(int bands, String name) {
        throw HierVlException.data(name + " has " + bands + " channels; a label map has one");
    }

    /** Without loss the pixels of a WebP are colours, as of an RGB mask; alpha is read too. */
    private static MaskPixels webP(byte[] bytes, String name) {
        if (!WebPHeader.read(bytes, name).lossless()) {
            throw HierVlException.data(name + " is a lossy WebP; its compression invents label values, use PNG");
        }
        return colours(ImageReaders.webP(bytes, name), name);
    }

    /** Java would convert inks by a profile, and 128 would become 188. */
    private static MaskPixels inks(Photo photo) {
        int[] argb = new int[photo.width() * photo.height()];
        for (int i = 0; i < argb.length; i++) {
            argb[i] = 0xFF000000 | (photo.rgb()[3 * i] & 255) << 16 | (photo.rgb()[3 * i + 1] & 255) << 8 | photo.rgb()[3 * i + 2] & 255;
        }
        return new MaskPixels(photo.width(), photo.height(), null, null, argb);
    }

    private static int[] palette(ColorModel model) {
        if (!(model instanceof IndexColorModel indexed)) {
            return null;
        }
        int[] all = new int[indexed.getMapSize()];
        indexed.getRGBs(all);
        return all;
    }

    private static byte[] samples(Raster raster, String name) {
        int w = raster.getWidth();
        int h = raster.getHeight();
        byte[] values = new byte[w * h];
        double[] row = new double[w]; // of floating point some are no whole numbers
        for (int y = 0; y < h; y++) {
            raster.getSamples(0, y, w, 1, 0, row);
            for (int x = 0; x < w; x++) {
                int value = (int) row[x];
                if (value != row[x] || value > 255 || value < 0) {
                    throw HierVlException.data(name + ": pixel (" + x + ", " + y + ") has the value "
                        + (value == row[x] ? Integer.toString(value) : Double.toString(row[x])) + "; label values are 0 to 255");
                }
                values[y * w + x] = (byte) value;
            }
        }
        return values;
    }

    private static MaskPixels colours(BufferedImage image, String name) {
        int w = image.getWidth();
        int h = image.getHeight();
        int shift = image.getRaster().getTransferType() == DataBuffer.TYPE_USHORT ? shift(image.getRaster(), name) : 8;
        int[] argb = new int[w * h];
        int[] row = new int[w];
        for (int y = 0; y < h; y++) {
            Samples.row(image, y, row, shift);
            System.arraycopy(row, 0, argb, y * w, w);
        }
        return new MaskPixels(w, h, null, null, argb);
    }

    /** 16-bit colours are either small values or 8-bit ones that were stretched (times 257); anything else has no 8-bit colour. */
    private static int shift(Raster raster, String name) {
        int bands = raster.getNumBands() - (raster.getNumBands() % 2 == 0 ? 1 : 0);
        boolean small = true;
        boolean stretched = true;
        for (int y = 0; y < raster.getHeight(); y++) {
            for (int c = 0; c < bands; c++) {
                for (int v : raster.getSamples(0, y, raster.getWidth(), 1, c, (int[]) null)) {
                    small &= v <= 255;
                    stretched &= v % EIGHT_BITS == 0;
                    if (!small && !stretched) {
                        throw HierVlException.data(name + " has 16-bit colours, and the value " + v + " in row " + y
                            + " is no 8-bit colour; store the mask with 8 bits");
                    }
                }
            }
        }
        return small ? 0 : 8;
    }
}
