package io.hiervl.op;

import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Numpy broadcasting of x from one static shape to another. */
public final class Repeat extends JavaOp {
    public Repeat() {
    }

    public Repeat(SameDiff sd, SDVariable x, long[] from, long[] to) {
        super(sd, x);
        addIArgument(Shapes.encode(from, to));
    }

    @Override
    public String opName() {
        return "hiervl_broadcast";
    }

    @Override
    public int getNumOutputs() {
        return 1;
    }

    @Override
    public long[][] outputShapes(INDArray[] in) {
        return new long[][] {Shapes.decode(intArgs(), 1)};
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        if (out[0] != null) {
            new BroadcastPlan(in[0].shape(), out[0].shape()).repeat(in[0], out[0]);
        }
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> g) {
        return List.of(new Bp(sameDiff, g.get(0), Shapes.decode(intArgs(), 0), Shapes.decode(intArgs(), 1)).outputVariable());
    }

    /** Sum of the cotangent over the repeated axes. */
    public static final class Bp extends JavaOp {
        public Bp() {
        }

        Bp(SameDiff sd, SDVariable g, long[] from, long[] to) {
            super(sd, g);
            addIArgument(Shapes.encode(from, to));
        }

        @Override
        public String opName() {
            return "hiervl_broadcast_bp";
        }

        @Override
        public int getNumOutputs() {
            return 1;
        }

        @Override
        public long[][] outputShapes(INDArray[] in) {
            return new long[][] {Shapes.decode(intArgs(), 0)};
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            if (out[0] != null) {
                new BroadcastPlan(out[0].shape(), in[0].shape()).reduceToA(in[0], null, out[0]);
            }
        }
    }
}
