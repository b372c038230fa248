package io.hiervl.image;

import com.twelvemonkeys.imageio.plugins.webp.WebPImageReaderSpi;
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
        ImageReader reader = reader(format);
        if (reader == null) {
            throw HierVlException.data(name + ": there is no reader for " + format);
        }
        return read(bytes, name, format, reader);
    }

    /** A WebP by a decoder in Java. OpenCV's never sees one: its libwebp is of the time of CVE-2023-4863, a picture could run code. */
    static BufferedImage webP(byte[] bytes, String name) {
        return read(bytes, name, "WebP", new WebPImageReaderSpi().createReaderInstance(null));
    }

    private static BufferedImage read(byte[] bytes, String name, String format, ImageReader reader) {
        try (MemoryCacheImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
            reader.setInput(in, true, true);
            return reader.read(0, reader.getDefaultReadParam());
        } catch (IOException | RuntimeException e) {
            throw HierVlException.data(name + " cannot be decoded: " + (e.getMessage() == null ? "its " + format + " data are damaged"
                : e.getMessage().lines().findFirst().orElse("")), e);
        } catch (OutOfMemoryError e) {
            throw HierVlException.data(name + " is too large to decode in " + Runtime.getRuntime().maxMemory() + " bytes of heap", e);
        } finally {
            reader.dispose();
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
