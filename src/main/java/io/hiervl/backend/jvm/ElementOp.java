package io.hiervl.backend.jvm;

/** Arithmetic of two elements. */
public enum ElementOp {
    ADD, SUBTRACT, MULTIPLY, DIVIDE;

    boolean commutes() {
        return this == ADD || this == MULTIPLY;
    }

    /** a = a op b for n elements. */
    void apply(double[] a, double[] b, int n) {
        switch (this) {
            case ADD -> {
                for (int i = 0; i < n; i++) {
                    a[i] += b[i];
                }
            }
            case SUBTRACT -> {
                for (int i = 0; i < n; i++) {
                    a[i] -= b[i];
                }
            }
            case MULTIPLY -> {
                for (int i = 0; i < n; i++) {
                    a[i] *= b[i];
                }
            }
            case DIVIDE -> {
                for (int i = 0; i < n; i++) {
                    a[i] /= b[i];
                }
            }
        }
    }
}
