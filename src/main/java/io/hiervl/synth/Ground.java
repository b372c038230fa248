package io.hiervl.synth;

import io.hiervl.synth.Vocabulary.Colour;

/** Paints the ground of a scene: its colour, slow variation, sometimes faint waves, and the pattern that is its own. */
final class Ground {
    private static final int COARSE = 5;
    private static final double[] GRASS = {0.8, 1.2, 0.6};

    private Ground() {
    }

    static void paint(Colour ground, double[] image, int n, Rng rng) {
        Colour base = ground.times(rng.uniform(0.8, 1.15));
        double[] slow = slowNoise(n, rng);
        double depth = rng.uniform(0.3, 1.5);
        boolean waves = rng.chance(0.35);
        double angle = rng.uniform(0, StrictMath.PI);
        double length = rng.uniform(6, 14);
        double cos = StrictMath.cos(angle);
        double sin = StrictMath.sin(angle);
        int oy = rng.below(12);
        int ox = rng.below(12);
        for (int y = 0; y < n; y++) {
            for (int x = 0; x < n; x++) {
                double shade = slow[y * n + x] * depth;
                if (waves) {
                    shade += 10 * StrictMath.sin((x * cos + y * sin) * 2 * StrictMath.PI / length);
                }
                double pattern = pattern(ground.name(), y, x, n, oy, ox, rng);
                for (int c = 0; c < 3; c++) {
                    double weight = ground.name().equals("grass") ? GRASS[c] : 1;
                    image[3 * (y * n + x) + c] = base.channel(c) + shade + weight * pattern;
                }
            }
        }
    }

    private static double pattern(String name, int y, int x, int n, int oy, int ox, Rng rng) {
        switch (name) {
            case "grass":
                return rng.normal(16);
            case "sand":
                return rng.normal(6);
            case "sky":
                return 35.0 * y / n;
            case "brick":
                int row = (y + oy) / 8;
                return (y + oy) % 8 < 1 || (x + ox + 6 * (row % 2)) % 12 < 1 ? 55 : 0;
            case "asphalt":
                return rng.chance(0.08) ? 45 : 0;
            default:
                throw new IllegalArgumentException("no ground " + name);
        }
    }

    /** Normal noise (deviation 14) on a 5 x 5 grid, enlarged to n x n with a cubic kernel (a = -0.5). */
    private static double[] slowNoise(int n, Rng rng) {
        double[] coarse = new double[COARSE * COARSE];
        for (int i = 0; i < coarse.length; i++) {
            coarse[i] = rng.normal(14);
        }
        double[] result = new double[n * n];
        for (int y = 0; y < n; y++) {
            double sy = (y + 0.5) * COARSE / n - 0.5;
            for (int x = 0; x < n; x++) {
                double sx = (x + 0.5) * COARSE / n - 0.5;
                double sum = 0;
                for (int j = -1; j <= 2; j++) {
                    for (int i = -1; i <= 2; i++) {
                        int iy = (int) Math.floor(sy) + j;
                        int ix = (int) Math.floor(sx) + i;
                        sum += cubic(sy - iy) * cubic(sx - ix) * coarse[clamp(iy) * COARSE + clamp(ix)];
                    }
                }
                result[y * n + x] = sum;
            }
        }
        return result;
    }

    private static int clamp(int i) {
        return Math.max(0, Math.min(COARSE - 1, i));
    }

    private static double cubic(double t) {
        double x = Math.abs(t);
        if (x < 1) {
            return (1.5 * x - 2.5) * x * x + 1;
        }
        return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
    }
}
