package io.hiervl.image;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

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
    private static final int WIDTH = 256;
    private static final int HEIGHT = 257;
    /** A picture has a few dozen. */
    static final int MOST_ENTRIES = 4096;

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

    /** Pages of the size of the first one; smaller ones are previews. What follows a damaged directory is not counted. */
    static int pages(byte[] bytes) {
        int pages = 0;
        try {
            TiffDirectory page = TiffDirectory.of(bytes);
            int width = page.size(WIDTH);
            int height = page.size(HEIGHT);
            for (int n = 0; n < MOST_ENTRIES; n++) {
                pages += page.size(WIDTH) == width && page.size(HEIGHT) == height ? 1 : 0;
                long next = page.next();
                if (next == 0) {
                    break;
                }
                page = TiffDirectory.at(page.in(), page.big(), TiffDirectory.place(next));
            }
        } catch (IndexOutOfBoundsException e) {
            return pages;
        }
        return pages;
    }

    /** Null if the tags lie outside the file. */
    static TiffTags read(byte[] bytes) {
        int width = 0;
        int height = 0;
        int bits = 1;
        int channels = 1;
        int format = 1;
        int colours = 1;
        int compression = 1;
        int orientation = 1;
        try {
            TiffDirectory tags = TiffDirectory.of(bytes);
            for (int i = 0; i < tags.entries(); i++) {
                switch (tags.tag(i)) {
                    case 256 -> width = tags.first(i);
                    case 257 -> height = tags.first(i);
                    case 258 -> bits = tags.first(i);
                    case 277 -> channels = tags.first(i);
                    case 259 -> compression = tags.first(i);
                    case 262 -> colours = tags.first(i);
                    case 274 -> orientation = tags.first(i);
                    case 339 -> format = tags.first(i);
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
        try {
            TiffDirectory tags = TiffDirectory.of(bytes);
            for (int i = 0; i < tags.entries(); i++) {
                long count = tags.count(i);
                if (tags.tag(i) == 320 && count > 0 && count <= 3 * 256) {
                    int[] colours = new int[(int) count / 3];
                    int place = tags.values(i);
                    for (int k = 0; k < 3 * colours.length; k++) {
                        int c = k % colours.length;
                        colours[c] = colours[c] << 8 | tags.in().getShort(place + 2 * k) >> 8 & 255;
                    }
                    return colours;
                }
            }
        } catch (IndexOutOfBoundsException e) {
            // The reader has said so already, or does without.
        }
        return null;
    }

    /**
     * A BigTIFF as a TIFF of the same pixels, which Java's reader knows: its first directory is written again behind the file, with numbers
     * of 32 bits. Other files are returned as they are.
     *
     * @throws IndexOutOfBoundsException the directory or its values lie outside the file
     */
    static byte[] classic(byte[] bytes) {
        if (!isBig(bytes)) {
            return bytes;
        }
        TiffDirectory tags = TiffDirectory.of(bytes);
        List<byte[]> far = new ArrayList<>();
        ByteBuffer table = ByteBuffer.allocate(2 + 12 * tags.entries() + 4).order(tags.in().order());
        table.putShort((short) tags.entries());
        int end = bytes.length + table.capacity();
        for (int i = 0; i < tags.entries(); i++) {
            boolean wide = tags.type(i) >= 16;
            int width = wide ? 4 : TiffDirectory.width(tags.type(i));
            int count = TiffDirectory.place(tags.count(i));
            int from = tags.values(i);
            byte[] values = new byte[Math.multiplyExact(Math.min(count, bytes.length), width)];
            ByteBuffer to = ByteBuffer.wrap(values).order(tags.in().order());
            for (int k = 0; wide && k < count; k++) {
                to.putInt(4 * k, TiffDirectory.place(tags.in().getLong(from + 8 * k)));
            }
            if (!wide) {
                tags.in().get(from, values);
            }
            table.putShort((short) tags.tag(i)).putShort((short) (wide ? LONG : tags.type(i))).putInt(count);
            if (values.length <= 4) {
                table.put(Arrays.copyOf(values, 4));
            } else {
                table.putInt(end);
                far.add(values);
                end = Math.addExact(end, values.length);
            }
        }
        ByteBuffer out = ByteBuffer.allocate(end).order(tags.in().order());
        out.put(bytes).put(table.putInt(0).array());
        far.forEach(out::put);
        return out.putShort(2, (short) CLASSIC).putInt(4, bytes.length).array();
    }
}
