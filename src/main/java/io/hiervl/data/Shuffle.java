package io.hiervl.data;

import java.util.SplittableRandom;

/** Seeded orders and seeds derived from numbers, so that every batch can be made from the seed and the step alone. */
public final class Shuffle {
    private Shuffle() {
    }

    /** Fisher-Yates in place. */
    static void shuffle(int[] values, SplittableRandom random) {
        for (int i = values.length - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int v = values[i];
            values[i] = values[j];
            values[j] = v;
        }
    }

    static int[] permutation(int n, SplittableRandom random) {
        int[] order = new int[n];
        for (int i = 0; i < n; i++) {
            order[i] = i;
        }
        shuffle(order, random);
        return order;
    }

    /** A generator for the given numbers; any other combination gives an unrelated one. */
    public static SplittableRandom random(long... parts) {
        long h = 0x9E3779B97F4A7C15L;
        for (long p : parts) {
            h = mix(h + 0x9E3779B97F4A7C15L ^ mix(p + 0xBF58476D1CE4E5B9L));
        }
        return new SplittableRandom(h);
    }

    /** The finaliser of SplitMix64 (Steele, Lea, Flood 2014). */
    private static long mix(long v) {
        long z = (v ^ v >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }
}
