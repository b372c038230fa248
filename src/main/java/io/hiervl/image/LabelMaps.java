package io.hiervl.image;

import io.hiervl.PublicApi;
import java.awt.image.BufferedImage;
import java.nio.file.Path;

/**
 * Reads and writes label maps. The value of a pixel is the raw sample of the file: the palette index of a palette
 * file (1, 2, 4 or 8 bits), the grey value of a grey one. OpenCV and {@code getRGB} would deliver colours instead.
 * Safe for several threads.
 */
@PublicApi
public final class LabelMaps {
    private LabelMaps() {
    }

    /** Reads indices or grey values; RGB masks are refused. */
    public static LabelMap read(Path file) {
        return read(file, null);
    }

    /**
     * Reads a label map.
     *
     * @param colours for RGB masks, the values of their colours; null refuses RGB
     * @throws io.hiervl.HierVlException unreadable, RGB without a table, an unknown colour, or a 16-bit value above 255
     */
    public static LabelMap read(Path file, ColourTable colours) {
        return decode(Images.readBytes(file), file.toString(), colours, Images.MAX_PIXELS);
    }

    /** Decodes a label map from memory, see {@link #read(Path, ColourTable)}. */
    public static LabelMap decode(byte[] bytes, String name, ColourTable colours, long maxPixels) {
        return MaskFile.decode(bytes, name, maxPixels).labels(MaskRules.of(colours));
    }

    /** Writes an 8-bit grey PNG whose values are the labels; the folder must exist. */
    public static void writeGrey(LabelMap map, Path file) {
        BufferedImage image = new BufferedImage(map.width(), map.height(), BufferedImage.TYPE_BYTE_GRAY);
        image.getRaster().setDataElements(0, 0, map.width(), map.height(), map.values());
        Images.writePng(image, file);
    }

    /** Writes an 8-bit palette PNG whose indices are the values; the folder must exist. */
    public static void write(LabelMap map, Palette palette, Path file) {
        Images.writePng(indexed(map, palette), file);
    }

    /** A picture of 8-bit palette indices that are the values. */
    public static BufferedImage indexed(LabelMap map, Palette palette) {
        BufferedImage image = new BufferedImage(map.width(), map.height(), BufferedImage.TYPE_BYTE_INDEXED, palette.model());
        image.getRaster().setDataElements(0, 0, map.width(), map.height(), map.values());
        return image;
    }

    /** The labels as colours. */
    public static Photo colours(LabelMap map, Palette palette) {
        byte[] rgb = new byte[3 * map.values().length];
        int i = 0;
        for (byte v : map.values()) {
            int c = palette.colour(v & 255);
            rgb[i++] = (byte) (c >> 16);
            rgb[i++] = (byte) (c >> 8);
            rgb[i++] = (byte) c;
        }
        return new Photo(rgb, map.width(), map.height());
    }
}
