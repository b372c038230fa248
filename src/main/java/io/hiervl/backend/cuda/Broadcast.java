package io.hiervl.backend.cuda;

import io.hiervl.tensor.Shapes;
import java.util.ArrayList;
import java.util.List;

/** Axes of a numpy broadcast with the distances of two operands; neighbours are joined where both operands allow it. */
final class Broadcast {
    private final List<long[]> axes = new ArrayList<>();

    /** An axis, in the order of the arrays; axes of length 1 are left out. */
    private void add(long size, long stepA, long stepB) {
        if (size == 1) {
            return;
        }
        long[] last = axes.isEmpty() ? null : axes.get(axes.size() - 1);
        if (last != null && last[1] == size * stepA && last[2] == size * stepB) {
            last[0] *= size;
            last[1] = stepA;
            last[2] = stepB;
        } else {
            axes.add(new long[] {size, stepA, stepB});
        }
    }

    Structure structure() {
        return Structure.axes(column(0), column(1), column(2));
    }

    private long[] column(int i) {
        return axes.stream().mapToLong(a -> a[i]).toArray();
    }

    /** Number of elements. */
    long length() {
        return Shapes.product(column(0));
    }

    /** Distances of a dense array of this shape, 0 along axes of length 1. */
    private static long[] steps(long[] shape) {
        long[] steps = new long[shape.length];
        long step = 1;
        for (int i = shape.length - 1; i >= 0; i--) {
            steps[i] = shape[i] == 1 ? 0 : step;
            step *= shape[i];
        }
        return steps;
    }

    /** All axes of the result of two operands. */
    static Broadcast of(long[] a, long[] b) {
        long[] shape = Shapes.broadcast(a, b);
        long[] stepA = steps(Shapes.pad(a, shape.length));
        long[] stepB = steps(Shapes.pad(b, shape.length));
        Broadcast result = new Broadcast();
        for (int i = 0; i < shape.length; i++) {
            result.add(shape[i], stepA[i], stepB[i]);
        }
        return result;
    }

    /** Any axes with the distances of one operand. */
    static Broadcast strided(long[] shape, long[] steps) {
        Broadcast result = new Broadcast();
        for (int i = 0; i < shape.length; i++) {
            result.add(shape[i], steps[i], 0);
        }
        return result;
    }

    /**
     * A sum over the axes along which a target repeats in a dense array.
     *
     * @param kept      axes that the target has
     * @param gone      axes that are summed over
     * @param lastStays whether the last axis is one of the target
     */
    record Reduction(Broadcast kept, Broadcast gone, boolean lastStays) {
    }

    /** @param b shape of a factor that repeats as well, or null */
    static Reduction reduction(long[] whole, long[] b, long[] target) {
        long[] small = Shapes.pad(target, whole.length);
        long[] stepG = steps(whole);
        long[] stepB = b == null ? new long[whole.length] : steps(Shapes.pad(b, whole.length));
        Broadcast kept = new Broadcast();
        Broadcast gone = new Broadcast();
        boolean lastStays = true;
        for (int i = 0; i < whole.length; i++) {
            if (whole[i] != 1) {
                lastStays = small[i] != 1;
                (lastStays ? kept : gone).add(whole[i], stepG[i], stepB[i]);
            }
        }
        return new Reduction(kept, gone, lastStays);
    }
}
