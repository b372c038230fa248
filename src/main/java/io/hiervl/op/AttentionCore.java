package io.hiervl.op;

import io.hiervl.op.kernel.KernelChoice;
import io.hiervl.op.kernel.Kernels;
import io.hiervl.op.kernel.Matmul;
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
    private static final long LIMIT = Long.getLong("hiervl.attention.tile", 1L << 17);
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

    private double scale() {
        return 1 / Math.sqrt(depth);
    }

    /** Heads of images that one thread computes together. */
    private record Group(int image, int images, int head, int count) {
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
    private int queriesAtATime() {
        return (int) Math.max(1, Math.min(queries, Math.max(MIN_ROWS, LIMIT / Math.max(1, keys))));
    }

    /** One thread's computation: the operands of its heads, packed for the products, and its working memory. */
    private final class Heads {
        private final Group group;
        private final Kernels kernels;
        private final DataType type;
        private final Operand q;
        private final Operand k;
        private final Operand v;
        private final INDArray p;
        private final int block = queriesAtATime();

        Heads(Group group, Operand q, Operand k, Operand v) {
            this.group = group;
            kernels = KernelChoice.of(q.array(), precision);
            type = logitType(q.array());
            this.q = packed(q, queries, "attention-q");
            this.k = packed(k, keys, "attention-k");
            this.v = packed(v, keys, "attention-v");
            p = logits("attention-p");
        }

        Operand part(Operand o) {
            return o.at(group.image * o.batch0() + group.head * o.batch1());
        }

        Operand packed(Operand o, int tokens, String slot) {
            return kernels.packed(part(o), group.images, group.count, tokens, depth, slot);
        }

        INDArray logits(String slot) {
            return Scratch.get(slot, type, (long) group.images * group.count * block * keys);
        }

        /** The matrices of a block in working memory. */
        Operand tile(INDArray a, int rows) {
            return new Operand(a, 0, (long) group.count * rows * keys, (long) rows * keys, keys, 1);
        }

        /** The same, as factor of several products. */
        Operand factor(INDArray a, int rows, String slot) {
            return tile(kernels.factor(a, values(rows), slot), rows);
        }

        long values(int rows) {
            return (long) group.images * group.count * rows * keys;
        }

        Matmul product(int m, int k, int n) {
            return Matmul.batched(group.images, group.count, m, k, n);
        }

        /** Softmax of the logits of the queries from, from + 1 ... */
        void probabilities(int from, int rows) {
            Matmul spec = product(rows, depth, keys).scaled(scale());
            kernels.matmul(add == null ? spec : spec.adding(rows(part(add), from)), rows(q, from), k.transpose(), tile(p, rows));
            kernels.softmax(p, p, group.images * group.count * rows, keys);
        }

        void forward(Operand out) {
            for (int from = 0; from < queries; from += block) {
                int rows = Math.min(block, queries - from);
                probabilities(from, rows);
                kernels.matmul(product(rows, keys, depth), factor(p, rows, "attention-p"), v, rows(part(out), from));
            }
        }

        /** @param keySums sums of the logits' gradients over queries and heads, by image and key; null if not wanted */
        void backward(Operand gradient, Operand dq, Operand dk, Operand dv, double[] keySums) {
            Operand g = packed(gradient, queries, "attention-g");
            boolean logitGradient = dq != null || dk != null || keySums != null;
            INDArray d = logitGradient ? logits("attention-d") : null;
            Operand keySum = dk == null ? null : target(part(dk), "attention-dk");
            Operand valueSum = dv == null ? null : target(part(dv), "attention-dv");
            for (int from = 0; from < queries; from += block) {
                int rows = Math.min(block, queries - from);
                boolean more = from > 0;
                probabilities(from, rows);
                Operand gs = rows(g, from);
                if (dv != null) {
                    kernels.matmul(product(keys, rows, depth).accumulating(more), factor(p, rows, "attention-p").transpose(), gs, valueSum);
                }
                if (!logitGradient) {
                    continue;
                }
                kernels.matmul(product(rows, depth, keys), gs, v.transpose(), tile(d, rows));
                kernels.softmaxGradient(p, d, d, group.images * group.count * rows, keys);
                Operand ds = dq != null || dk != null ? factor(d, rows, "attention-d") : null;
                if (dq != null) {
                    kernels.matmul(product(rows, keys, depth).scaled(scale()), ds, k, rows(part(dq), from));
                }
                if (dk != null) {
                    kernels.matmul(product(keys, rows, depth).scaled(scale()).accumulating(more), ds.transpose(), rows(q, from), keySum);
                }
                if (keySums != null) {
                    addColumnSums(d, rows, keySums);
                }
            }
            finish(keySum, dk);
            finish(valueSum, dv);
        }

        private Operand rows(Operand o, int from) {
            return o.at(from * o.row());
        }

        /** Where sums over blocks of queries are added up: in place, unless that would round them after every block. */
        private Operand target(Operand o, String slot) {
            if (o.array().dataType() == type || block >= queries) {
                return o;
            }
            long matrix = (long) keys * depth;
            return new Operand(Scratch.get(slot, type, group.images * group.count * matrix), 0, group.count * matrix, matrix, depth, 1);
        }

        private void finish(Operand sum, Operand result) {
            if (result != null && sum.array() != result.array()) {
                kernels.copy(sum, part(result), group.images, group.count, keys, depth);
            }
        }

        private void addColumnSums(INDArray d, int rows, double[] sums) {
            Slab in = Slab.of(d);
            double[] row = new double[keys];
            int perImage = group.count * rows;
            for (int r = 0; r < group.images * perImage; r++) {
                in.get(r * keys, row, 0, keys);
                int at = r / perImage * keys;
                for (int i = 0; i < keys; i++) {
                    sums[at + i] += row[i];
                }
            }
        }
    }

    /** out = softmax(...) v. */
    void forward(Operand q, Operand k, Operand v, Operand out) {
        List<Group> groups = groups();
        Parallel.lanes(groups.size(), i -> new Heads(groups.get(i), q, k, v).forward(out));
    }

    /** Gradients from the cotangent g of the result; each target may be null. dKeyBias is (B,Tk). */
    void backward(Operand q, Operand k, Operand v, Operand g, Operand dq, Operand dk, Operand dv, INDArray dKeyBias) {
        List<Group> groups = groups();
        double[][] keySums = new double[groups.size()][];
        Parallel.lanes(groups.size(), i -> {
            Group group = groups.get(i);
            keySums[i] = dKeyBias == null ? null : new double[group.images * keys];
            new Heads(group, q, k, v).backward(g, dq, dk, dv, keySums[i]);
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
