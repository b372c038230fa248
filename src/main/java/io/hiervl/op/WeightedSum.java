package io.hiervl.op;

import io.hiervl.backend.Kernels;
import io.hiervl.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/** Sum of coefficient times scalar. Inputs n scalars (1), and their coefficients (n), which get no gradient. */
@OpName("hiervl_weighted_sum")
public record WeightedSum() implements Op {
    /** The sum as a variable of a graph. */
    public static SDVariable of(SameDiff sd, List<SDVariable> scalars, SDVariable coefficients) {
        List<SDVariable> in = new ArrayList<>(scalars);
        in.add(coefficients);
        return new WeightedSum().apply(sd, in.toArray(new SDVariable[0]));
    }

    @Override
    public long[][] shapes(long[]... in) {
        return new long[][] {{1}};
    }

    @Override
    public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
        kernels.weightedSum(Arrays.copyOf(in, in.length - 1), in[in.length - 1], out[0]);
    }

    @Override
    public List<SDVariable> gradient(Backward g) {
        int n = g.inputs().length - 1;
        return g.apply(new Gradient(n), g.input(n), g.cotangent(0));
    }

    /** Gradients of the scalars. Inputs coefficients (n) and the cotangent. */
    @OpName("hiervl_weighted_sum_bp")
    public record Gradient(int scalars) implements Op {
        @Override
        public int outputs() {
            return scalars;
        }

        @Override
        public long[][] shapes(long[]... in) {
            long[][] shapes = new long[scalars][];
            Arrays.fill(shapes, new long[] {1});
            return shapes;
        }

        @Override
        public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
            kernels.weightedSumGradient(in[0], in[1], out);
        }
    }
}
