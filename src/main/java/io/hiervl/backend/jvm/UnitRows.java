package io.hiervl.backend.jvm;

import io.hiervl.tensor.Tensor;

/** Rows divided by their length. */
final class UnitRows {
    private UnitRows() {
    }

    /** Unit rows of x, or with a cotangent g its gradient; the last axis is a row. */
    static void run(Tensor x, Tensor g, Tensor target, double eps) {
        int n = (int) x.size(x.rank() - 1);
        Slab in = Slab.of(x);
        Slab cotangent = g == null ? null : Slab.of(g);
        Slab out = Slab.of(target);
        Parallel.forRange(x.length() / n, Math.max(1, 16_384 / n), (from, to) -> {
            double[] v = new double[n];
            double[] d = new double[n];
            for (int r = from; r < to; r++) {
                in.get(r * n, v, 0, n);
                double sum = eps;
                for (double e : v) {
                    sum += e * e;
                }
                double inverse = 1 / Math.sqrt(sum);
                for (int i = 0; i < n; i++) {
                    v[i] *= inverse;
                }
                if (cotangent == null) {
                    out.put(r * n, v, 0, n);
                    continue;
                }
                cotangent.get(r * n, d, 0, n);
                double dot = 0;
                for (int i = 0; i < n; i++) {
                    dot += d[i] * v[i];
                }
                for (int i = 0; i < n; i++) {
                    d[i] = inverse * (d[i] - v[i] * dot);
                }
                out.put(r * n, d, 0, n);
            }
        });
    }
}
