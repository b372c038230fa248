package io.hiervl.backend.jvm;

import io.hiervl.backend.Matmul;
import io.hiervl.backend.Operand;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Tensor;

/**
 * One thread's part of attention: the operands of its heads, packed for the products, and its working memory. Logits and
 * probabilities of a block of queries stay in the thread's cache from one product to the next.
 */
final class AttentionHeads {
    private final AttentionCore core;
    private final AttentionCore.Group group;
    private final JavaProductKernels kernels;
    private final ElementType type;
    private final Operand q;
    private final Operand k;
    private final Operand v;
    private final Tensor p;
    private final int block;
    private final double scale;

    AttentionHeads(AttentionCore core, AttentionCore.Group group, Operand q, Operand k, Operand v) {
        this.core = core;
        this.group = group;
        block = core.queriesAtATime();
        scale = 1 / Math.sqrt(core.depth());
        kernels = core.kernels().ofThread();
        type = AttentionCore.logitType(q.array());
        this.q = packed(q, core.queries(), "attention-q");
        this.k = packed(k, core.keys(), "attention-k");
        this.v = packed(v, core.keys(), "attention-v");
        p = logits("attention-p");
    }

    private Operand part(Operand o) {
        return o.at(group.image() * o.batch0() + group.head() * o.batch1());
    }

    private Operand packed(Operand o, int tokens, String slot) {
        return kernels.packed(part(o), group.images(), group.count(), tokens, core.depth(), slot);
    }

    private Tensor logits(String slot) {
        return Scratch.get(slot, type, (long) group.images() * group.count() * block * core.keys());
    }

    /** The matrices of a block in working memory. */
    private Operand tile(Tensor a, int rows) {
        return new Operand(a, 0, (long) group.count() * rows * core.keys(), (long) rows * core.keys(), core.keys(), 1);
    }

    /** The same, as factor of several products. */
    private Operand factor(Tensor a, int rows, String slot) {
        return tile(kernels.factor(a, values(rows), slot), rows);
    }

    private long values(int rows) {
        return (long) group.images() * group.count() * rows * core.keys();
    }

    private Matmul product(int m, int k, int n) {
        return Matmul.batched(group.images(), group.count(), m, k, n);
    }

    /** Softmax of the logits of the queries from, from + 1 ... */
    private void probabilities(int from, int rows) {
        Matmul spec = product(rows, core.depth(), core.keys()).scaled(scale);
        kernels.matmul(core.add() == null ? spec : spec.adding(rows(part(core.add()), from)), rows(q, from), k.transpose(), tile(p, rows));
        kernels.softmax(p, p, group.images() * group.count() * rows, core.keys());
    }

    /** out = softmax(...) v of the group's heads. */
    void forward(Operand out) {
        for (int from = 0; from < core.queries(); from += block) {
            int rows = Math.min(block, core.queries() - from);
            probabilities(from, rows);
            kernels.matmul(product(rows, core.keys(), core.depth()), factor(p, rows, "attention-p"), v, rows(part(out), from));
        }
    }

    /**
     * Gradients of the group's heads from the cotangent of their results; each target may be null.
     *
     * @param keySums sums of the logits' gradients over queries and heads, by image and key
     */
    void backward(Operand gradient, Operand dq, Operand dk, Operand dv, double[] keySums) {
        Operand g = packed(gradient, core.queries(), "attention-g");
        boolean logitGradient = dq != null || dk != null || keySums != null;
        Tensor d = logitGradient ? logits("attention-d") : null;
        Operand keySum = dk == null ? null : target(part(dk), "attention-dk");
        Operand valueSum = dv == null ? null : target(part(dv), "attention-dv");
        for (int from = 0; from < core.queries(); from += block) {
            int rows = Math.min(block, core.queries() - from);
            boolean more = from > 0;
            probabilities(from, rows);
            Operand gs = rows(g, from);
            if (dv != null) {
                addProduct(1, factor(p, rows, "attention-p"), gs, rows, valueSum, more);
            }
            if (!logitGradient) {
                continue;
            }
            kernels.matmul(product(rows, core.depth(), core.keys()), gs, v.transpose(), tile(d, rows));
            kernels.softmaxGradient(p, d, d, group.images() * group.count() * rows, core.keys());
            Operand ds = dq != null || dk != null ? factor(d, rows, "attention-d") : null;
            if (dq != null) {
                kernels.matmul(product(rows, core.keys(), core.depth()).scaled(scale), ds, k, rows(part(dq), from));
            }
            if (dk != null) {
                addProduct(scale, ds, rows(q, from), rows, keySum, more);
            }
            if (keySums != null) {
                addColumnSums(d, rows, keySums);
            }
        }
        finish(keySum, dk);
        finish(valueSum, dv);
    }

    /** sum (keys, depth) += factor tile^T right. */
    private void addProduct(double factor, Operand tile, Operand right, int rows, Operand sum, boolean more) {
        if (sum.column() == 1) {
            kernels.matmul(product(core.keys(), rows, core.depth()).scaled(factor).accumulating(more), tile.transpose(), right, sum);
        } else {
            Matmul spec = product(core.depth(), rows, core.keys()).scaled(factor).accumulating(more);
            kernels.matmul(spec, right.transpose(), tile, sum.transpose());
        }
    }

    private Operand rows(Operand o, int from) {
        return o.at(from * o.row());
    }

    /** Where sums over blocks of queries are added up: in place, unless that would round them after every block, or transposed. */
    private Operand target(Operand o, String slot) {
        if (!kernels.readsTransposedFactors()) {
            long matrix = (long) core.keys() * core.depth();
            Tensor sums = Scratch.get(slot, type, (long) group.images() * group.count() * matrix);
            return new Operand(sums, 0, group.count() * matrix, matrix, 1, core.keys());
        }
        if (o.array().type() == type || block >= core.queries()) {
            return o;
        }
        long matrix = (long) core.keys() * core.depth();
        return new Operand(Scratch.get(slot, type, (long) group.images() * group.count() * matrix), 0, group.count() * matrix, matrix,
            core.depth(), 1);
    }

    private void finish(Operand sum, Operand result) {
        if (result != null && sum.array() != result.array()) {
            kernels.copy(sum, part(result), group.images(), group.count(), core.keys(), core.depth());
        }
    }

    private void addColumnSums(Tensor d, int rows, double[] sums) {
        Slab in = Slab.of(d);
        double[] row = new double[core.keys()];
        int perImage = group.count() * rows;
        for (int r = 0; r < group.images() * perImage; r++) {
            in.get(r * core.keys(), row, 0, core.keys());
            int at = r / perImage * core.keys();
            for (int i = 0; i < core.keys(); i++) {
                sums[at + i] += row[i];
            }
        }
    }
}
