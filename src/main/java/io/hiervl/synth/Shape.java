package io.hiervl.synth;

/** Outlines of things in their own rotated coordinates, and the texture drawn on them. Lengths in pixels. */
final class Shape {
    /** Half the width of outlines and bars. */
    private static final double THIN = 1.5;

    private final String kind;
    private final double cy;
    private final double cx;
    private final double r;
    private final double cos;
    private final double sin;

    Shape(String kind, double cy, double cx, double r, double rotation) {
        this.kind = kind;
        this.cy = cy;
        this.cx = cx;
        this.r = r;
        this.cos = StrictMath.cos(rotation);
        this.sin = StrictMath.sin(rotation);
    }

    double u(int y, int x) {
        return (x - cx) * cos + (y - cy) * sin;
    }

    double v(int y, int x) {
        return -(x - cx) * sin + (y - cy) * cos;
    }

    boolean contains(double u, double v) {
        double d = u * u + v * v;
        switch (kind) {
            case "circle":
                return d < r * r;
            case "ring":
                return d < r * r && d > 0.55 * r * (0.55 * r);
            case "star":
                return Math.sqrt(d) < r * (0.62 + 0.42 * StrictMath.cos(5 * StrictMath.atan2(u, -v)));
            case "square":
                return Math.max(Math.abs(u), Math.abs(v)) < 0.87 * r;
            case "cross":
                return Math.abs(u) < 0.3 * r && Math.abs(v) < r || Math.abs(v) < 0.3 * r && Math.abs(u) < r;
            case "bar":
                return Math.abs(u) < THIN && Math.abs(v) < r;
            case "hoop":
                return Math.abs(Math.sqrt(d) - 0.8 * r) < THIN;
            case "plus":
                return Math.min(Math.abs(u), Math.abs(v)) < THIN && d < r * r;
            case "frame":
                return Math.abs(Math.max(Math.abs(u), Math.abs(v)) - 0.75 * r) < THIN;
            case "triangle":
                double s = Math.sqrt(3);
                return v < 0.62 * r && s * u - v < 1.1 * r && -s * u - v < 1.1 * r;
            default:
                throw new IllegalArgumentException("no shape " + kind);
        }
    }

    /** Where the second colour of a texture is seen. */
    static final class Texture {
        private final String kind;
        private final double period;
        private final double phaseU;
        private final double phaseV;
        private final double cos;
        private final double sin;

        Texture(String kind, Rng rng) {
            this.kind = kind;
            this.period = rng.uniform(4.5, 7.5);
            this.phaseU = rng.uniform(0, period);
            this.phaseV = rng.uniform(0, period);
            double angle = rng.uniform(0, StrictMath.PI);
            this.cos = StrictMath.cos(angle);
            this.sin = StrictMath.sin(angle);
        }

        boolean second(double u, double v) {
            switch (kind) {
                case "plain":
                    return false;
                case "striped":
                    return mod(u * cos + v * sin + phaseU) < 0.5 * period;
                case "dotted":
                    double a = mod(u + phaseU) - period / 2;
                    double b = mod(v + phaseV) - period / 2;
                    return a * a + b * b < 0.3 * period * (0.3 * period);
                default:
                    throw new IllegalArgumentException("no texture " + kind);
            }
        }

        private double mod(double x) {
            return x - period * Math.floor(x / period);
        }
    }
}
