package io.hiervl.op;

import io.hiervl.op.kernel.Operand;
import io.hiervl.op.kernel.Parallel;
import io.hiervl.op.kernel.Precision;
import io.hiervl.op.kernel.Scratch;
import io.hiervl.op.kernel.Slab;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Scaled dot-product attention softmax(q k^T / sqrt(d) + bias) v over (batch, head), forward and backward. Probabilities
 * exist only for a bounded number of queries at a time, in scratch memory, and are computed again in the backward pass.
 * Heads are shared out among the threads.
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
    /** Most logits that a thread computes at a time: they stay in its cache from the product to the next product. */
    private static final long LIMIT = 1L << 18;
    /** Fewer queries at a time make products too thin. */
    private static final int MIN_ROWS = 32;
    private static final double BLOCKED = -1e30;

    /** Views of one head's matrix in (B, T, width) arrays. */
    static Operand heads(INDArray a, long offset, long tokens, long width, long depth) {
        return new Operand(a, offset, tokens * width, depth, width, 1);
    }

    /** Type of logits and probabilities. */
    static DataType logitType(INDArray q) {
        return q.dataType() == DataType.DOUBLE ? DataType.DOUBLE : DataType.FLOAT;
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

    /** Heads of images that one thread computes together. */
    record Group(int image, int images, int head, int count) {
    }

    private List<Group> groups() {
        long tile = (long) queries * keys;
        int perHeads = (int) Math.max(1, Math.min(heads, LIMIT / Math.max(1, tile)));
        int perImages = perHeads < heads ? 1 : (int) Math.max(1, Math.min(batch, LIMIT / Math.max(1, heads * tile)));
        List<Group> groups = new ArrayList<>();
        for (int b = 0; b < batch; b += perImages) {
            for (int h = 0; h < heads; h += perHeads) {
                groups.add(new Group(b, Math.min(perImages, batch - b), h, Math.min(perHeads, heads - h)));
            }
        }
        return groups;
    }

    /** Queries whose logits exist at a time. */
    int queriesAtATime() {
        return (int) Math.max(1, Math.min(queries, Math.max(MIN_ROWS, LIMIT / Math.max(1, keys))));
    }

    /** out = softmax(...) v. */
    void forward(Operand q, Operand k, Operand v, Operand out) {
        List<Group> groups = groups();
        Parallel.lanes(groups.size(), i -> new AttentionHeads(this, groups.get(i), q, k, v).forward(out));
    }

    /** Gradients from the cotangent g of the result; each target may be null. dKeyBias is (B,Tk). */
    void backward(Operand q, Operand k, Operand v, Operand g, Operand dq, Operand dk, Operand dv, INDArray dKeyBias) {
        List<Group> groups = groups();
        double[][] keySums = new double[groups.size()][];
        Parallel.lanes(groups.size(), i -> {
            Group group = groups.get(i);
            keySums[i] = dKeyBias == null ? null : new double[group.images * keys];
            new AttentionHeads(this, group, q, k, v).backward(g, dq, dk, dv, keySums[i]);
        });
        if (dKeyBias != null) {
            double[] total = new double[batch * keys];
            for (int i = 0; i < groups.size(); i++) {
                for (int j = 0; j < keySums[i].length; j++) {
                    total[groups.get(i).image * keys + j] += keySums[i][j];
                }
            }
            Slab.of(dKeyBias).put(0, total, 0, total.length);
        }
    }
}
