package io.hiervl.backend.jvm;

import io.hiervl.backend.AttentionInput;
import io.hiervl.backend.Operand;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Scaled dot-product attention softmax(q k^T / sqrt(d) + bias) v over (batch, head), forward and backward. Probabilities
 * exist only for a bounded number of queries at a time, in scratch memory, and are computed again in the backward pass.
 * Heads are shared out among the threads.
 *
 * @param kernels multiply, of the calling thread
 * @param batch   B
 * @param heads   H
 * @param queries Tq
 * @param keys    Tk
 * @param depth   width of one head
 * @param add     additive logits with batch and row strides, or null
 */
record AttentionCore(JavaProductKernels kernels, int batch, int heads, int queries, int keys, int depth, Operand add) {
    /** Most logits that a thread computes at a time: they stay in its cache from the product to the next product. */
    private static final long LIMIT = 1L << 18;
    /** Fewer queries at a time make products too thin. */
    private static final int MIN_ROWS = 32;
    private static final double BLOCKED = -1e30;

    static AttentionCore of(JavaProductKernels kernels, AttentionInput in) {
        int batch = (int) in.q().size(0);
        int queries = (int) in.q().size(1);
        int keys = (int) in.k().size(1);
        Operand add = bias(in.keyBias(), in.mask(), in.causal(), batch, queries, keys, logitType(in.q()));
        return new AttentionCore(kernels, batch, in.heads(), queries, keys, (int) in.q().size(2) / in.heads(), add);
    }

    /** Of tokens to themselves, q, k and v side by side (B,T,3D). */
    static AttentionCore packed(JavaProductKernels kernels, Tensor qkv, int heads, boolean causal) {
        int batch = (int) qkv.size(0);
        int tokens = (int) qkv.size(1);
        Operand add = bias(null, null, causal, batch, tokens, tokens, logitType(qkv));
        return new AttentionCore(kernels, batch, heads, tokens, tokens, (int) qkv.size(2) / 3 / heads, add);
    }

    /** Type of logits and probabilities. */
    static ElementType logitType(Tensor q) {
        return q.type() == ElementType.DOUBLE ? ElementType.DOUBLE : ElementType.FLOAT;
    }

    /** Additive logits of a key bias (B,Tk), a 0/1 mask (B,Tq,Tk) and the causal rule; any may be absent. */
    static Operand bias(Tensor keyBias, Tensor mask, boolean causal, int batch, int queries, int keys, ElementType type) {
        if (mask == null && !causal) {
            return keyBias == null ? null : new Operand(keyBias, 0, keys, 0, 0, 1);
        }
        // also the causal rule alone is written out for every image: oneDNN adds nothing that repeats over images and heads
        Tensor total = Scratch.get("attention-bias", type, (long) batch * queries * keys);
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
    void backward(Operand q, Operand k, Operand v, Operand g, Operand dq, Operand dk, Operand dv, Tensor dKeyBias) {
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
