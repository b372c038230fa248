package io.hiervl.image;

import io.hiervl.HierVlException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Iterator;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.MemoryCacheImageInputStream;

/** Decodes with Java's own ImageIO readers, whose rasters hold the samples as the file stores them. */
final class ImageReaders {
    private static final String OWN = "com.sun.imageio.";

    private ImageReaders() {
    }

    /** @param format as {@link ImageHeader} calls it */
    static BufferedImage read(byte[] bytes, String name, String format) {
        try (MemoryCacheImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
            ImageReader reader = reader(format);
            if (reader == null) {
                throw HierVlException.data(name + ": there is no reader for " + format);
            }
            try {
                reader.setInput(in, true, true);
                return reader.read(0, reader.getDefaultReadParam());
            } finally {
                reader.dispose();
            }
        } catch (IOException | IllegalArgumentException | IllegalStateException | IndexOutOfBoundsException
             | NegativeArraySizeException e) {
            throw HierVlException.data(name + " cannot be decoded: " + e.getMessage(), e);
        }
    }

    /** Libraries bring readers that convert colours; the one of the JDK comes first. */
    private static ImageReader reader(String format) {
        Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(format.toLowerCase(Locale.ROOT));
        ImageReader first = null;
        while (readers.hasNext()) {
            ImageReader reader = readers.next();
            if (reader.getClass().getName().startsWith(OWN)) {
                return reader;
            }
            first = first == null ? reader : first;
        }
        return first;
    }
}
