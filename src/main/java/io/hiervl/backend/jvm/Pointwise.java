package io.hiervl.backend.jvm;

import io.hiervl.tensor.Tensor;

/** Parallel loops over the elements of arrays of equal length. */
final class Pointwise {
    private static final int PIECE = 8192;

    /** Changes the first n values in place. */
    interface Map {
        void apply(double[] v, int n);
    }

    /** Changes the first n values of a in place, reading those of b. */
    interface Zip {
        void apply(double[] a, double[] b, int n);
    }

    private Pointwise() {
    }

    static void map(Tensor x, Tensor y, Map body) {
        Slab in = Slab.of(x);
        Slab out = Slab.of(y);
        Parallel.forRange(x.length(), PIECE, (from, to) -> {
            double[] v = new double[to - from];
            in.get(from, v, 0, v.length);
            body.apply(v, v.length);
            out.put(from, v, 0, v.length);
        });
    }

    static void zip(Tensor a, Tensor b, Tensor y, Zip body) {
        Slab left = Slab.of(a);
        Slab right = Slab.of(b);
        Slab out = Slab.of(y);
        Parallel.forRange(a.length(), PIECE, (from, to) -> {
            double[] v = new double[to - from];
            double[] w = new double[to - from];
            left.get(from, v, 0, v.length);
            right.get(from, w, 0, v.length);
            body.apply(v, w, v.length);
            out.put(from, v, 0, v.length);
        });
    }

    static void copy(Tensor x, Tensor y) {
        Slab in = Slab.of(x);
        Slab out = Slab.of(y);
        Parallel.forRange(x.length(), 1 << 18, (from, to) -> out.copy(from, in, from, to - from));
    }
}
