package io.hiervl.op.kernel;

/** Point-wise activations by code, the ordinals of {@code io.hiervl.graph.Activation}. */
public final class Act {
    public static final int NONE = 0;
    public static final int RELU = 1;
    /** x * Phi(x), exact. */
    public static final int GELU = 2;
    /** x * sigmoid(1.702 x), OpenAI CLIP. */
    public static final int QUICK_GELU = 3;
    public static final int SIGMOID = 4;

    private static final double QUICK = 1.702;
    private static final double SQRT_HALF = Math.sqrt(0.5);
    private static final double INV_SQRT_2PI = 1 / Math.sqrt(2 * Math.PI);

    private Act() {
    }

    /** Applies the activation in place to n values. */
    public static void apply(int code, double[] v, int at, int n) {
        switch (code) {
            case NONE -> { }
            case RELU -> {
                for (int i = at; i < at + n; i++) {
                    v[i] = Math.max(v[i], 0);
                }
            }
            case GELU -> {
                for (int i = at; i < at + n; i++) {
                    v[i] = 0.5 * v[i] * (1 + Erf.erf(v[i] * SQRT_HALF));
                }
            }
            case QUICK_GELU -> {
                for (int i = at; i < at + n; i++) {
                    v[i] = v[i] * sigmoid(QUICK * v[i]);
                }
            }
            case SIGMOID -> {
                for (int i = at; i < at + n; i++) {
                    v[i] = sigmoid(v[i]);
                }
            }
            default -> throw new IllegalArgumentException("unknown activation " + code);
        }
    }

    /** Multiplies n values of g with the derivative at x. */
    public static void multiplyByDerivative(int code, double[] x, double[] g, int n) {
        for (int i = 0; i < n; i++) {
            g[i] *= derivative(code, x[i]);
        }
    }

    private static double derivative(int code, double x) {
        switch (code) {
            case NONE:
                return 1;
            case RELU:
                return x > 0 ? 1 : 0;
            case GELU:
                return 0.5 * (1 + Erf.erf(x * SQRT_HALF)) + x * INV_SQRT_2PI * Math.exp(-0.5 * x * x);
            case QUICK_GELU: {
                double s = sigmoid(QUICK * x);
                return s + QUICK * x * s * (1 - s);
            }
            case SIGMOID: {
                double s = sigmoid(x);
                return s * (1 - s);
            }
            default:
                throw new IllegalArgumentException("unknown activation " + code);
        }
    }

    static double sigmoid(double x) {
        if (x >= 0) {
            return 1 / (1 + Math.exp(-x));
        }
        double e = Math.exp(x);
        return e / (1 + e);
    }
}
