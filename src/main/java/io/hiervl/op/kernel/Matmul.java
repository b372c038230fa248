package io.hiervl.op.kernel;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A batched matrix product C = act(alpha A B + bias + add), or C += alpha A B.
 *
 * @param batch0     outer batch
 * @param batch1     inner batch
 * @param bias       (n), added to every row, or null
 * @param add        added elementwise (its strides may be 0), or null
 * @param activation code of {@link Act}
 * @param accumulate adds to C; then neither bias, add nor activation is allowed
 */
public record Matmul(int batch0, int batch1, int m, int k, int n, double alpha, INDArray bias, Operand add, int activation,
                     boolean accumulate) {
    public Matmul {
        if (accumulate && (bias != null || add != null || activation != Act.NONE)) {
            throw new IllegalArgumentException("accumulation excludes bias and activation");
        }
    }

    public static Matmul of(int m, int k, int n) {
        return batched(1, 1, m, k, n);
    }

    public static Matmul batched(int batch0, int batch1, int m, int k, int n) {
        return new Matmul(batch0, batch1, m, k, n, 1, null, null, Act.NONE, false);
    }

    public Matmul scaled(double factor) {
        return new Matmul(batch0, batch1, m, k, n, factor, bias, add, activation, accumulate);
    }

    public Matmul bias(INDArray vector) {
        return new Matmul(batch0, batch1, m, k, n, alpha, vector, add, activation, accumulate);
    }

    public Matmul adding(Operand operand) {
        return new Matmul(batch0, batch1, m, k, n, alpha, bias, operand, activation, accumulate);
    }

    public Matmul activated(int code) {
        return new Matmul(batch0, batch1, m, k, n, alpha, bias, add, code, accumulate);
    }

    public Matmul accumulating(boolean yes) {
        return new Matmul(batch0, batch1, m, k, n, alpha, bias, add, activation, yes);
    }
}
