package io.hiervl.backend.jvm;

import io.hiervl.backend.Matmul;
import io.hiervl.backend.Operand;
import io.hiervl.tensor.Shapes;
import io.hiervl.tensor.Tensor;

/**
 * Sizes and operand views of a product of the last two axes.
 *
 * @param batch      matrices of a
 * @param shared     whether one matrix b serves all
 */
record BatchedProduct(int batch, int m, int k, int n, boolean transposeA, boolean transposeB, boolean shared) {
    static BatchedProduct of(Tensor a, Tensor b, boolean transposeA, boolean transposeB) {
        long[] r = Shapes.product(a.shape(), b.shape(), transposeA, transposeB);
        int m = (int) r[r.length - 2];
        int n = (int) r[r.length - 1];
        int k = (int) a.size(transposeA ? a.rank() - 2 : a.rank() - 1);
        int batch = (int) Shapes.product(r, 0, r.length - 2);
        boolean shared = b.rank() == 2;
        // rows of all matrices together make one matrix when b is the same for all
        return shared && !transposeA ? new BatchedProduct(1, batch * m, k, n, false, transposeB, true)
            : new BatchedProduct(batch, m, k, n, transposeA, transposeB, shared);
    }

    private Operand a(Tensor x) {
        Operand o = new Operand(x, 0, (long) m * k, 0, transposeA ? m : k, 1);
        return transposeA ? o.transpose() : o;
    }

    private Operand b(Tensor x) {
        Operand o = new Operand(x, 0, shared ? 0 : (long) k * n, 0, transposeB ? k : n, 1);
        return transposeB ? o.transpose() : o;
    }

    private Operand c(Tensor x) {
        return new Operand(x, 0, (long) m * n, 0, n, 1);
    }

    void forward(JavaProductKernels kernels, Tensor a, Tensor b, Tensor y) {
        kernels.matmul(Matmul.batched(batch, 1, m, k, n), a(a), b(b), c(y));
    }

    void backward(JavaProductKernels kernels, Tensor a, Tensor b, Tensor cotangent, Tensor da, Tensor db) {
        Operand g = c(da != null && db != null ? kernels.factor(cotangent, cotangent.length(), "bmm") : cotangent);
        if (da != null) {
            kernels.matmul(Matmul.batched(batch, 1, m, n, k), g, b(b).transpose(), a(da));
        }
        if (db == null) {
            return;
        }
        Operand left = a(a).transpose();
        if (shared) {
            for (int i = 0; i < batch; i++) {
                kernels.matmul(Matmul.of(k, m, n).accumulating(i > 0), left.at(i * left.batch0()), g.at(i * g.batch0()), b(db));
            }
        } else {
            kernels.matmul(Matmul.batched(batch, 1, k, m, n), left, g, b(db));
        }
    }
}
