package io.hiervl.synth;

import java.util.List;

/**
 * SplitMix64 (Steele, Lea and Flood 2014) with the few draws that rendering needs. Own code, so that the same seed gives
 * the same scenes on every Java version and processor; logarithms and cosines come from {@link StrictMath}.
 */
final class Rng {
    private static final long GAMMA = 0x9E3779B97F4A7C15L;
    private long state;

    Rng(long seed) {
        this.state = seed;
    }

    /** A stream of its own for item {@code index} of the sequence {@code seed}: items can be made in any order. */
    static Rng of(long seed, long index) {
        return new Rng(mix(mix(seed + GAMMA) + index * GAMMA));
    }

    private static long mix(long z) {
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    long nextLong() {
        state += GAMMA;
        return mix(state);
    }

    /** Uniform in [0, 1). */
    double uniform() {
        return (nextLong() >>> 11) * 0x1.0p-53;
    }

    /** Uniform in [low, high). */
    double uniform(double low, double high) {
        return low + (high - low) * uniform();
    }

    /** Uniform in 0..bound-1. */
    int below(int bound) {
        return (int) (uniform() * bound);
    }

    /** True with probability p. */
    boolean chance(double p) {
        return uniform() < p;
    }

    /** Normal with mean 0 and this standard deviation (Box and Muller, one value a call). */
    double normal(double deviation) {
        double u = 1 - uniform();
        return deviation * StrictMath.sqrt(-2 * StrictMath.log(u)) * StrictMath.cos(2 * StrictMath.PI * uniform());
    }

    <T> T pick(List<T> items) {
        return items.get(below(items.size()));
    }

    /** The numbers 0..n-1 in random order (Fisher and Yates). */
    int[] permutation(int n) {
        int[] p = new int[n];
        for (int i = 0; i < n; i++) {
            int j = below(i + 1);
            p[i] = p[j];
            p[j] = i;
        }
        return p;
    }
}
