package io.hiervl.image;

import io.hiervl.HierVlException;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Locale;
import java.util.Map;
import javax.imageio.ImageIO;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Reads and writes label maps. The value of a pixel is the raw sample of the file: the palette index of a palette
 * file (1, 2, 4 or 8 bits), the grey value of a grey one. OpenCV and {@code getRGB} would deliver colours instead.
 */
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
     * @throws HierVlException unreadable, RGB without a table, an unknown colour, or a 16-bit value above 255
     */
    public static LabelMap read(Path file, ColourTable colours) {
        return decode(Images.readBytes(file), file.toString(), colours, Images.MAX_PIXELS);
    }

    /** Decodes a label map from memory, see {@link #read(Path, ColourTable)}. */
    public static LabelMap decode(byte[] bytes, String name, ColourTable colours, long maxPixels) {
        ImageHeader header = ImageHeader.read(bytes, name);
        Images.refuseGiant(header, name, maxPixels);
        if (header.format().equals("JPEG")) {
            throw HierVlException.data(name + " is a JPEG; its lossy compression invents label values, use PNG");
        }
        BufferedImage image = pixels(bytes, name, header.format());
        Raster raster = image.getRaster();
        if (raster.getNumBands() >= 3) {
            return fromColours(image, name, colours);
        }
        if (raster.getNumBands() != 1) {
            throw HierVlException.data(name + " has " + raster.getNumBands() + " channels; a label map has one");
        }
        return fromSamples(raster, name);
    }

    /**
     * How often each colour 0xRRGGBB occurs in a mask that stores colours.
     *
     * @return null for a mask that stores indices or grey values
     * @throws HierVlException unreadable
     */
    public static Map<Integer, Long> colourCounts(byte[] bytes, String name) {
        ImageHeader header = ImageHeader.read(bytes, name);
        Images.refuseGiant(header, name, Images.MAX_PIXELS);
        BufferedImage image = pixels(bytes, name, header.format());
        if (image.getRaster().getNumBands() < 3) {
            return null;
        }
        Map<Integer, Long> counts = new HashMap<>();
        for (int pixel : image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth())) {
            counts.merge(pixel & 0xFFFFFF, 1L, Long::sum);
        }
        return counts;
    }

    private static BufferedImage pixels(byte[] bytes, String name, String format) {
        try (MemoryCacheImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
            Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(format.toLowerCase(Locale.ROOT));
            if (!readers.hasNext()) {
                throw HierVlException.data(name + ": there is no reader for " + format);
            }
            ImageReader reader = readers.next();
            try {
                reader.setInput(in, true, true);
                ImageReadParam param = reader.getDefaultReadParam();
                return reader.read(0, param);
            } finally {
                reader.dispose();
            }
        } catch (IOException | RuntimeException e) {
            if (e instanceof HierVlException known) {
                throw known;
            }
            throw HierVlException.data(name + " cannot be decoded: " + (e.getMessage() == null ? "its " + format + " data are damaged"
                : e.getMessage().lines().findFirst().orElse("")), e);
        } catch (OutOfMemoryError e) {
            throw HierVlException.data(name + " is too large to decode in " + Runtime.getRuntime().maxMemory() + " bytes of heap", e);
        }
    }

    private static LabelMap fromSamples(Raster raster, String name) {
        int w = raster.getWidth();
        int h = raster.getHeight();
        byte[] values = new byte[w * h];
        int[] row = new int[w];
        for (int y = 0; y < h; y++) {
            raster.getSamples(0, y, w, 1, 0, row);
            for (int x = 0; x < w; x++) {
                if (row[x] > 255) {
                    throw HierVlException.data(name + ": pixel (" + x + ", " + y + ") has the value " + row[x]
                            + "; label values are 0 to 255");
                }
                values[y * w + x] = (byte) row[x];
            }
        }
        return new LabelMap(values, w, h);
    }

    private static LabelMap fromColours(BufferedImage image, String name, ColourTable colours) {
        if (colours == null) {
            throw HierVlException.data(name + " is an RGB mask, not a map of indices; name the colours of the classes"
                    + " under 'labels: colours:' of dataset.yaml, the first pixel is " + hex(image.getRGB(0, 0)));
        }
        int w = image.getWidth();
        int h = image.getHeight();
        byte[] values = new byte[w * h];
        int[] row = new int[w];
        for (int y = 0; y < h; y++) {
            image.getRGB(0, y, w, 1, row, 0, w);
            for (int x = 0; x < w; x++) {
                Integer value = colours.values().get(row[x] & 0xFFFFFF);
                if (value == null) {
                    throw HierVlException.data(name + ": pixel (" + x + ", " + y + ") has the colour " + hex(row[x])
                            + ", which is not in the table of " + colours.values().size() + " colours");
                }
                values[y * w + x] = value.byteValue();
            }
        }
        return new LabelMap(values, w, h);
    }

    private static String hex(int rgb) {
        return String.format(Locale.ROOT, "[%d, %d, %d]", rgb >> 16 & 255, rgb >> 8 & 255, rgb & 255);
    }

    /** Writes an 8-bit palette PNG whose indices are the values; the folder must exist. */
    public static void write(LabelMap map, Palette palette, Path file) {
        BufferedImage image = new BufferedImage(map.width(), map.height(), BufferedImage.TYPE_BYTE_INDEXED, palette.model());
        image.getRaster().setDataElements(0, 0, map.width(), map.height(), map.values());
        Images.writePng(image, file);
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
