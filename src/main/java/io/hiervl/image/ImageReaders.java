package io.hiervl.image;

import com.twelvemonkeys.imageio.plugins.webp.WebPImageReaderSpi;
import io.hiervl.HierVlException;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.IOException;
import java.util.Iterator;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/** Decodes with Java's own ImageIO readers, whose rasters hold the samples as the file stores them. */
final class ImageReaders {
    private static final String OWN = "com.sun.imageio.";
    /** Decoding takes a microsecond for ten pixels, also where a few bytes stand for all of them. */
    private static final long WEBP_PIXELS = 1L << 26;

    private ImageReaders() {
    }

    /** @param format as {@link ImageHeader} calls it */
    static BufferedImage read(byte[] bytes, String name, String format) {
        ImageReader reader = reader(format);
        if (reader == null) {
            throw HierVlException.data(name + ": there is no reader for " + format);
        }
        boolean tiff = format.equals("TIFF");
        BufferedImage image = read(tiff ? plain(bytes, name) : bytes, name, format, reader);
        return tiff ? exactPalette(image, TiffTags.palette(bytes)) : image;
    }

    /** Java's reader does not know the wide numbers of a BigTIFF, and reads strips that are too short without a word. */
    private static byte[] plain(byte[] tiff, String name) {
        try {
            byte[] classic = TiffTags.classic(tiff);
            TiffStrips.requireWhole(classic, name);
            return classic;
        } catch (IndexOutOfBoundsException | ArithmeticException e) {
            throw HierVlException.data(name + " is damaged: the tags of the BigTIFF lie outside the file", e);
        }
    }

    /** TIFF's colours have 16 bits. Java scales them by 255 / 65535, so that writers that multiply by 256 lose one of 255. */
    private static BufferedImage exactPalette(BufferedImage image, int[] colours) {
        if (colours == null || !(image.getColorModel() instanceof IndexColorModel indexed) || colours.length != indexed.getMapSize()) {
            return image;
        }
        IndexColorModel exact =
            new IndexColorModel(indexed.getPixelSize(), colours.length, colours, 0, false, -1, image.getRaster().getTransferType());
        return new BufferedImage(exact, image.getRaster(), false, null);
    }

    /** A WebP by a decoder in Java. OpenCV's never sees one: its libwebp is of the time of CVE-2023-4863, a picture could run code. */
    static BufferedImage webP(byte[] bytes, String name) {
        WebPHeader header = WebPHeader.read(bytes, name);
        if ((long) header.width() * header.height() > WEBP_PIXELS) {
            throw HierVlException
                .data(name + " is a WebP of " + header.width() + "x" + header.height() + " pixels; they are decoded in Java, at most "
                    + WEBP_PIXELS + " pixels; convert it to PNG or JPEG");
        }
        return read(bytes, name, "WebP", new WebPImageReaderSpi().createReaderInstance(null));
    }

    private static BufferedImage read(byte[] bytes, String name, String format, ImageReader reader) {
        return read(bytes, name, format, reader, r -> r.read(0, r.getDefaultReadParam()));
    }

    /** The samples of a picture whose colours Java does not know, such as inks. */
    static Raster raster(byte[] bytes, String name, String format) {
        return read(format.equals("TIFF") ? plain(bytes, name) : bytes, name, format, reader(format),
            r -> r.readRaster(0, r.getDefaultReadParam()));
    }

    /** What a reader is asked for. */
    private interface Wanted<T> {
        T of(ImageReader reader) throws IOException;
    }

    private static <T> T read(byte[] bytes, String name, String format, ImageReader reader, Wanted<T> wanted) {
        try (ImageInputStream in = new EndingInput(bytes)) {
            reader.setInput(in, true, true);
            return wanted.of(reader);
        } catch (IOException | RuntimeException e) {
            // What other exceptions say is about a decoder's inside, not about the picture.
            boolean said = e instanceof IOException && e.getMessage() != null && !e.getMessage().isBlank();
            throw HierVlException.data(name + " cannot be decoded: "
                + (said ? e.getMessage().lines().findFirst().orElse("").strip() : "its " + format + " data are damaged"), e);
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
