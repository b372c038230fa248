package io.hiervl.image;

import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import io.hiervl.InputFiles;
import io.hiervl.MemoryLimits;
import io.hiervl.PublicApi;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;

/**
 * Decodes photos with OpenCV (whose JPEG decoder agrees with Pillow's), or with Java's ImageIO where OpenCV is not on the class path, and
 * writes them with ImageIO. WebP and TIFF are decoded in Java.
 * Grey, palette, RGBA, CMYK and 16-bit files become 8-bit RGB; alpha is dropped, as Pillow's {@code convert("RGB")} does.
 * Safe for several threads.
 */
@PublicApi
public final class Images {
    /** Pixels a file may claim before it is refused: 134 million, 64 times a Cityscapes picture. */
    public static final long MAX_PIXELS = 1L << 27;

    private static final long MAX_BYTES = 1L << 30;
    /** Largest value of a photo that shows nearly nothing: 12 bits stored in 16 reach 15 of 255, 14 bits 63. */
    private static final int NEARLY_BLACK = 16;
    private static final int NEARLY_BLACK_DEEP = 64;

    private Images() {
    }

    /** Reads a photo as it is stored, EXIF orientation ignored. */
    public static Photo readPhoto(Path file) {
        return decode(readBytes(file), file.toString(), false, MAX_PIXELS);
    }

    /** Reads a photo turned as its EXIF orientation says: for pictures that have no label map. */
    public static Photo readUpright(Path file) {
        byte[] bytes = readBytes(file);
        requireUndamaged(bytes, file.toString());
        return decode(bytes, file.toString(), true, MAX_PIXELS);
    }

    /** The bytes of a file; a missing file or a folder becomes a message with its name. */
    public static byte[] readBytes(Path file) {
        if (Files.isDirectory(file)) {
            throw HierVlException.data(file + " is a folder, not a picture");
        }
        return InputFiles.read(file, "a picture", MAX_BYTES, HierVlException.Kind.DATA);
    }

    /**
     * Looks for damage that the decoder of photos passes over in silence, see {@link JpegDamage}. It costs as much as decoding.
     *
     * @throws HierVlException data error naming the file
     */
    public static void requireUndamaged(byte[] bytes, String name) {
        requireUndamaged(bytes, name, MAX_PIXELS);
    }

    /** The same for photos of at most so many pixels; larger ones are refused before anybody looks into them. */
    public static void requireUndamaged(byte[] bytes, String name, long maxPixels) {
        ImageHeader header = ImageHeader.read(bytes, name);
        refuseGiant(header, name, maxPixels);
        if (header.format().equals("JPEG")) {
            JpegDamage.refuse(bytes, header, name);
        }
    }

    /**
     * Decodes a photo from memory.
     *
     * @param name      how messages call it
     * @param upright   follow the EXIF orientation
     * @param maxPixels largest width * height that is decoded
     * @throws HierVlException no picture, cut off, damaged, larger than allowed, or of samples that do not fit 8 bits
     */
    public static Photo decode(byte[] bytes, String name, boolean upright, long maxPixels) {
        Photo stored = decode(bytes, name, maxPixels, false);
        return upright ? Orientation.of(bytes).upright(stored) : stored;
    }

    /**
     * Decodes a photo from memory as it is stored.
     *
     * @param ownRange whether the file's own largest value is white, for samples of more than 8 bits
     */
    public static Photo decode(byte[] bytes, String name, long maxPixels, boolean ownRange) {
        ImageHeader header = ImageHeader.read(bytes, name);
        refuseGiant(header, name, maxPixels);
        if (header.format().equals("GIF")) {
            throw HierVlException.data(name + " is a GIF; photos are read from JPEG, PNG, BMP, TIFF and WebP");
        }
        SampleKinds kinds = SampleKinds.of(bytes, header.format());
        if (ownRange && (kinds.deep() || kinds.unsupported() != null)) {
            return DeepPhoto.read(bytes, name, header.format(), kinds);
        }
        if (kinds.unsupported() != null) {
            throw HierVlException.data(name + " has " + kinds.unsupported()
                + ", which are not supported: photos have 1, 3 or 4 channels of 8 or 16 bits"
                + (kinds.channels() == 2 || kinds.channels() > 4 ? ""
                    : "; 'photos: {range: own}' in dataset.yaml takes each file's largest value as white"));
        }
        return switch (header.format()) {
            case "WebP" -> fromBuffered(ImageReaders.webP(bytes, name));
            case "TIFF" -> TiffPhoto.read(bytes, name);
            default -> PhotoDecoder.get().decode(bytes, name, header.format());
        };
    }

    /** What is wrong inside a photo that its decoder accepts, null if nothing is found: only JPEGs are followed. */
    public static String hiddenDamage(byte[] bytes) {
        return isJpeg(bytes) ? JpegScan.damage(bytes) : null;
    }

    /**
     * The same, and colours that jump in the middle of the picture.
     *
     * @param stored the decoded photo, not turned
     */
    public static String hiddenDamage(byte[] bytes, Photo stored) {
        String damage = hiddenDamage(bytes);
        int row = damage != null || !isJpeg(bytes) ? -1 : JpegSeam.row(bytes, stored);
        return row < 0 ? damage : "its colours jump inside row " + row + ", as behind a damaged place";
    }

    private static boolean isJpeg(byte[] bytes) {
        return bytes.length > 2 && (bytes[0] & 255) == 0xFF && (bytes[1] & 255) == 0xD8;
    }

    /** What is odd about the brightness of a decoded photo, null if nothing: samples may use few of the values of their type. */
    public static String nearlyBlack(Photo photo, byte[] bytes, String name) {
        int max = 0;
        for (byte b : photo.rgb()) {
            max = Math.max(max, b & 255);
        }
        boolean deep = SampleKinds.of(bytes, ImageHeader.read(bytes, name).format()).deep();
        if (max == 0 || max >= (deep ? NEARLY_BLACK_DEEP : NEARLY_BLACK)) {
            return null;
        }
        return "is nearly black: its brightest value is " + max + " of 255" + (deep
            ? "; its samples of 16 bits hold smaller numbers, 'photos: {range: own}' in dataset.yaml"
                + " takes each file's largest value as white"
            : "");
    }

    static void refuseGiant(ImageHeader header, String name, long maxPixels) {
        if ((long) header.width() * header.height() > maxPixels) {
            throw HierVlException.data(name + " claims " + header.width() + "x" + header.height()
                + " pixels, more than the limit of " + maxPixels);
        }
    }

    /**
     * Compares a photo with Java's heap before it is decoded.
     *
     * @param bytesPerPixel what its work needs at the least: 3 for the photo alone
     * @throws HierVlException data error (exit 3) with the numbers: the photo cannot be worked on here
     */
    public static void requireHeap(byte[] bytes, String name, int bytesPerPixel) {
        ImageHeader header = ImageHeader.read(bytes, name);
        MemoryLimits.requireHeap(name + " (" + header.width() + "x" + header.height() + " pixels)",
            (double) bytesPerPixel / Float.BYTES * header.width() * header.height(), "its size");
    }

    /** Writes a photo as PNG; the folder must exist. */
    public static void writePng(Photo photo, Path file) {
        writePng(toBuffered(photo), file);
    }

    /** Writes any picture as PNG, completely or not at all; the folder must exist. */
    public static void writePng(BufferedImage image, Path file) {
        // In memory first: a stream of ImageIO on a full disk is tried again, with a stack trace, when the program ends.
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        AtomicFile.write(file, out -> {
            if (!ImageIO.write(image, "png", png)) {
                throw new IOException("no PNG writer for this kind of picture");
            }
            png.writeTo(out);
        });
    }

    public static BufferedImage toBuffered(Photo photo) {
        BufferedImage image = new BufferedImage(photo.width(), photo.height(), BufferedImage.TYPE_INT_RGB);
        int[] row = new int[photo.width()];
        byte[] rgb = photo.rgb();
        for (int y = 0, i = 0; y < photo.height(); y++) {
            for (int x = 0; x < row.length; x++, i += 3) {
                row[x] = (rgb[i] & 255) << 16 | (rgb[i + 1] & 255) << 8 | rgb[i + 2] & 255;
            }
            image.setRGB(0, y, row.length, 1, row, 0, row.length);
        }
        return image;
    }

    /** A photo from an AWT picture, alpha dropped; samples are taken as stored, as from a file, whatever colour space they claim. */
    public static Photo fromBuffered(BufferedImage image) {
        int w = image.getWidth();
        int h = image.getHeight();
        byte[] rgb = new byte[3 * w * h];
        int[] row = new int[w];
        for (int y = 0, i = 0; y < h; y++) {
            Samples.row(image, y, row, 8);
            for (int p : row) {
                rgb[i++] = (byte) (p >> 16);
                rgb[i++] = (byte) (p >> 8);
                rgb[i++] = (byte) p;
            }
        }
        return new Photo(rgb, w, h);
    }
}
