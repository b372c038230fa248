package io.hiervl.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The tags of a TIFF file's first picture that say how its pixels are stored (TIFF 6.0; BigTIFF has wider numbers).
 *
 * @param bits     of a sample
 * @param channels samples a pixel
 * @param format   SampleFormat: 1 unsigned, 2 signed, 3 floating point
 */
record TiffTags(int width, int height, int bits, int channels, int format) {
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

    /** Null if the tags lie outside the file. */
    static TiffTags read(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes).order(bytes[0] == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        int width = 0;
        int height = 0;
        int bits = 1;
        int channels = 1;
        int format = 1;
        try {
            boolean big = in.getShort(2) == BIG;
            int at = Math.toIntExact(big ? in.getLong(8) : in.getInt(4) & 0xFFFFFFFFL);
            int entries = big ? (int) in.getLong(at) : in.getShort(at) & 0xFFFF;
            at += big ? 8 : 2;
            for (int i = 0; i < entries; i++, at += big ? 20 : 12) {
                switch (in.getShort(at) & 0xFFFF) {
                    case 256 -> width = first(in, at, big);
                    case 257 -> height = first(in, at, big);
                    case 258 -> bits = first(in, at, big);
                    case 277 -> channels = first(in, at, big);
                    case 339 -> format = first(in, at, big);
                    default -> {
                    }
                }
            }
            return new TiffTags(width, height, bits, channels, format);
        } catch (IndexOutOfBoundsException | ArithmeticException e) {
            return null;
        }
    }

    /** The first value of an entry: in place if all of them fit there, else where the entry points to. */
    private static int first(ByteBuffer in, int at, boolean big) {
        boolean wide = in.getShort(at + 2) == LONG;
        long count = big ? in.getLong(at + 4) : in.getInt(at + 4) & 0xFFFFFFFFL;
        int place = at + (big ? 12 : 8);
        if ((wide ? 4 : 2) * count > (big ? 8 : 4)) {
            place = Math.toIntExact(big ? in.getLong(place) : in.getInt(place) & 0xFFFFFFFFL);
        }
        return wide ? in.getInt(place) : in.getShort(place) & 0xFFFF;
    }
}
