package io.hiervl.op;

import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Indices from..to-1 of one axis. */
public final class Slice extends JavaOp {
    public Slice() {
    }

    /** {@code size} is the length of the axis of x. */
    public Slice(SameDiff sd, SDVariable x, int axis, long from, long to, long size) {
        super(sd, x);
        addIArgument(axis, from, to, size);
    }

    @Override
    public String opName() {
        return "hiervl_slice";
    }

    @Override
    public int getNumOutputs() {
        return 1;
    }

    @Override
    public long[][] outputShapes(INDArray[] in) {
        long[] args = intArgs();
        if (args[1] < 0 || args[2] > in[0].size((int) args[0]) || args[1] >= args[2]) {
            throw new IllegalArgumentException("slice " + args[1] + ".." + args[2] + " of axis " + args[0] + " of "
                + java.util.Arrays.toString(in[0].shape()));
        }
        long[] shape = in[0].shape().clone();
        shape[(int) args[0]] = args[2] - args[1];
        return new long[][] {shape};
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        if (out[0] != null) {
            long[] args = intArgs();
            Blocks.copy(in[0], args[1], out[0], 0, args[2] - args[1], (int) args[0]);
        }
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> g) {
        return List.of(new Bp(sameDiff, g.get(0), intArgs()).outputVariable());
    }

    /** The cotangent amid zeros. */
    public static final class Bp extends JavaOp {
        public Bp() {
        }

        Bp(SameDiff sd, SDVariable g, long[] args) {
            super(sd, g);
            addIArgument(args);
        }

        @Override
        public String opName() {
            return "hiervl_slice_bp";
        }

        @Override
        public int getNumOutputs() {
            return 1;
        }

        @Override
        public long[][] outputShapes(INDArray[] in) {
            long[] shape = in[0].shape().clone();
            shape[intArg(0)] = intArgs()[3];
            return new long[][] {shape};
        }

        /** An op that adds the cotangent to a part of an array: inputs (array, cotangent). */
        public Addition addition() {
            return new Addition(intArgs());
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            if (out[0] == null) {
                return;
            }
            long[] args = intArgs();
            int axis = (int) args[0];
            Blocks.clear(out[0], 0, args[1], axis);
            Blocks.copy(in[0], 0, out[0], args[1], args[2] - args[1], axis);
            Blocks.clear(out[0], args[2], args[3] - args[2], axis);
        }
    }

    /** x (..., n, ...) plus y at the indices from..to-1 of the axis; the result may be x. Made by plans, never part of a graph. */
    public static final class Addition extends JavaOp {
        public Addition() {
        }

        Addition(long[] args) {
            addIArgument(args);
        }

        @Override
        public String opName() {
            return "hiervl_slice_addition";
        }

        @Override
        public int getNumOutputs() {
            return 1;
        }

        @Override
        public long[][] outputShapes(INDArray[] in) {
            return new long[][] {in[0].shape()};
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            if (out[0] != in[0]) {
                Pointwise.copy(in[0], out[0]);
            }
            Blocks.add(in[1], out[0], intArgs()[1], intArg(0));
        }
    }
}
