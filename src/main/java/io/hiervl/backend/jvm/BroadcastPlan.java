package io.hiervl.backend.jvm;

import io.hiervl.tensor.Shapes;
import io.hiervl.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Walks over the result of a numpy broadcast in rows along which each operand either advances by 1 or stays. Neighbouring
 * axes are joined where both operands allow it.
 */
public final class BroadcastPlan {
    private static final int PIECE = 8192;
    /** Lengths of the joined axes, and distances of the operands along them. */
    private final int[] dims;
    private final int[] strideA;
    private final int[] strideB;
    private final int inner;
    private final int pieces;
    private final int rows;

    public BroadcastPlan(long[] a, long[] b) {
        long[] out = Shapes.broadcast(a, b);
        long[] pa = Shapes.pad(a, out.length);
        long[] pb = Shapes.pad(b, out.length);
        List<long[]> joined = new ArrayList<>();
        long sizeA = 1;
        long sizeB = 1;
        for (int d = out.length - 1; d >= 0; d--) {
            if (out[d] == 1) {
                continue;
            }
            long stepA = pa[d] == 1 ? 0 : sizeA;
            long stepB = pb[d] == 1 ? 0 : sizeB;
            long[] last = joined.isEmpty() ? null : joined.get(joined.size() - 1);
            if (last != null && (stepA == 0) == (last[1] == 0) && (stepB == 0) == (last[2] == 0)) {
                last[0] *= out[d];
            } else {
                joined.add(new long[] {out[d], stepA, stepB});
            }
            sizeA *= pa[d];
            sizeB *= pb[d];
        }
        if (joined.isEmpty()) {
            joined.add(new long[] {1, 1, 1});
        }
        int n = joined.size();
        dims = new int[n];
        strideA = new int[n];
        strideB = new int[n];
        int outer = 1;
        for (int i = 0; i < n; i++) {
            long[] axis = joined.get(n - 1 - i);
            dims[i] = (int) axis[0];
            strideA[i] = (int) axis[1];
            strideB[i] = (int) axis[2];
            outer *= i < n - 1 ? dims[i] : 1;
        }
        inner = dims[n - 1];
        pieces = (inner + PIECE - 1) / PIECE;
        rows = outer * pieces;
    }

    private int stepA() {
        return strideA[dims.length - 1];
    }

    private int stepB() {
        return strideB[dims.length - 1];
    }

    private int index(int outer, int[] strides) {
        int at = 0;
        int rest = outer;
        for (int i = dims.length - 2; i >= 0; i--) {
            at += rest % dims[i] * strides[i];
            rest /= dims[i];
        }
        return at;
    }

    private static void load(Slab s, int at, int step, double[] to, int n) {
        if (step == 0) {
            java.util.Arrays.fill(to, 0, n, s.get(at));
        } else {
            s.get(at, to, 0, n);
        }
    }

    private long grain() {
        return Math.max(1, PIECE / Math.min(inner, PIECE));
    }

    private interface Row {
        void run(int part, int outer, int first, int n);
    }

    private void forRows(long grain, Row body) {
        Parallel.forParts(rows, grain, (part, from, to) -> {
            for (int r = from; r < to; r++) {
                int first = r % pieces * PIECE;
                body.run(part, r / pieces, first, Math.min(PIECE, inner - first));
            }
        });
    }

    /** y = a op b; where only one operand repeats the kernels know it as such. */
    void zip(JavaShapeKernels kernels, ElementOp op, Tensor a, Tensor b, Tensor y) {
        boolean[] repeatsA = repeats(strideA);
        boolean[] repeatsB = repeats(strideB);
        long[] shape = Arrays.stream(dims).asLongStream().toArray();
        if (!any(repeatsA)) {
            kernels.zip(op, a, b, y, shape, repeatsB);
        } else if (op.commutes() && !any(repeatsB)) {
            kernels.zip(op, b, a, y, shape, repeatsA);
        } else {
            loops(op, a, b, y);
        }
    }

    /** y = a op b in plain loops. */
    void loops(ElementOp op, Tensor a, Tensor b, Tensor y) {
        Slab left = Slab.of(a);
        Slab right = Slab.of(b);
        Slab out = Slab.of(y);
        ThreadLocal<double[][]> buffers = buffers();
        forRows(grain(), (part, outer, first, n) -> {
            double[] v = buffers.get()[0];
            double[] w = buffers.get()[1];
            load(left, index(outer, strideA) + first * stepA(), stepA(), v, n);
            load(right, index(outer, strideB) + first * stepB(), stepB(), w, n);
            op.apply(v, w, n);
            out.put(outer * inner + first, v, 0, n);
        });
    }

    private static boolean[] repeats(int[] strides) {
        boolean[] result = new boolean[strides.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = strides[i] == 0;
        }
        return result;
    }

    private static boolean any(boolean[] flags) {
        for (boolean flag : flags) {
            if (flag) {
                return true;
            }
        }
        return false;
    }

    /** y = a repeated; the second shape of the plan is that of y. */
    void repeat(Tensor a, Tensor y) {
        Slab in = Slab.of(a);
        Slab out = Slab.of(y);
        ThreadLocal<double[][]> buffers = buffers();
        forRows(grain(), (part, outer, first, n) -> {
            double[] v = buffers.get()[0];
            load(in, index(outer, strideA) + first * stepA(), stepA(), v, n);
            out.put(outer * inner + first, v, 0, n);
        });
    }

    /** Lengths of the two joined axes, of which a repeats along exactly one; null if the plan is of another kind. */
    public long[] matrix() {
        return dims.length == 2 && (strideA[0] == 0) != (strideA[1] == 0) ? new long[] {dims[0], dims[1]} : null;
    }

    /** Whether a repeats along the first of the axes of {@link #matrix}, so that its gradient is a row of sums of columns. */
    public boolean repeatsFirst() {
        return strideA[0] == 0;
    }

    /** Axes along which b repeats. */
    public boolean[] repeatsOfB() {
        return repeats(strideB);
    }

    private ThreadLocal<double[][]> buffers() {
        return ThreadLocal.withInitial(() -> new double[2][Math.min(inner, PIECE)]);
    }

    /** da = sum of g * b (of g, if b is null) over the axes along which a was repeated. */
    void reduceToA(Tensor g, Tensor b, Tensor da) {
        int length = (int) da.length();
        Slab cotangent = Slab.of(g);
        Slab factor = b == null ? null : Slab.of(b);
        // few large parts where a is long: every part sums into its own copy
        long parts = Math.max(1, Math.min(16, 4_000_000L / length));
        long grain = Math.max(grain(), (rows + parts - 1) / parts);
        double[][] sums = new double[Parallel.parts(rows, grain)][];
        ThreadLocal<double[][]> buffers = buffers();
        forRows(grain, (part, outer, first, n) -> {
            if (sums[part] == null) {
                sums[part] = new double[length];
            }
            double[] sum = sums[part];
            double[] v = buffers.get()[0];
            cotangent.get(outer * inner + first, v, 0, n);
            if (factor != null) {
                double[] w = buffers.get()[1];
                load(factor, index(outer, strideB) + first * stepB(), stepB(), w, n);
                for (int i = 0; i < n; i++) {
                    v[i] *= w[i];
                }
            }
            int at = index(outer, strideA) + first * stepA();
            if (stepA() == 0) {
                double total = 0;
                for (int i = 0; i < n; i++) {
                    total += v[i];
                }
                sum[at] += total;
            } else {
                for (int i = 0; i < n; i++) {
                    sum[at + i] += v[i];
                }
            }
        });
        JavaKernels.putSum(sums, da, length);
    }
}
