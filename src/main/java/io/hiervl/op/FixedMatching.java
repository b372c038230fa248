package io.hiervl.op;

import io.hiervl.backend.Kernels;
import io.hiervl.backend.Matching;
import io.hiervl.tensor.Tensor;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Fixed matching of query rows with the regions of a label map, see {@link Matching}. Input labels (B,H,W); results rowClass (B,K*L+M),
 * slots (B,H/stride,W/stride) and presence (B,K). Not differentiated.
 *
 * @param things by class: whether its components get slots
 */
@OpName("hiervl_fixed_matching")
public record FixedMatching(int classes, int levels, int visual, int stride, int minCells, boolean[] things) implements Op {
    public static FixedMatching of(Matching m) {
        boolean[] things = new boolean[m.classes()];
        for (int k = 0; k < things.length; k++) {
            things[k] = m.things() == null || m.things()[k];
        }
        return new FixedMatching(m.classes(), m.levels(), m.visual(), m.stride(), m.minCells(), things);
    }

    private Matching matching() {
        return new Matching(classes, levels, visual, stride, minCells, things);
    }

    @Override
    public int outputs() {
        return 3;
    }

    @Override
    public long[][] shapes(long[]... in) {
        Matching m = matching();
        long b = in[0][0];
        return new long[][] {{b, m.rows()}, {b, m.cells((int) in[0][1]), m.cells((int) in[0][2])}, {b, m.classes()}};
    }

    @Override
    public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
        kernels.fixedMatching(matching(), in[0], out[0], out[1], out[2]);
    }

    /** Zero: labels are constants. */
    @Override
    public List<SDVariable> gradient(Backward g) {
        return List.of(g.zeros(g.input(0)));
    }
}
