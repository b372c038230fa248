package io.hiervl.op;

import io.hiervl.backend.Kernels;
import io.hiervl.tensor.Shapes;
import io.hiervl.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.nd4j.autodiff.samediff.SDVariable;

/** a + b with numpy's broadcasting; static shapes. */
@OpName("hiervl_add")
public record Add(long[] shapeA, long[] shapeB) implements Op {
    @Override
    public long[][] shapes(long[]... in) {
        return new long[][] {Shapes.broadcast(in[0], in[1])};
    }

    @Override
    public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
        kernels.add(in[0], in[1], out[0]);
    }

    @Override
    public Set<Trait> traits() {
        return Set.of(Trait.CHEAP);
    }

    @Override
    public List<SDVariable> gradient(Backward g) {
        return List.of(toShape(g, shapeA), toShape(g, shapeB));
    }

    private SDVariable toShape(Backward g, long[] shape) {
        long[] result = Shapes.broadcast(shapeA, shapeB);
        if (Arrays.equals(shape, result)) {
            return g.apply(new Rename(), g.cotangent(0)).get(0);
        }
        Op op = Shapes.product(shape) == Shapes.product(result) ? new Reshape(result, shape) : new Repeat.Gradient(shape, result);
        return g.apply(op, g.cotangent(0)).get(0);
    }
}
