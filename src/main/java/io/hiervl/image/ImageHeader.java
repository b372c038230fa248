package io.hiervl.image;

import io.hiervl.HierVlException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Iterator;
import java.util.Locale;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/**
 * What the first bytes of a picture file say, read before any pixel is decoded: decoders allocate what the header
 * claims, and return a grey tail instead of an error for a file that was cut.
 *
 * @param format PNG, JPEG, BMP, TIFF, WebP or GIF
 */
public record ImageHeader(String format, int width, int height) {
    private static final int PNG_CRITICAL = 0x20;
    /** Progressive photos have about ten; decoders go over the whole picture for each. */
    private static final int MAX_SCANS = 100;

    /**
     * Reads the header and walks the file's own structure to its end.
     *
     * @param name how messages call the file
     * @throws HierVlException the bytes are no picture, are cut off or damaged
     */
    public static ImageHeader read(byte[] bytes, String name) {
        if (bytes.length == 0) {
            throw HierVlException.data(name + " is empty (0 bytes)");
        }
        if (startsWith(bytes, 0x89, 'P', 'N', 'G')) {
            return png(bytes, name);
        }
        if (startsWith(bytes, 0xFF, 0xD8)) {
            return jpeg(bytes, name);
        }
        if (WebPHeader.isWebP(bytes)) {
            WebPHeader webp = WebPHeader.read(bytes, name);
            if (webp.animated()) {
                throw HierVlException.data(name + " is an animated WebP; photos are still pictures");
            }
            return checked("WebP", webp.width(), webp.height(), name);
        }
        if (TiffTags.isTiff(bytes)) {
            TiffTags tags = TiffTags.read(bytes);
            if (tags == null) {
                throw HierVlException.data(name + " is truncated: the TIFF file ends after " + bytes.length + " bytes, before its tags");
            }
            return checked("TIFF", tags.width(), tags.height(), name);
        }
        String foreign = ForeignFormats.name(bytes);
        if (foreign != null) {
            throw HierVlException
                .data(name + (foreign.startsWith("A") ? " is an " : " is a ") + foreign + ", which is not read; convert it to JPEG or PNG");
        }
        refuseText(bytes, name);
        if (!known(bytes)) {
            throw unknown(bytes, name);
        }
        return other(bytes, name);
    }

    private static ImageHeader png(byte[] b, String name) {
        int width = 0;
        int height = 0;
        int at = 8;
        CRC32 crc = new CRC32();
        while (at + 12 <= b.length) {
            int length = int32(b, at);
            String type = new String(b, at + 4, 4, StandardCharsets.ISO_8859_1).replaceAll("[^A-Za-z0-9]", "?");
            if (length < 0 || (long) at + 12 + length > b.length) {
                throw truncated(name, "PNG", b.length, "the " + type + " chunk at byte " + at + " is longer than the file");
            }
            if (type.equals("IHDR")) {
                width = int32(b, at + 8);
                height = int32(b, at + 12);
            }
            crc.reset();
            crc.update(b, at + 4, length + 4);
            if ((b[at + 4] & PNG_CRITICAL) == 0 && (int) crc.getValue() != int32(b, at + 8 + length)) {
                throw HierVlException.data(name + " is damaged: the " + type + " chunk at byte " + at + " has a wrong checksum");
            }
            if (type.equals("IEND")) {
                return checked("PNG", width, height, name);
            }
            at += 12 + length;
        }
        throw truncated(name, "PNG", b.length, "it has no IEND chunk");
    }

    private static ImageHeader jpeg(byte[] b, String name) {
        int width = 0;
        int height = 0;
        int frames = 0;
        int scans = 0;
        int at = 2;
        while (at + 1 < b.length) {
            if ((b[at] & 255) != 0xFF) {
                at++;
                continue;
            }
            int marker = b[at + 1] & 255;
            if (marker == 0xD9) {
                return checked("JPEG", width, height, name);
            }
            if (marker == 0xFF || marker == 0 || marker == 1 || marker >= 0xD0 && marker <= 0xD8) {
                at += marker == 0xFF ? 1 : 2;
                continue;
            }
            if (at + 3 >= b.length) {
                break;
            }
            boolean frame = marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
            if (frame && frames++ > 0) {
                throw HierVlException.data(name + " is damaged: the JPEG has two frame headers, the second at byte " + at);
            }
            if (marker == 0xDA && ++scans > MAX_SCANS) {
                throw HierVlException.data(name + ": the JPEG has more than " + MAX_SCANS + " scans; no photo has");
            }
            if (frame && at + 8 < b.length) {
                height = int16(b, at + 5);
                width = int16(b, at + 7);
            }
            // After a scan header comes compressed data without a length; the loop walks over it to the next marker.
            at += 2 + Math.max(2, int16(b, at + 2));
        }
        throw truncated(name, "JPEG", b.length, "it has no end-of-image marker");
    }

    private static ImageHeader other(byte[] bytes, String name) {
        try (ImageInputStream in = ImageIO.createImageInputStream(new ByteArrayInputStream(bytes))) {
            Iterator<ImageReader> readers = bytes[0] == 'B' || bytes[0] == 'G' ? ImageIO.getImageReaders(in) : Collections.emptyIterator();
            if (readers.hasNext()) {
                ImageReader reader = readers.next();
                try {
                    reader.setInput(in);
                    return checked(reader.getFormatName().toUpperCase(Locale.ROOT), reader.getWidth(0), reader.getHeight(0), name);
                } finally {
                    reader.dispose();
                }
            }
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            if (e instanceof HierVlException known) {
                throw known;
            }
            throw HierVlException.data(name + " is damaged: "
                + (e.getMessage() == null ? "its header ends too early" : e.getMessage().lines().findFirst().orElse("")), e);
        }
        throw unknown(bytes, name);
    }

    /** BMP and GIF by their first bytes: decoders of other formats are not asked at all. */
    private static boolean known(byte[] b) {
        return startsWith(b, 'B', 'M') || startsWith(b, 'G', 'I', 'F', '8');
    }

    private static HierVlException unknown(byte[] bytes, String name) {
        return HierVlException.data(String.format(Locale.ROOT,
            "%s is no picture that can be read (JPEG, PNG, BMP, TIFF, WebP, GIF); its first bytes are %02x %02x %02x %02x",
            name, byteAt(bytes, 0), byteAt(bytes, 1), byteAt(bytes, 2), byteAt(bytes, 3)));
    }

    private static void refuseText(byte[] bytes, String name) {
        int n = Math.min(bytes.length, 60);
        String start = new String(bytes, 0, n, StandardCharsets.ISO_8859_1);
        if (start.startsWith("version https://git-lfs")) {
            throw HierVlException.data(name + " is a Git LFS pointer, not the picture itself: run git lfs pull");
        }
        if (start.startsWith("BM") || start.startsWith("GIF8")) {
            return;
        }
        if (start.chars().allMatch(c -> c >= 32 && c < 127 || c == '\n' || c == '\r' || c == '\t')) {
            // A page of a web server shows what went wrong. Other texts may be secrets to which a link under a picture's name leads.
            String first = start.strip().lines().findFirst().orElse("");
            throw HierVlException
                .data(name + " is a text file, not a picture" + (first.startsWith("<") ? "; it begins with '" + first + "'" : ""));
        }
    }

    private static ImageHeader checked(String format, int width, int height, String name) {
        if (width < 1 || height < 1) {
            throw HierVlException.data(name + ": the " + format + " header claims " + width + "x" + height + " pixels");
        }
        return new ImageHeader(format, width, height);
    }

    private static HierVlException truncated(String name, String format, int bytes, String why) {
        return HierVlException.data(name + " is truncated: the " + format + " file ends after " + bytes + " bytes, " + why);
    }

    private static boolean startsWith(byte[] b, int... first) {
        for (int i = 0; i < first.length; i++) {
            if (i >= b.length || (b[i] & 255) != first[i]) {
                return false;
            }
        }
        return true;
    }

    private static int byteAt(byte[] b, int i) {
        return i < b.length ? b[i] & 255 : 0;
    }

    private static int int16(byte[] b, int at) {
        return (b[at] & 255) << 8 | b[at + 1] & 255;
    }

    private static int int32(byte[] b, int at) {
        return int16(b, at) << 16 | int16(b, at + 2);
    }
}
