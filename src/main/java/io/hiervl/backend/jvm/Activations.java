package io.hiervl.backend.jvm;

import io.hiervl.tensor.Activation;

/** Point-wise activations and their derivatives, in double. */
final class Activations {

    private static final double QUICK = 1.702;
    private static final double SQRT_HALF = Math.sqrt(0.5);
    private static final double INV_SQRT_2PI = 1 / Math.sqrt(2 * Math.PI);

    private Activations() {
    }

    /** Applies the activation in place to n values. */
    static void apply(Activation activation, double[] v, int at, int n) {
        switch (activation) {
            case NONE -> {}
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
        }
    }

    /** Multiplies n values of g with the derivative at x. */
    static void multiplyByDerivative(Activation activation, double[] x, double[] g, int n) {
        for (int i = 0; i < n; i++) {
            g[i] *= derivative(activation, x[i]);
        }
    }

    private static double derivative(Activation activation, double x) {
        switch (activation) {
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
                throw new IllegalArgumentException("unknown activation " + activation);
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
