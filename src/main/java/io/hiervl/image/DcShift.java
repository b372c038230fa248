package io.hiervl.image;

import java.util.Arrays;
import java.util.List;

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
    /** The other components may jump by such a part. */
    private static final int OTHERS = 3;

    private final float[] level;
    private final int across;

    private DcShift(float[] level, int across) {
        this.level = level;
        this.across = across;
    }

    /**
     * Row of blocks of the first jump, -1 if there is none. One component jumps, because each has differences of its own; at an edge of
     * what the photo shows all of them do.
     *
     * @param levels for every component the mean of every block in grey levels, row by row
     * @param across blocks in a row
     */
    static int find(float[][] levels, int across, int down) {
        List<DcShift> parts = Arrays.stream(levels).map(l -> new DcShift(l, across)).toList();
        for (DcShift part : parts) {
            for (int r = 1; r + 1 < down; r++) {
                for (int c = SEEN; c + SEEN < across; c++) {
                    int row = r;
                    int column = c;
                    float shift = part.jump(r, c);
                    if (shift > 0
                        && parts.stream().allMatch(other -> other == part || other.rise(row, column) <= shift / OTHERS)) {
                        return r;
                    }
                }
            }
        }
        return -1;
    }

    /** Usual rise of the blocks that would be displaced, without its sign. */
    private float rise(int r, int c) {
        return Math.max(Math.abs(median(rises(r, c + 1, across))), Math.abs(median(rises(r + 1, 0, c))));
    }

    /** Difference to the block above. */
    private float above(int r, int c) {
        return level[r * across + c] - level[(r - 1) * across + c];
    }

    /** Size of the jump at a block, 0 if there is none. */
    private float jump(int r, int c) {
        float d = above(r, c + 1);
        if (Math.abs(d) < LEAST / 2 || !near(above(r, across - 1), d) || !near(above(r + 1, 0), d)
            || !near(above(r, (c + across) / 2), d)) {
            return 0;
        }
        float[] right = rises(r, c + 1, across);
        float[] left = rises(r + 1, 0, c);
        float shift = median(right);
        float usual = Math.max(Math.max(spread(right, shift), spread(left, shift)),
            Math.max(spread(rises(r, 0, c), 0), spread(rises(r + 1, c + 1, across), 0)));
        boolean clear = Math.abs(shift) >= LEAST && Math.abs(median(left) - shift) <= Math.abs(shift) / 4
            && Math.abs(shift) >= CLEAR * Math.max(ROUNDING, usual);
        return clear ? Math.abs(shift) : 0;
    }

    private static boolean near(float a, float b) {
        return Math.abs(a - b) <= Math.abs(b) / 2;
    }

    private float[] rises(int r, int from, int to) {
        float[] values = new float[to - from];
        for (int c = from; c < to; c++) {
            values[c - from] = above(r, c);
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
