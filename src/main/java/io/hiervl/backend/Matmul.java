package io.hiervl.backend;

import io.hiervl.tensor.Activation;
import io.hiervl.tensor.Tensor;

/**
 * A batched matrix product C = act(alpha A B + bias + add), or C += alpha A B.
 *
 * @param batch0     outer batch
 * @param batch1     inner batch
 * @param bias       (n), added to every row, or null
 * @param add        added elementwise (its strides may be 0), or null
 * @param activation applied to every element last
 * @param accumulate adds to C; then neither bias, add nor activation is allowed
 */
public record Matmul(int batch0, int batch1, int m, int k, int n, double alpha, Tensor bias, Operand add, Activation activation,
    boolean accumulate) {
    public Matmul {
        if (accumulate && (bias != null || add != null || activation != Activation.NONE)) {
            throw new IllegalArgumentException("accumulation excludes bias and activation");
        }
    }

    public static Matmul of(int m, int k, int n) {
        return batched(1, 1, m, k, n);
    }

    public static Matmul batched(int batch0, int batch1, int m, int k, int n) {
        return new Matmul(batch0, batch1, m, k, n, 1, null, null, Activation.NONE, false);
    }

    public Matmul scaled(double factor) {
        return new Matmul(batch0, batch1, m, k, n, factor, bias, add, activation, accumulate);
    }

    public Matmul bias(Tensor vector) {
        return new Matmul(batch0, batch1, m, k, n, alpha, vector, add, activation, accumulate);
    }

    public Matmul adding(Operand operand) {
        return new Matmul(batch0, batch1, m, k, n, alpha, bias, operand, activation, accumulate);
    }

    public Matmul activated(Activation function) {
        return new Matmul(batch0, batch1, m, k, n, alpha, bias, add, function, accumulate);
    }

    public Matmul accumulating(boolean yes) {
        return new Matmul(batch0, batch1, m, k, n, alpha, bias, add, activation, yes);
    }
}
