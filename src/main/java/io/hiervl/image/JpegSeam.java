package io.hiervl.image;

import java.util.Arrays;

/**
 * Finds a colour that jumps in the middle of a JPEG. Each block stores its mean as a difference to the block before, in reading order: a
 * damaged difference moves one channel of all blocks behind it. The edge is one row of blocks long and begins inside a row, so it is a
 * stair; edges of a scene rarely are. Photos without it may be damaged still.
 */
final class JpegSeam {
    /** Smallest jump that is looked at, of 255. */
    private static final float JUMP = 1.5f;
    /** The jump is this many times the largest other one of its length. */
    private static final float OTHERS = 3;
    /** Noise of pixels that were rounded to whole numbers. */
    private static final float ROUNDING = 0.2f;
    /** Largest part of the jump by which four of five places may differ from it. */
    private static final float SPREAD = 0.5f;
    /** Places at the ends of a row at which a seam is taken for an edge of the scene. */
    private static final int ENDS = 2;
    private static final int LEAST_ROWS = 5;
    private static final int LEAST_COLUMNS = 8;

    private final Photo photo;
    private final int wide;
    private final int high;

    private JpegSeam(Photo photo, int wide, int high) {
        this.photo = photo;
        this.wide = wide;
        this.high = high;
    }

    /**
     * Looks for a seam in a decoded photo.
     *
     * @param photo as it is stored, not turned
     * @return the first row of pixels behind it, -1 if there is none or the file is no baseline JPEG without restarts
     */
    static int row(byte[] jpeg, Photo photo) {
        for (int at = 2; at + 3 < jpeg.length && (jpeg[at] & 255) == 0xFF;) {
            int marker = jpeg[at + 1] & 255;
            int length = int16(jpeg, at + 2);
            if (marker == 0xDD && int16(jpeg, at + 4) > 0 || marker >= 0xC2 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8) {
                return -1;
            }
            if (marker == 0xDA || at + 12 > jpeg.length) {
                return -1;
            }
            if (marker == 0xC0 || marker == 0xC1) {
                boolean grey = jpeg[at + 9] == 1;
                return new JpegSeam(photo, grey ? 8 : 8 * (jpeg[at + 11] >> 4 & 15), grey ? 8 : 8 * (jpeg[at + 11] & 15)).find();
            }
            at += 2 + Math.max(2, length);
        }
        return -1;
    }

    private static int int16(byte[] b, int at) {
        return at + 1 < b.length ? (b[at] & 255) << 8 | b[at + 1] & 255 : 0;
    }

    private int find() {
        if (wide == 0 || high == 0) {
            return -1;
        }
        int rows = photo.height() / high;
        int columns = (photo.width() + wide - 1) / wide;
        if (rows < LEAST_ROWS || columns < LEAST_COLUMNS) {
            return -1;
        }
        for (int channel = 0; channel < 3; channel++) {
            int place = place(jumps(channel, rows, columns), columns);
            if (place >= 0) {
                return (place / columns + 1) * high;
            }
        }
        return -1;
    }

    /** How much a channel of YCbCr changes from the block above to each block, in reading order; near the edge that they share. */
    private float[] jumps(int channel, int rows, int columns) {
        float[] jumps = new float[(rows - 1) * columns];
        for (int r = 1; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                int x0 = c * wide;
                int x1 = Math.min(photo.width(), x0 + wide);
                float sum = 0;
                for (int x = x0; x < x1; x++) {
                    sum += value(channel, x, r * high + 1) - value(channel, x, r * high - 2);
                }
                jumps[(r - 1) * columns + c] = sum / (x1 - x0);
            }
        }
        return jumps;
    }

    private float value(int channel, int x, int y) {
        int r = photo.at(x, y, 0);
        int g = photo.at(x, y, 1);
        int b = photo.at(x, y, 2);
        return channel == 0 ? 0.299f * r + 0.587f * g + 0.114f * b
            : channel == 1 ? -0.169f * r - 0.331f * g + 0.5f * b : 0.5f * r - 0.419f * g - 0.081f * b;
    }

    /** Where a jump of the length of a row begins, -1 if nowhere. */
    private static int place(float[] jumps, int columns) {
        float[] medians = medians(jumps, columns);
        int count = medians.length;
        int largest = 0;
        for (int i = 0; i < count; i++) {
            largest = Math.abs(medians[i]) > Math.abs(medians[largest]) ? i : largest;
        }
        int place = exact(jumps, columns, largest, medians[largest]);
        float jump = medians[place];
        float others = 0;
        for (int i = 0; i < count; i++) {
            others = Math.abs(i - place) < columns ? others : Math.max(others, Math.abs(medians[i]));
        }
        float[] away = Arrays.copyOfRange(jumps, place, place + columns);
        for (int i = 0; i < columns; i++) {
            away[i] = Math.abs(away[i] - jump);
        }
        boolean inside = place % columns >= ENDS && place % columns <= columns - ENDS;
        float size = Math.abs(jump);
        return inside && size > JUMP && size > OTHERS * (others + ROUNDING) && quantile(away, 0.8) < SPREAD * size ? place : -1;
    }

    /** The median of every row's length of jumps. The window stays sorted: sorting each anew took seconds for a large photo. */
    private static float[] medians(float[] jumps, int columns) {
        float[] sorted = Arrays.copyOf(jumps, columns);
        Arrays.sort(sorted);
        float[] medians = new float[jumps.length - columns + 1];
        for (int i = 0; i < medians.length; i++) {
            if (i > 0) {
                replace(sorted, jumps[i - 1], jumps[i + columns - 1]);
            }
            medians[i] = sorted[middle(columns, 0.5)];
        }
        return medians;
    }

    private static void replace(float[] sorted, float old, float fresh) {
        int from = Arrays.binarySearch(sorted, old);
        int found = Arrays.binarySearch(sorted, fresh);
        int to = found < 0 ? -found - 1 : found;
        if (to > from) {
            to--;
            System.arraycopy(sorted, from + 1, sorted, from, to - from);
        } else {
            System.arraycopy(sorted, to, sorted, to + 1, from - to);
        }
        sorted[to] = fresh;
    }

    /** The place near a first guess at which most of the jump lies between it and the end of its row's length. */
    private static int exact(float[] jumps, int columns, int guess, float jump) {
        float size = Math.abs(jump);
        int best = guess;
        float most = Float.NEGATIVE_INFINITY;
        for (int i = Math.max(0, guess - columns / 2); i <= Math.min(jumps.length - columns, guess + columns / 2); i++) {
            float sum = 0;
            for (int k = i; k < i + columns; k++) {
                sum += Math.max(-size, Math.min(size, jumps[k] * Math.signum(jump)));
            }
            if (sum > most) {
                most = sum;
                best = i;
            }
        }
        return best;
    }

    private static float quantile(float[] values, double q) {
        Arrays.sort(values);
        return values[middle(values.length, q)];
    }

    private static int middle(int n, double q) {
        return (int) Math.round(q * (n - 1));
    }
}
