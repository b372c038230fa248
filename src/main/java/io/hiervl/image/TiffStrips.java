package io.hiervl.image;

import io.hiervl.HierVlException;
import java.util.Arrays;
import java.util.Set;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Whether every strip or tile of a TIFF's first picture holds as many bytes as its pixels need. Java's reader takes what is there and
 * leaves the rest black, or reads on in the next strip. JPEG and fax strips are not looked at: their decoders find the end themselves.
 */
final class TiffStrips {
    private static final int PLAIN = 1;
    private static final int LZW = 5;
    private static final Set<Integer> DEFLATE = Set.of(8, 32946);
    private static final int PACK_BITS = 32773;
    /** Colours at fewer places than brightness. */
    private static final int YCBCR = 6;
    private static final int SEPARATE = 2;
    /** FillOrder: the lowest bit of a byte comes first. */
    private static final int BACKWARDS = 2;

    private TiffStrips() {
    }

    /**
     * @param bytes a TIFF with numbers of 32 bits
     * @throws HierVlException data error that names the first strip with too few bytes
     */
    static void requireWhole(byte[] bytes, String name) {
        try {
            check(bytes, name);
        } catch (IndexOutOfBoundsException | ArithmeticException e) {
            throw HierVlException.data(name + " is damaged: the tags of the TIFF lie outside the file", e);
        }
    }

    private static void check(byte[] bytes, String name) {
        TiffDirectory tags = TiffDirectory.of(bytes);
        int compression = tags.size(259) == 0 ? PLAIN : tags.size(259);
        boolean known = compression == PLAIN || compression == LZW || compression == PACK_BITS || DEFLATE.contains(compression);
        if (!known || tags.size(262) == YCBCR || tags.size(266) == BACKWARDS) {
            return;
        }
        boolean tiled = tags.size(322) > 0;
        long[] offsets = tags.all(tiled ? 324 : 273);
        long[] counts = tags.all(tiled ? 325 : 279);
        if (offsets.length != counts.length) {
            return; // the reader guesses, or says so
        }
        int height = tags.size(257);
        int rows = tiled ? tags.size(323) : rowsOfStrip(tags, height);
        long line = (Math.multiplyExact(bitsOfPixel(tags), tiled ? tags.size(322) : tags.size(256)) + 7) / 8;
        int perPlane = tiled ? Integer.MAX_VALUE : (height + rows - 1) / rows;
        for (int i = 0; i < offsets.length; i++) {
            long expected = line * (tiled ? rows : Math.min(rows, height - (long) i % perPlane * rows));
            int from = (int) Math.min(offsets[i], bytes.length);
            int to = (int) Math.min(offsets[i] + counts[i], bytes.length);
            long found = compression == PLAIN ? counts[i] == 0 ? bytes.length - from : to - from
                : compression == LZW ? lzw(bytes, from, to, expected)
                    : compression == PACK_BITS ? packBits(bytes, from, to) : deflate(bytes, from, to, expected, line * rows);
            if (found < expected) {
                throw HierVlException.data(name + " is damaged inside: " + (tiled ? "tile " : "strip ") + (i + 1) + " of " + offsets.length
                    + (found < 0 ? " does not decompress" : " holds " + found + " bytes of pixels, expected " + expected));
            }
        }
    }

    /** One strip has all rows where the file does not say, or says 2^32 - 1. */
    private static int rowsOfStrip(TiffDirectory tags, int height) {
        long rows = Integer.toUnsignedLong(tags.size(278));
        return (int) Math.max(1, rows == 0 ? height : Math.min(height, rows));
    }

    /** Bits that a strip has for each pixel: of all channels, or of one if they are apart. */
    private static long bitsOfPixel(TiffDirectory tags) {
        long[] bits = tags.all(258);
        int channels = Math.max(1, tags.size(277));
        if (tags.size(284) == SEPARATE || bits.length == 0) {
            return bits.length == 0 ? channels : bits[0];
        }
        return bits.length == channels ? Arrays.stream(bits).sum() : channels * bits[0];
    }

    /**
     * Bytes that a stream holds; -1 if it is damaged or has no end.
     *
     * @param most some writers fill the last strip up
     */
    private static long deflate(byte[] in, int from, int to, long expected, long most) {
        Inflater inflater = new Inflater();
        try {
            inflater.setInput(in, from, to - from);
            byte[] out = new byte[1 << 16];
            long found = 0;
            while (!inflater.finished()) {
                int n = inflater.inflate(out);
                found += n;
                if (found > most || n == 0 && !inflater.finished()) {
                    return found < expected ? found : -1;
                }
            }
            return found;
        } catch (DataFormatException e) {
            return -1;
        } finally {
            inflater.end();
        }
    }

    private static long packBits(byte[] in, int from, int to) {
        long found = 0;
        for (int i = from; i < to; i++) {
            int n = in[i];
            if (n >= 0) {
                found += Math.min(n + 1, to - i - 1);
                i += n + 1;
            } else if (n != -128 && i + 1 < to) {
                found += 1 - n;
                i++;
            }
        }
        return found;
    }

    /** Bytes that codes stand for; -1 for a code that is not in the table yet. */
    private static long lzw(byte[] in, int from, int to, long expected) {
        if (to - from >= 2 && in[from] == 0 && (in[from + 1] & 1) == 1) {
            return expected; // codes in the order of before TIFF 6.0
        }
        int[] length = new int[4096];
        Arrays.fill(length, 0, 256, 1);
        int next = 258;
        int width = 9;
        int before = -1;
        long found = 0;
        long bits = 8L * from;
        while (found < expected && bits + width <= 8L * to) {
            int code = 0;
            for (int k = 0; k < width; k++, bits++) {
                code = code << 1 | in[(int) (bits >> 3)] >> 7 - (int) (bits & 7) & 1;
            }
            if (code == 257) {
                break;
            }
            if (code == 256) {
                next = 258;
                width = 9;
                before = -1;
            } else if (before < 0) {
                if (code > 255) {
                    return -1;
                }
                found++;
                before = code;
            } else {
                if (code > next || code == next && next == length.length) {
                    return -1;
                }
                if (next < length.length) {
                    length[next++] = length[before] + 1;
                }
                found += length[code];
                before = code;
                width = next >= 2047 ? 12 : next >= 1023 ? 11 : next >= 511 ? 10 : 9;
            }
        }
        return found;
    }
}
