package io.hiervl.backend.jvm;

import java.util.Arrays;

/** Order statistics without sorting. */
final class Selection {
    private static final int BITS = 18;

    private Selection() {
    }

    /** The value that would stand at index k after sorting a, whose values are not negative and not NaN. */
    static double smallest(double[] a, int k) {
        // Floats that are not negative are ordered as their bits: the upper bits say in which bin the value is.
        int[] count = new int[(Float.floatToRawIntBits(Float.POSITIVE_INFINITY) >>> BITS) + 1];
        for (double v : a) {
            count[bin(v)]++;
        }
        int bin = 0;
        int below = 0;
        while (below + count[bin] <= k) {
            below += count[bin++];
        }
        double[] candidates = new double[count[bin]];
        int n = 0;
        for (double v : a) {
            if (bin(v) == bin) {
                candidates[n++] = v;
            }
        }
        Arrays.sort(candidates);
        return candidates[k - below];
    }

    private static int bin(double v) {
        return Float.floatToRawIntBits((float) v) >>> BITS;
    }
}
