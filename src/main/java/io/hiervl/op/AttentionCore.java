package io.hiervl.op;

import io.hiervl.op.kernel.KernelChoice;
import io.hiervl.op.kernel.Kernels;
import io.hiervl.op.kernel.Matmul;
import io.hiervl.op.kernel.Operand;
import io.hiervl.op.kernel.Parallel;
import io.hiervl.op.kernel.Precision;
import io.hiervl.op.kernel.Scratch;
import io.hiervl.op.kernel.Slab;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Scaled dot-product attention softmax(q k^T / sqrt(d) + bias) v over (batch, head), forward and backward. Probabilities
 * exist only for a bounded group of heads at a time, in scratch memory, and are computed again in the backward pass.
 *
 * @param batch   B
 * @param heads   H
 * @param queries Tq
 * @param keys    Tk
 * @param depth   width of one head
 * @param add     additive logits with batch and row strides, or null
 * @param precision arithmetic of the products; softmax and its gradient are computed in 32 bits
 */
record AttentionCore(int batch, int heads, int queries, int keys, int depth, Operand add, Precision precision) {
    /** Most logits that exist at a time (a single head may exceed it). */
    private static final long LIMIT = 1L << 22;
    private static final double BLOCKED = -1e30;

    /** Views of one head's matrix in (B, T, width) arrays. */
    static Operand heads(INDArray a, long offset, long tokens, long width, long depth) {
        return new Operand(a, offset, tokens * width, depth, width, 1);
    }

    /** Additive logits of a key bias (B,Tk), a 0/1 mask (B,Tq,Tk) and the causal rule; any may be absent. */
    static Operand bias(INDArray keyBias, INDArray mask, boolean causal, int batch, int queries, int keys, DataType type) {
        if (mask == null && !causal) {
            return keyBias == null ? null : new Operand(keyBias, 0, keys, 0, 0, 1);
        }
        // also the causal rule alone is written out for every image: oneDNN adds nothing that repeats over images and heads
        INDArray total = Scratch.get("attention-bias", type, (long) batch * queries * keys);
        Slab out = Slab.of(total);
        Slab allowed = mask == null ? null : Slab.of(mask);
        Slab shift = keyBias == null ? null : Slab.of(keyBias);
        Parallel.forRange((long) batch * queries, Math.max(1, 16_384 / keys), (from, to) -> {
            double[] row = new double[keys];
            double[] flags = new double[keys];
            for (int r = from; r < to; r++) {
                if (shift != null) {
                    shift.get(r / queries * keys, row, 0, keys);
                } else {
                    java.util.Arrays.fill(row, 0);
                }
                if (allowed != null) {
                    allowed.get(r * keys, flags, 0, keys);
                    for (int i = 0; i < keys; i++) {
                        row[i] = flags[i] == 0 ? BLOCKED : row[i];
                    }
                }
                for (int i = r % queries + 1; causal && i < keys; i++) {
                    row[i] = BLOCKED;
                }
                out.put(r * keys, row, 0, keys);
            }
        });
        return new Operand(total, 0, (long) queries * keys, 0, keys, 1);
    }

    private double scale() {
        return 1 / Math.sqrt(depth);
    }

    private int headsPerGroup() {
        long fit = LIMIT / Math.max(1, (long) queries * keys);
        return (int) Math.max(1, Math.min(heads, fit));
    }

    private int imagesPerGroup() {
        long perImage = (long) heads * queries * keys;
        return headsPerGroup() < heads ? 1 : (int) Math.max(1, Math.min(batch, LIMIT / Math.max(1, perImage)));
    }

    private interface Group {
        void run(int image, int images, int head, int count);
    }

    private void forGroups(Group body) {
        int perHeads = headsPerGroup();
        int perImages = imagesPerGroup();
        for (int b = 0; b < batch; b += perImages) {
            for (int h = 0; h < heads; h += perHeads) {
                body.run(b, Math.min(perImages, batch - b), h, Math.min(perHeads, heads - h));
            }
        }
    }

    private static Operand part(Operand o, int image, int head) {
        return o.at(image * o.batch0() + head * o.batch1());
    }

    private long groupSize() {
        return (long) imagesPerGroup() * headsPerGroup() * queries * keys;
    }

    /** out = softmax(...) v. */
    void forward(Operand q, Operand k, Operand v, Operand out) {
        Kernels kernels = KernelChoice.of(q.array(), precision);
        INDArray p = Scratch.get("attention-p", q.array().dataType(), groupSize());
        forGroups((b, images, h, count) -> {
            Operand logits = probabilities(kernels, p, q, k, b, images, h, count);
            kernels.matmul(Matmul.batched(images, count, queries, keys, depth), logits, part(v, b, h), part(out, b, h));
        });
    }

    private Operand probabilities(Kernels kernels, INDArray p, Operand q, Operand k, int b, int images, int h, int count) {
        long tile = (long) queries * keys;
        Operand logits = new Operand(p, 0, count * tile, tile, keys, 1);
        Matmul spec = Matmul.batched(images, count, queries, depth, keys).scaled(scale());
        kernels.matmul(add == null ? spec : spec.adding(part(add, b, h)), part(q, b, h), part(k, b, h).transpose(), logits);
        kernels.softmax(p, p, images * count * queries, keys);
        return logits;
    }

    /** Gradients from the cotangent g of the result; each target may be null. dKeyBias is (B,Tk). */
    void backward(Operand q, Operand k, Operand v, Operand g, Operand dq, Operand dk, Operand dv, INDArray dKeyBias) {
        Kernels kernels = KernelChoice.of(q.array(), precision);
        DataType type = q.array().dataType();
        INDArray p = Scratch.get("attention-p", type, groupSize());
        boolean logitGradient = dq != null || dk != null || dKeyBias != null;
        INDArray d = logitGradient ? Scratch.get("attention-d", type, groupSize()) : null;
        double[] biasSums = dKeyBias == null ? null : new double[batch * keys];
        forGroups((b, images, h, count) -> {
            Operand logits = probabilities(kernels, p, q, k, b, images, h, count);
            long values = (long) images * count * queries * keys;
            if (dv != null) {
                kernels.matmul(Matmul.batched(images, count, keys, queries, depth), logits.transpose(), part(g, b, h), part(dv, b, h));
            }
            if (!logitGradient) {
                return;
            }
            Operand ds = new Operand(d, 0, logits.batch0(), logits.batch1(), keys, 1);
            kernels.matmul(Matmul.batched(images, count, queries, depth, keys), part(g, b, h), part(v, b, h).transpose(), ds);
            kernels.softmaxGradient(p, d, d, images * count * queries, keys);
            Operand shared = dq != null && dk != null ? ds.of(kernels.factor(d, values, "attention")) : ds;
            if (dq != null) {
                kernels.matmul(Matmul.batched(images, count, queries, keys, depth).scaled(scale()), shared, part(k, b, h), part(dq, b, h));
            }
            if (dk != null) {
                kernels.matmul(Matmul.batched(images, count, keys, queries, depth).scaled(scale()), shared.transpose(), part(q, b, h),
                    part(dk, b, h));
            }
            if (biasSums != null) {
                addColumnSums(d, images, count * queries, b, biasSums);
            }
        });
        if (biasSums != null) {
            Slab.of(dKeyBias).put(0, biasSums, 0, biasSums.length);
        }
    }

    private void addColumnSums(INDArray d, int images, int rows, int firstImage, double[] sums) {
        Slab in = Slab.of(d);
        Parallel.forRange(images, 1, (from, to) -> {
            double[] row = new double[keys];
            for (int b = from; b < to; b++) {
                int at = (firstImage + b) * keys;
                for (int r = 0; r < rows; r++) {
                    in.get((b * rows + r) * keys, row, 0, keys);
                    for (int i = 0; i < keys; i++) {
                        sums[at + i] += row[i];
                    }
                }
            }
        });
    }
}
