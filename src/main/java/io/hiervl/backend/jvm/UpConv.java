package io.hiervl.backend.jvm;

import io.hiervl.backend.Matmul;
import io.hiervl.backend.Operand;
import io.hiervl.tensor.Tensor;

/**
 * Transposed convolution 2x2 with stride 2 as one product whose rows are the four places of a block, and a change of places.
 *
 * @param plane h w
 */
record UpConv(int batch, int channels, int outputs, int h, int w, int plane) {
    static UpConv of(Tensor x, Tensor weights) {
        int h = (int) x.size(2);
        int w = (int) x.size(3);
        return new UpConv((int) x.size(0), (int) x.size(1), (int) weights.size(1), h, w, h * w);
    }

    private Tensor blocks(Tensor like) {
        return Scratch.get("upconv", like.type(), (long) batch * outputs * 4 * plane);
    }

    void forward(JavaProductKernels kernels, Tensor x, Tensor weights, Tensor bias, Tensor y) {
        Tensor blocks = blocks(x);
        kernels.matmul(Matmul.batched(batch, 1, outputs * 4, channels, plane), Operand.transposed(weights, outputs * 4L),
            new Operand(x, 0, (long) channels * plane, 0, plane, 1), new Operand(blocks, 0, outputs * 4L * plane, 0, plane, 1));
        kernels.permute(blocks, y, new long[] {(long) batch * outputs, h, 2, w, 2}, new long[] {4L * plane, w, 2L * plane, 1, plane});
        kernels.zip(ElementOp.ADD, y, bias, y, new long[] {batch, outputs, 4L * plane}, new boolean[] {true, false, true});
    }

    void backward(JavaProductKernels kernels, Tensor x, Tensor weights, Tensor cotangent, Tensor dx, Tensor dw, Tensor db) {
        Tensor blocks = blocks(x);
        kernels.permute(cotangent, blocks, new long[] {(long) batch * outputs, 2, 2, h, w}, new long[] {4L * plane, 2L * w, 1, 4L * w, 2});
        Operand g = new Operand(kernels.factor(blocks, (long) batch * outputs * 4 * plane, "upconv"), 0, outputs * 4L * plane, 0, plane, 1);
        if (dx != null) {
            kernels.matmul(Matmul.batched(batch, 1, channels, outputs * 4, plane), Operand.matrix(weights, outputs * 4L), g,
                new Operand(dx, 0, (long) channels * plane, 0, plane, 1));
        }
        for (int b = 0; b < batch && dw != null; b++) {
            Operand image = new Operand(x, (long) b * channels * plane, 0, 0, plane, 1);
            kernels.matmul(Matmul.of(channels, plane, outputs * 4).accumulating(b > 0), image, g.at(b * g.batch0()).transpose(),
                Operand.matrix(dw, outputs * 4L));
        }
        if (db != null) {
            kernels.channelSums(cotangent, batch, outputs, 4 * plane, db);
        }
    }
}
