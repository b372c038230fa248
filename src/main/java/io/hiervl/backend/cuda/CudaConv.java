package io.hiervl.backend.cuda;

import io.hiervl.backend.ConvShape;
import io.hiervl.backend.Matmul;
import io.hiervl.backend.Operand;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Tensor;

/** Convolution as matrix products over unfolded patches of as many images as the working memory may hold. */
final class CudaConv {
    /** Most elements of unfolded patches at a time. */
    private static final long LIMIT = 1L << 26;

    private final CudaProductKernels kernels;
    private final ConvShape s;
    private final int depth;
    private final int plane;
    private final boolean pointwise;
    private final int group;

    CudaConv(CudaProductKernels kernels, ConvShape s) {
        this.kernels = kernels;
        this.s = s;
        depth = s.in() * s.kh() * s.kw();
        plane = s.outHeight() * s.outWidth();
        pointwise = s.kh() == 1 && s.kw() == 1 && s.stride() == 1 && s.padding() == 0;
        group = (int) Math.max(1, Math.min(s.batch(), LIMIT / ((long) depth * plane)));
    }

    private Structure structure() {
        return new Structure(64).ints(s.in(), s.height(), s.width(), s.kh(), s.kw(), s.stride(), s.padding(), s.outHeight(), s.outWidth());
    }

    private Operand images(Tensor a, int channels, int from) {
        return new Operand(a, (long) from * channels * plane, (long) channels * plane, 0, plane, 1);
    }

    private Tensor columns(ElementType type) {
        return pointwise ? null : kernels.work(type, (long) group * depth * plane);
    }

    /** The patches of images, unfolded. */
    private Operand patches(Tensor x, int from, int count, Tensor columns) {
        if (pointwise) {
            return images(x, s.in(), from);
        }
        long n = (long) count * depth * plane;
        kernels.each("unfold", n, DeviceMemory.address(x, (long) from * s.in() * s.height() * s.width()), columns, DeviceOps.code(columns),
            structure(), n);
        return images(columns, depth, 0);
    }

    void forward(Tensor x, Tensor w, Tensor bias, Tensor y) {
        Tensor columns = columns(kernels.factorType());
        for (int b = 0; b < s.batch(); b += group) {
            int count = Math.min(group, s.batch() - b);
            Matmul spec = Matmul.batched(count, 1, s.out(), depth, plane);
            kernels.matmul(bias == null ? spec : spec.adding(new Operand(bias, 0, 0, 0, 1, 0)), Operand.matrix(w, depth),
                patches(x, b, count, columns),
                images(y, s.out(), b));
        }
    }

    void weightGradient(Tensor x, Tensor g, Tensor dw) {
        Tensor columns = columns(kernels.factorType());
        boolean sum = kernels.backend.isSum(dw);
        for (int b = 0; b < s.batch(); b += group) {
            int count = Math.min(group, s.batch() - b);
            Operand patches = patches(x, b, count, columns).transpose();
            for (int i = 0; i < count; i++) {
                kernels.matmul(Matmul.of(s.out(), plane, depth).accumulating(sum || b + i > 0), images(g, s.out(), b + i),
                    patches.at(i * patches.batch0()),
                    Operand.matrix(dw, depth));
            }
        }
    }

    void inputGradient(Tensor w, Tensor g, Tensor dx) {
        Tensor columns = columns(ElementType.FLOAT);
        for (int b = 0; b < s.batch(); b += group) {
            int count = Math.min(group, s.batch() - b);
            kernels.matmul(Matmul.batched(count, 1, depth, s.out(), plane), Operand.transposed(w, depth), images(g, s.out(), b),
                pointwise ? images(dx, s.in(), b) : images(columns, depth, 0));
            if (!pointwise) {
                long n = (long) count * s.in() * s.height() * s.width();
                kernels.each("fold", n, columns, DeviceMemory.address(dx, (long) b * s.in() * s.height() * s.width()), structure(), n);
            }
        }
    }
}
