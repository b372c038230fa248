package io.hiervl.op;

import io.hiervl.backend.Kernels;
import io.hiervl.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Indices from..to-1 of one axis.
 *
 * @param size length of the axis of x
 */
@OpName("hiervl_slice")
public record Slice(int axis, long from, long to, long size) implements Op {
    @Override
    public long[][] shapes(long[]... in) {
        if (from < 0 || to > in[0][axis] || from >= to) {
            throw new IllegalArgumentException("slice " + from + ".." + to + " of axis " + axis + " of " + Arrays.toString(in[0]));
        }
        long[] shape = in[0].clone();
        shape[axis] = to - from;
        return new long[][] {shape};
    }

    @Override
    public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
        kernels.slice(in[0], axis, from, out[0]);
    }

    @Override
    public Set<Trait> traits() {
        return Set.of(Trait.CHEAP);
    }

    @Override
    public List<SDVariable> gradient(Backward g) {
        return g.apply(new Gradient(axis, from, to, size), g.cotangent(0));
    }

    /** The cotangent amid zeros. */
    @OpName("hiervl_slice_bp")
    public record Gradient(int axis, long from, long to, long size) implements Op {
        @Override
        public long[][] shapes(long[]... in) {
            long[] shape = in[0].clone();
            shape[axis] = size;
            return new long[][] {shape};
        }

        @Override
        public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
            kernels.sliceGradient(in[0], axis, from, out[0]);
        }

        /** An op that adds the cotangent to a part of an array: inputs (array, cotangent). */
        public Addition addition() {
            return new Addition(axis, from);
        }
    }

    /** x (..., n, ...) plus y at the indices from, from + 1 ... of the axis; the result may be x. Made by plans, never part of a graph. */
    @OpName("hiervl_slice_addition")
    public record Addition(int axis, long from) implements Op {
        @Override
        public long[][] shapes(long[]... in) {
            return new long[][] {in[0]};
        }

        @Override
        public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
            kernels.addToSlice(in[0], in[1], axis, from, out[0]);
        }
    }
}
