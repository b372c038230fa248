package io.hiervl.op;

import io.hiervl.op.kernel.Matching;
import io.hiervl.op.kernel.Staging;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Fixed matching of query rows with the regions of a label map, see {@link Matching}. Input labels (B,H,W); outputs
 * rowClass (B,K*L+M), slots (B,H/stride,W/stride) and presence (B,K). Not differentiated.
 */
public final class FixedMatching extends JavaOp {
    public FixedMatching() {
    }

    public FixedMatching(SameDiff sd, SDVariable labels, Matching matching) {
        super(sd, labels);
        addIArgument(matching.classes(), matching.levels(), matching.visual(), matching.stride(), matching.minCells());
        for (int k = 0; k < matching.classes(); k++) {
            addIArgument(matching.things() == null || matching.things()[k] ? 1 : 0);
        }
    }

    private Matching matching() {
        boolean[] things = new boolean[intArg(0)];
        for (int k = 0; k < things.length; k++) {
            things[k] = intArg(5 + k) != 0;
        }
        return new Matching(intArg(0), intArg(1), intArg(2), intArg(3), intArg(4), things);
    }

    @Override
    public String opName() {
        return "hiervl_fixed_matching";
    }

    @Override
    public int getNumOutputs() {
        return 3;
    }

    @Override
    public long[][] outputShapes(INDArray[] in) {
        Matching m = matching();
        long b = in[0].size(0);
        return new long[][] {{b, m.rows()}, {b, m.cells((int) in[0].size(1)), m.cells((int) in[0].size(2))}, {b, m.classes()}};
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        Matching m = matching();
        int h = (int) in[0].size(1);
        int w = (int) in[0].size(2);
        double[] labels = new double[h * w];
        for (int b = 0; b < in[0].size(0); b++) {
            Staging.read(in[0], (long) b * h * w, labels, h * w);
            Matching.Targets t = m.match(labels, h, w);
            put(t.rowClass(), out[0], b);
            put(t.slots(), out[1], b);
            put(t.presence(), out[2], b);
        }
    }

    private static void put(int[] values, INDArray out, int b) {
        if (out == null) {
            return;
        }
        double[] wide = new double[values.length];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = values[i];
        }
        Staging.write(wide, wide.length, out, (long) b * wide.length);
    }

    /** Zero: labels are constants. */
    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(new StopGradient.Zeros(sameDiff, arg(0)).outputVariable());
    }
}
