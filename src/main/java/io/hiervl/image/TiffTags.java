package io.hiervl.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The tags of a TIFF file's first picture that say how its pixels are stored (TIFF 6.0).
 *
 * @param bits        of a sample
 * @param channels    samples a pixel
 * @param format      SampleFormat: 1 unsigned, 2 signed, 3 floating point
 * @param colours     PhotometricInterpretation
 * @param compression 1 none, 6 and 7 JPEG, others without loss
 * @param orientation how the rows lie, 1 to 8 as in EXIF
 */
record TiffTags(int width, int height, int bits, int channels, int format, int colours, int compression, int orientation) {
    private static final int CLASSIC = 42;
    private static final int BIG = 43;
    private static final int LONG = 4;

    static boolean isTiff(byte[] b) {
        if (b.length < 16 || b[0] != b[1] || b[0] != 'I' && b[0] != 'M') {
            return false;
        }
        int magic = b[0] == 'I' ? (b[2] & 255) + 256 * (b[3] & 255) : (b[3] & 255) + 256 * (b[2] & 255);
        return magic == CLASSIC || magic == BIG;
    }

    /** Whether the file has the wide numbers of BigTIFF. */
    static boolean isBig(byte[] b) {
        return b[b[0] == 'I' ? 2 : 3] == BIG;
    }

    /** Null if the tags lie outside the file. */
    static TiffTags read(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes).order(bytes[0] == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        int width = 0;
        int height = 0;
        int bits = 1;
        int channels = 1;
        int format = 1;
        int colours = 1;
        int compression = 1;
        int orientation = 1;
        try {
            int at = in.getInt(4);
            int entries = in.getShort(at) & 0xFFFF;
            at += 2;
            for (int i = 0; i < entries; i++, at += 12) {
                switch (in.getShort(at) & 0xFFFF) {
                    case 256 -> width = first(in, at);
                    case 257 -> height = first(in, at);
                    case 258 -> bits = first(in, at);
                    case 277 -> channels = first(in, at);
                    case 259 -> compression = first(in, at);
                    case 262 -> colours = first(in, at);
                    case 274 -> orientation = first(in, at);
                    case 339 -> format = first(in, at);
                    default -> {
                    }
                }
            }
            return new TiffTags(width, height, bits, channels, format, colours, compression,
                orientation < 1 || orientation > 8 ? 1 : orientation);
        } catch (IndexOutOfBoundsException e) {
            return null;
        }
    }

    /** The colours 0xRRGGBB of a palette, the upper 8 of 16 bits; null if the file has none. */
    static int[] palette(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes).order(bytes[0] == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        try {
            int at = in.getInt(4);
            int entries = in.getShort(at) & 0xFFFF;
            at += 2;
            for (int i = 0; i < entries; i++, at += 12) {
                int count = in.getInt(at + 4);
                if ((in.getShort(at) & 0xFFFF) == 320 && count > 0 && count <= 3 * 256) {
                    int[] colours = new int[count / 3];
                    int place = in.getInt(at + 8);
                    for (int k = 0; k < 3 * colours.length; k++) {
                        int c = k % colours.length;
                        colours[c] = colours[c] << 8 | in.getShort(place + 2 * k) >> 8 & 255;
                    }
                    return colours;
                }
            }
        } catch (IndexOutOfBoundsException e) {
            // The reader has said so already, or does without.
        }
        return null;
    }

    /** The first value of an entry: in place if all of them fit there, else where the entry points to. */
    private static int first(ByteBuffer in, int at) {
        boolean wide = in.getShort(at + 2) == LONG;
        long count = in.getInt(at + 4) & 0xFFFFFFFFL;
        int place = (wide ? 4 : 2) * count > 4 ? in.getInt(at + 8) : at + 8;
        return wide ? in.getInt(place) : in.getShort(place) & 0xFFFF;
    }
}
