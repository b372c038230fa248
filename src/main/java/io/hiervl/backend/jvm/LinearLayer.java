package io.hiervl.backend.jvm;

import io.hiervl.backend.Matmul;
import io.hiervl.backend.Operand;
import io.hiervl.tensor.Activation;
import io.hiervl.tensor.Tensor;

/** A linear layer over any product. The backward pass computes the pre-activation again where it needs it. */
final class LinearLayer {
    private LinearLayer() {
    }

    static void forward(JavaProductKernels kernels, Tensor x, Tensor w, Tensor b, Activation activation, Tensor y) {
        int k = (int) w.size(1);
        int n = (int) w.size(0);
        int m = (int) (x.length() / k);
        kernels.matmul(Matmul.of(m, k, n).bias(b).activated(activation), Operand.matrix(x, k), Operand.transposed(w, k),
            Operand.matrix(y, n));
    }

    static void backward(JavaProductKernels kernels, Tensor x, Tensor w, Tensor saved, Activation activation, Tensor cotangent, Tensor dx,
                         Tensor dw,
                         Tensor db) {
        int k = (int) w.size(1);
        int n = (int) w.size(0);
        int m = (int) (x.length() / k);
        Tensor g = cotangent;
        if (activation == Activation.RELU) {
            Tensor dz = Scratch.get("linear", kernels.factorType(w), (long) m * n);
            kernels.activationGradient(activation, saved, g, dz, m * n);
            g = dz;
        } else if (activation != Activation.NONE) {
            Tensor dz = Scratch.get("linear", w.type(), (long) m * n);
            forward(kernels, x, w, saved, Activation.NONE, dz);
            kernels.activationGradient(activation, dz, g, dz, m * n);
            g = dz;
        }
        Tensor factor = dx != null && dw != null ? kernels.factor(g, (long) m * n, "linear") : g;
        if (dx != null) {
            kernels.matmul(Matmul.of(m, n, k), Operand.matrix(factor, n), Operand.matrix(w, k), Operand.matrix(dx, k));
        }
        kernels.weightGradient(x, g, factor, dw, db, m, k, n);
    }
}
