package io.hiervl.op;

import io.hiervl.op.kernel.Staging;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Scalars times coefficients: inputs n scalars (1) and then coefficients (n); result (1). The scalars get gradients. */
public final class WeightedSum extends JavaOp {
    public WeightedSum() {
    }

    public WeightedSum(SameDiff sd, List<SDVariable> scalars, SDVariable coefficients) {
        super(sd, append(scalars, coefficients));
    }

    private static SDVariable[] append(List<SDVariable> list, SDVariable last) {
        SDVariable[] all = list.toArray(new SDVariable[list.size() + 1]);
        all[list.size()] = last;
        return all;
    }

    @Override
    public String opName() {
        return "hiervl_weighted_sum";
    }

    @Override
    public int getNumOutputs() {
        return 1;
    }

    @Override
    public long[][] outputShapes(INDArray[] in) {
        return new long[][] {{1}};
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        double[] factors = Staging.doubles(in[in.length - 1]);
        double sum = 0;
        for (int i = 0; i < factors.length; i++) {
            // a term that is switched off must not spoil the sum, even if it is not finite
            sum += factors[i] == 0 ? 0 : factors[i] * in[i].getDouble(0);
        }
        Staging.write(new double[] {sum}, out[0]);
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        int n = args().length - 1;
        return Arrays.asList(new Backward(sameDiff, arg(n), gradients.get(0), n).outputVariables());
    }

    /** Cotangent times each coefficient. */
    public static final class Backward extends JavaOp {
        public Backward() {
        }

        Backward(SameDiff sd, SDVariable coefficients, SDVariable cotangent, int n) {
            super(sd, coefficients, cotangent);
            addIArgument(n);
        }

        @Override
        public String opName() {
            return "hiervl_weighted_sum_bp";
        }

        @Override
        public int getNumOutputs() {
            return iArguments.isEmpty() ? 0 : intArg(0);
        }

        @Override
        public long[][] outputShapes(INDArray[] in) {
            long[][] shapes = new long[getNumOutputs()][];
            Arrays.fill(shapes, new long[] {1});
            return shapes;
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            double g = in[1].getDouble(0);
            for (int i = 0; i < out.length; i++) {
                if (out[i] != null) {
                    Staging.write(new double[] {g * in[0].getDouble(i)}, out[i]);
                }
            }
        }
    }
}
