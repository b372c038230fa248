package io.hiervl.op;

import io.hiervl.op.kernel.KernelChoice;
import io.hiervl.op.kernel.Kernels;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/** a + b with numpy broadcasting; static shapes. */
public final class Add extends JavaOp {
    public Add() {
    }

    public Add(SameDiff sd, SDVariable a, SDVariable b, long[] shapeA, long[] shapeB) {
        super(sd, a, b);
        addIArgument(Shapes.encode(shapeA, shapeB));
    }

    @Override
    public String opName() {
        return "hiervl_add";
    }

    @Override
    public int getNumOutputs() {
        return 1;
    }

    @Override
    public long[][] outputShapes(INDArray[] in) {
        return new long[][] {Shapes.broadcast(in[0].shape(), in[1].shape())};
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        if (out[0] != null) {
            new BroadcastPlan(in[0].shape(), in[1].shape()).zip(Kernels.Arithmetic.ADD, in[0], in[1], out[0], (a, b, n) -> {
                for (int i = 0; i < n; i++) {
                    a[i] += b[i];
                }
            });
        }
    }

    /** y = a + b for dense arrays of equal shape; y may be a. */
    public static void sum(INDArray a, INDArray b, INDArray y) {
        if (!KernelChoice.of(a).zip(Kernels.Arithmetic.ADD, a, b, y, new long[] {a.length()}, new boolean[1])) {
            Pointwise.zip(a, b, y, (v, w, n) -> {
                for (int i = 0; i < n; i++) {
                    v[i] += w[i];
                }
            });
        }
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> g) {
        return List.of(toShape(g.get(0), 0), toShape(g.get(0), 1));
    }

    private SDVariable toShape(SDVariable g, int which) {
        long[] shape = Shapes.decode(intArgs(), which);
        long[] result = Shapes.broadcast(shape, Shapes.decode(intArgs(), 1 - which));
        if (Arrays.equals(shape, result)) {
            return new Rename(sameDiff, g).outputVariable();
        }
        if (Shapes.product(shape) == Shapes.product(result)) {
            return new Reshape(sameDiff, g, result, shape).outputVariable();
        }
        return new Repeat.Bp(sameDiff, g, shape, result).outputVariable();
    }
}
