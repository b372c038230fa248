package io.hiervl.image;

import java.util.Arrays;

/**
 * Finds where the mean values of blocks jump and stay displaced. A JPEG stores each mean as a difference to the one before, so one wrong
 * bit that leaves valid codes displaces all blocks behind it in reading order: in its own row to the right, in the next row on the left,
 * both by the same amount. A real edge follows the rows of blocks like this in hardly any photo.
 */
final class DcShift {
    /** Grey levels; smaller jumps hide in photos. */
    private static final double LEAST = 4;
    /** A jump must be so many times the usual difference of neighbours. */
    private static final double CLEAR = 5;
    /** Usual differences below it are rounding. */
    private static final double ROUNDING = 0.5;
    /** Blocks that must be seen on either side. */
    private static final int SEEN = 3;

    private final float[] level;
    private final int across;

    private DcShift(float[] level, int across) {
        this.level = level;
        this.across = across;
    }

    /**
     * Row of blocks of the first jump, -1 if there is none.
     *
     * @param level  mean of every block in grey levels, row by row
     * @param across blocks in a row
     */
    static int find(float[] level, int across, int down) {
        DcShift search = new DcShift(level, across);
        for (int r = 1; r + 1 < down; r++) {
            for (int c = SEEN; c + SEEN < across; c++) {
                if (search.jumps(r, c)) {
                    return r;
                }
            }
        }
        return -1;
    }

    /** Difference to the block above. */
    private float rise(int r, int c) {
        return level[r * across + c] - level[(r - 1) * across + c];
    }

    private boolean jumps(int r, int c) {
        float d = rise(r, c + 1);
        if (Math.abs(d) < LEAST / 2 || !near(rise(r, across - 1), d) || !near(rise(r + 1, 0), d) || !near(rise(r, (c + across) / 2), d)) {
            return false;
        }
        float[] right = rises(r, c + 1, across);
        float[] left = rises(r + 1, 0, c);
        float shift = median(right);
        float usual = Math.max(Math.max(spread(right, shift), spread(left, shift)),
            Math.max(spread(rises(r, 0, c), 0), spread(rises(r + 1, c + 1, across), 0)));
        return Math.abs(shift) >= LEAST && Math.abs(median(left) - shift) <= Math.abs(shift) / 4
            && Math.abs(shift) >= CLEAR * Math.max(ROUNDING, usual);
    }

    private static boolean near(float a, float b) {
        return Math.abs(a - b) <= Math.abs(b) / 2;
    }

    private float[] rises(int r, int from, int to) {
        float[] values = new float[to - from];
        for (int c = from; c < to; c++) {
            values[c - from] = rise(r, c);
        }
        return values;
    }

    private static float median(float[] values) {
        float[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private static float spread(float[] values, float centre) {
        float[] distances = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            distances[i] = Math.abs(values[i] - centre);
        }
        return median(distances);
    }
}
