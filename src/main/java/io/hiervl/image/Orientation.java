package io.hiervl.image;

import com.drew.imaging.ImageMetadataReader;
import com.drew.imaging.ImageProcessingException;
import com.drew.metadata.Metadata;
import com.drew.metadata.MetadataException;
import com.drew.metadata.exif.ExifIFD0Directory;
import java.io.ByteArrayInputStream;
import java.io.IOException;

/**
 * The EXIF orientation of a photo (TIFF tag 274): how the stored pixels have to be turned to stand upright.
 *
 * @param value 1 (upright as stored) to 8
 */
public record Orientation(int value) {
    public static final Orientation NONE = new Orientation(1);

    public Orientation {
        if (value < 1 || value > 8) {
            throw new IllegalArgumentException("orientation " + value + " is not in 1..8");
        }
    }

    /** What a photo's file says; {@link #NONE} if it says nothing, or nothing that can be read. */
    public static Orientation of(byte[] bytes) {
        if (bytes.length < 12 || bytes[0] == 'B' && bytes[1] == 'M') {
            return NONE;
        }
        if (TiffTags.isTiff(bytes)) {
            TiffTags tags = TiffTags.read(bytes);
            return tags == null ? NONE : new Orientation(tags.orientation());
        }
        try {
            boolean png = (bytes[0] & 255) == 0x89 && bytes[1] == 'P';
            byte[] read = png ? PngFile.orientationOnly(bytes) : bytes;
            Metadata metadata = ImageMetadataReader.readMetadata(new ByteArrayInputStream(read), read.length);
            for (ExifIFD0Directory exif : metadata.getDirectoriesOfType(ExifIFD0Directory.class)) {
                if (exif.containsTag(ExifIFD0Directory.TAG_ORIENTATION)) {
                    int value = exif.getInt(ExifIFD0Directory.TAG_ORIENTATION);
                    return value >= 1 && value <= 8 ? new Orientation(value) : NONE;
                }
            }
            return NONE;
        } catch (ImageProcessingException | MetadataException | IOException | RuntimeException e) {
            // Damaged metadata say nothing; whether the pixels are good is the decoder's question.
            return NONE;
        }
    }

    public boolean isNone() {
        return value == 1;
    }

    /** Whether width and height change places. */
    public boolean swaps() {
        return value > 4;
    }

    /** The stored pixels turned upright. */
    public Photo upright(Photo stored) {
        if (isNone()) {
            return stored;
        }
        int w = stored.width();
        int h = stored.height();
        int outW = swaps() ? h : w;
        int outH = swaps() ? w : h;
        byte[] from = stored.rgb();
        byte[] to = new byte[from.length];
        for (int y = 0, i = 0; y < outH; y++) {
            for (int x = 0; x < outW; x++, i += 3) {
                int at = 3 * source(x, y, w, h);
                to[i] = from[at];
                to[i + 1] = from[at + 1];
                to[i + 2] = from[at + 2];
            }
        }
        return new Photo(to, outW, outH);
    }

    /** Where pixel (x, y) of the upright picture lies among the stored ones. */
    private int source(int x, int y, int w, int h) {
        return switch (value) {
            case 2 -> y * w + w - 1 - x;
            case 3 -> (h - 1 - y) * w + w - 1 - x;
            case 4 -> (h - 1 - y) * w + x;
            case 5 -> x * w + y;
            case 6 -> (h - 1 - x) * w + y;
            case 7 -> (h - 1 - x) * w + w - 1 - y;
            case 8 -> x * w + w - 1 - y;
            default -> y * w + x;
        };
    }
}
