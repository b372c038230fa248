package io.hiervl.backend.jvm;

import io.hiervl.tensor.Tensor;
import java.util.Arrays;

/** Largest of every 2 x 2 values. */
final class MaxPool {
    private MaxPool() {
    }

    /** The maxima of x, or with a cotangent g its gradient. */
    static void run(Tensor x, Tensor g, Tensor target) {
        int width = (int) x.size(x.rank() - 1);
        int height = (int) x.size(x.rank() - 2);
        int w = width / 2;
        int h = height / 2;
        Slab in = Slab.of(x);
        Slab cotangent = g == null ? null : Slab.of(g);
        Slab out = Slab.of(target);
        Parallel.forRange(x.length() / width / height, Math.max(1, 16_384 / (width * height)), (from, to) -> {
            double[] two = new double[2 * width];
            double[] spread = new double[2 * width];
            double[] line = new double[w];
            for (int p = from; p < to; p++) {
                for (int y = 0; y < h; y++) {
                    int at = (p * height + 2 * y) * width;
                    in.get(at, two, 0, 2 * width);
                    if (cotangent == null) {
                        for (int i = 0; i < w; i++) {
                            line[i] = two[argMax(two, i, width)];
                        }
                        out.put((p * h + y) * w, line, 0, w);
                    } else {
                        cotangent.get((p * h + y) * w, line, 0, w);
                        Arrays.fill(spread, 0);
                        for (int i = 0; i < w; i++) {
                            spread[argMax(two, i, width)] = line[i];
                        }
                        out.put(at, spread, 0, 2 * width);
                    }
                }
                if (cotangent != null && height % 2 == 1) {
                    out.fill((p * height + height - 1) * width, width, 0);
                }
            }
        });
    }

    private static int argMax(double[] two, int i, int width) {
        int best = 2 * i;
        for (int j : new int[] {2 * i + 1, width + 2 * i, width + 2 * i + 1}) {
            if (two[j] > two[best]) {
                best = j;
            }
        }
        return best;
    }
}
