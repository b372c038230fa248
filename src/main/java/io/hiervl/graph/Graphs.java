package io.hiervl.graph;

import io.hiervl.op.SameDiffOps;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.array.SingleThreadArrayHolder;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Creates SameDiff graphs whose variables share arrays with a {@link ParameterStore} instead of copying them. */
public final class Graphs {
    private Graphs() {
    }

    /** An empty graph. */
    public static SameDiff create() {
        SameDiffOps.start();
        SameDiff sd = SameDiff.create();
        // The default holders copy every array that is put into them.
        sd.setArrayHolders(new SingleThreadArrayHolder(), new SingleThreadArrayHolder(), false);
        return sd;
    }

    static SDVariable variable(SameDiff sd, String name, INDArray array) {
        SDVariable v = sd.var(name, array);
        requireShared(v, array);
        return v;
    }

    static SDVariable constant(SameDiff sd, String name, INDArray array) {
        SDVariable v = sd.constant(name, array);
        requireShared(v, array);
        return v;
    }

    private static void requireShared(SDVariable v, INDArray array) {
        if (v.getArr() != array) {
            // SameDiff duplicates an array that another variable of the graph holds already.
            v.getSameDiff().setArrayForVariable(v.name(), array);
        }
    }
}
