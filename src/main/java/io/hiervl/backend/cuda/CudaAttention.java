package io.hiervl.backend.cuda;

import io.hiervl.backend.Matmul;
import io.hiervl.backend.Operand;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Tensor;

/**
 * Attention by matrix products, for TF32 and for wide heads. Probabilities exist for a bounded number of queries at a time, in
 * working memory, and are computed again in the backward pass.
 */
final class CudaAttention implements DeviceAttention {
    /** Most logits at a time. */
    private static final long LIMIT = 1L << 25;
    private static final int MIN_ROWS = 32;

    private final CudaProductKernels kernels;
    private final int batch;
    private final int heads;
    private final int queries;
    private final int keys;
    private final int depth;
    private final double scale;
    private final int block;
    private final Operand add;
    private final Tensor p;

    CudaAttention(CudaProductKernels kernels, AttentionSize size, Tensor keyBias, Tensor mask, boolean causal) {
        this.kernels = kernels;
        batch = size.batch();
        heads = size.heads();
        queries = size.queries();
        keys = size.keys();
        depth = size.depth();
        scale = 1 / Math.sqrt(depth);
        block = (int) Math.max(1, Math.min(queries, Math.max(MIN_ROWS, LIMIT / Math.max(1, (long) batch * heads * keys))));
        add = bias(keyBias, mask, causal);
        p = logits();
    }

    private Operand bias(Tensor keyBias, Tensor mask, boolean causal) {
        if (mask == null && !causal) {
            return keyBias == null ? null : new Operand(keyBias, 0, keys, 0, 0, 1);
        }
        long n = (long) batch * queries * keys;
        Tensor total = kernels.work(ElementType.FLOAT, n);
        kernels.each("attention_bias", n, keyBias, mask, causal, total, queries, keys, n);
        return new Operand(total, 0, (long) queries * keys, 0, keys, 1);
    }

    private Tensor logits() {
        return kernels.work(ElementType.FLOAT, (long) batch * heads * block * keys);
    }

    private Operand tile(Tensor a, int rows) {
        return new Operand(a, 0, (long) heads * rows * keys, (long) rows * keys, keys, 1);
    }

    private static Operand rows(Operand o, int from) {
        return o.at(from * o.row());
    }

    private Matmul product(int m, int k, int n) {
        return Matmul.batched(batch, heads, m, k, n);
    }

    /** Softmax of the logits of the queries from, from + 1 ... */
    private Operand probabilities(Operand q, Operand k, int from, int rows) {
        Matmul spec = product(rows, depth, keys).scaled(scale);
        kernels.matmul(add == null ? spec : spec.adding(rows(add, from)), rows(q, from), k.transpose(), tile(p, rows));
        kernels.softmax(p, p, batch * heads * rows, keys);
        return tile(p, rows);
    }

    @Override
    public void forward(Operand q, Operand k, Operand v, Operand out) {
        for (int from = 0; from < queries; from += block) {
            int rows = Math.min(block, queries - from);
            kernels.matmul(product(rows, keys, depth), probabilities(q, k, from, rows), v, rows(out, from));
        }
    }

    @Override
    public void backward(Operand q, Operand k, Operand v, Operand g, Operand dq, Operand dk, Operand dv, Tensor dKeyBias) {
        boolean logitGradient = dq != null || dk != null || dKeyBias != null;
        Tensor d = logitGradient ? logits() : null;
        Operand keySum = target(dk);
        Operand valueSum = target(dv);
        Tensor biasSum = dKeyBias == null || block >= queries ? dKeyBias : kernels.work(ElementType.FLOAT, dKeyBias.length());
        for (int from = 0; from < queries; from += block) {
            int rows = Math.min(block, queries - from);
            boolean more = from > 0;
            Operand probabilities = probabilities(q, k, from, rows);
            Operand gs = rows(g, from);
            if (dv != null) {
                kernels.matmul(product(keys, rows, depth).accumulating(more), probabilities.transpose(), gs, valueSum);
            }
            if (!logitGradient) {
                continue;
            }
            kernels.matmul(product(rows, depth, keys), gs, v.transpose(), tile(d, rows));
            kernels.softmaxGradient(p, d, d, batch * heads * rows, keys);
            if (dq != null) {
                kernels.matmul(product(rows, keys, depth).scaled(scale), tile(d, rows), k, rows(dq, from));
            }
            if (dk != null) {
                kernels.matmul(product(keys, rows, depth).scaled(scale).accumulating(more), tile(d, rows).transpose(), rows(q, from),
                    keySum);
            }
            if (dKeyBias != null) {
                addKeySums(d, rows, more ? biasSum : dKeyBias, more ? dKeyBias : null);
            }
        }
        finish(keySum, dk);
        finish(valueSum, dv);
    }

    /** Sums over heads and queries, added to what is there already. */
    private void addKeySums(Tensor d, int rows, Tensor sums, Tensor total) {
        kernels.reduce(d, new long[] {batch, (long) heads * rows, keys}, null, new long[] {batch, 1, keys}, sums);
        if (total != null) {
            kernels.add(total, sums.reshape(total.shape()), total);
        }
    }

    /** Where sums over blocks of queries are added up: in place, unless that would round them after every block. */
    private Operand target(Operand o) {
        if (o == null || o.array().type() == ElementType.FLOAT || block >= queries) {
            return o;
        }
        long matrix = (long) keys * depth;
        return new Operand(kernels.work(ElementType.FLOAT, (long) batch * heads * matrix), 0, heads * matrix, matrix, depth, 1);
    }

    private void finish(Operand sum, Operand result) {
        if (result != null && sum.array() != result.array()) {
            long n = (long) batch * heads * keys * depth;
            kernels.each("copy_matrices", n, sum.array(), DeviceOps.code(sum.array()), Structure.matrices(sum), result.array(),
                DeviceOps.code(result.array()), Structure.matrices(result), heads, keys, depth, n);
        }
    }
}
