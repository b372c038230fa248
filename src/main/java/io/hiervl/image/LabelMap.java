package io.hiervl.image;

import io.hiervl.Content;
import io.hiervl.PublicApi;
import java.util.Arrays;

/**
 * A class index for every pixel, 0 to 255; 255 is ignored by convention.
 * The array is not copied; whoever makes or reads a map must not write into it afterwards. Safe for several threads then.
 *
 * @param values width * height bytes, unsigned, rows from top to bottom
 */
@PublicApi
public record LabelMap(byte[] values, int width, int height) {
    /** Pixels without a label. */
    public static final int IGNORE = 255;
    /** The most classes of a label map: the values below {@link #IGNORE}. */
    public static final int MOST_CLASSES = IGNORE;
    /** Pixels that padding added to an image without labels (UniMatch keeps them apart from 255). */
    public static final int PADDING = 254;

    public LabelMap {
        if (width < 1 || height < 1 || values.length != (long) width * height) {
            throw new IllegalArgumentException("label map of " + width + "x" + height + " with " + values.length + " bytes");
        }
    }

    /** A map with one value everywhere. */
    public static LabelMap filled(int width, int height, int value) {
        byte[] values = new byte[Math.multiplyExact(width, height)];
        Arrays.fill(values, (byte) value);
        return new LabelMap(values, width, height);
    }

    /** A map from class indices, each 0 to 255. */
    public static LabelMap of(int[] values, int width, int height) {
        byte[] out = new byte[values.length];
        for (int i = 0; i < out.length; i++) {
            if (values[i] < 0 || values[i] > 255) {
                throw new IllegalArgumentException("label " + values[i] + " at position " + i + " is not in 0..255");
            }
            out[i] = (byte) values[i];
        }
        return new LabelMap(out, width, height);
    }

    public int at(int x, int y) {
        return values[y * width + x] & 255;
    }

    /** How many pixels have each value; 256 entries. */
    public long[] histogram() {
        long[] counts = new long[256];
        for (byte v : values) {
            counts[v & 255]++;
        }
        return counts;
    }

    /** Every value v replaced by table[v]; the table has 256 entries. */
    public LabelMap mapped(int[] table) {
        byte[] out = new byte[values.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = (byte) table[values[i] & 255];
        }
        return new LabelMap(out, width, height);
    }

    /** The part of the canvas (left, top, w, h) of this map; what lies outside it is {@code fill}. */
    public LabelMap window(int left, int top, int w, int h, int fill) {
        byte[] out = new byte[w * h];
        Arrays.fill(out, (byte) fill);
        int x0 = Math.max(0, left);
        int x1 = Math.min(width, left + w);
        for (int y = Math.max(0, top); y < Math.min(height, top + h) && x0 < x1; y++) {
            System.arraycopy(values, y * width + x0, out, (y - top) * w + x0 - left, x1 - x0);
        }
        return new LabelMap(out, w, h);
    }

    /** Left and right exchanged. */
    public LabelMap flipped() {
        byte[] out = new byte[values.length];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                out[y * width + width - 1 - x] = values[y * width + x];
            }
        }
        return new LabelMap(out, width, height);
    }

    @Override
    public boolean equals(Object other) {
        return Content.equal(this, other);
    }

    @Override
    public int hashCode() {
        return Content.hash(this);
    }

    @Override
    public String toString() {
        return Content.text(this);
    }
}
