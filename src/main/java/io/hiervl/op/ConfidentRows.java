package io.hiervl.op;

import io.hiervl.backend.Kernels;
import io.hiervl.tensor.Tensor;
import java.util.List;
import java.util.Set;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Chooses rows by their own class logits (B,Q,K or K+1), for equation 2 without labels. Results: class of every row or -100 (B,Q), and
 * weights (B,Q). Not differentiated.
 *
 * @param classes   K
 * @param threshold a row counts if its best outcome, no object included, is a class of at least this probability; weights are then
 *                  1 / number of rows of the image that count. Below or at 0: every row counts with weight 1 and the best of the K classes,
 *                  the paper's literal rule
 */
@OpName("hiervl_confident_rows")
public record ConfidentRows(int classes, double threshold) implements Op {
    @Override
    public int outputs() {
        return 2;
    }

    @Override
    public long[][] shapes(long[]... in) {
        long[] shape = {in[0][0], in[0][1]};
        return new long[][] {shape, shape.clone()};
    }

    @Override
    public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
        kernels.confidentRows(in[0], classes, threshold, out[0], out[1]);
    }

    @Override
    public Set<Trait> traits() {
        return Set.of(Trait.CUT);
    }

    /** Zero: a choice has no slope. */
    @Override
    public List<SDVariable> gradient(Backward g) {
        return List.of(g.zeros(g.input(0)));
    }
}
