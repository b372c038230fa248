package io.hiervl.op;

import io.hiervl.op.kernel.GroupNormFloat;
import io.hiervl.op.kernel.JavaKernels;
import io.hiervl.op.kernel.Parallel;
import io.hiervl.op.kernel.Slab;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Group norm of x (B,C,...) with gamma and beta (C): each group of channels is normalised over channels and space. */
public final class GroupNorm extends JavaOp {
    public GroupNorm() {
    }

    public GroupNorm(SameDiff sd, SDVariable x, SDVariable gamma, SDVariable beta, int groups, double eps) {
        super(sd, x, gamma, beta);
        addIArgument(groups);
        addTArgument(eps);
    }

    @Override
    public String opName() {
        return "hiervl_group_norm";
    }

    @Override
    public int getNumOutputs() {
        return 1;
    }

    @Override
    public long[][] outputShapes(INDArray[] in) {
        if (in[0].size(1) % intArg(0) != 0 || in[0].size(1) != in[1].length()) {
            throw new IllegalArgumentException("group norm of " + Arrays.toString(in[0].shape()) + " with " + intArg(0) + " groups and "
                + in[1].length() + " scales");
        }
        return new long[][] {in[0].shape()};
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        if (out[0] == null) {
            return;
        }
        int channels = (int) in[1].length();
        int perGroup = channels / intArg(0);
        int plane = (int) (in[0].length() / in[0].size(0) / channels);
        int row = perGroup * plane;
        double eps = realArg(0);
        if (in[0].dataType() == DataType.FLOAT) {
            new GroupNormFloat((int) in[0].size(0), intArg(0), perGroup, plane, eps).forward(in[0], in[1], in[2], out[0]);
            return;
        }
        Slab x = Slab.of(in[0]);
        Slab gamma = Slab.of(in[1]);
        Slab beta = Slab.of(in[2]);
        Slab y = Slab.of(out[0]);
        Parallel.forRange(in[0].length() / row, Math.max(1, 16_384 / row), (from, to) -> {
            double[] v = new double[row];
            for (int r = from; r < to; r++) {
                x.get(r * row, v, 0, row);
                JavaKernels.normalize(v, row, eps);
                for (int c = 0; c < perGroup; c++) {
                    int channel = r % intArg(0) * perGroup + c;
                    double scale = gamma.get(channel);
                    double shift = beta.get(channel);
                    for (int i = c * plane; i < (c + 1) * plane; i++) {
                        v[i] = v[i] * scale + shift;
                    }
                }
                y.put(r * row, v, 0, row);
            }
        });
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> g) {
        return Arrays.asList(new Bp(sameDiff, arg(0), arg(1), g.get(0), intArg(0), realArg(0)).outputVariables());
    }

    /** Gradients of x, gamma and beta. */
    public static final class Bp extends JavaOp {
        public Bp() {
        }

        Bp(SameDiff sd, SDVariable x, SDVariable gamma, SDVariable g, int groups, double eps) {
            super(sd, x, gamma, g);
            addIArgument(groups);
            addTArgument(eps);
        }

        @Override
        public String opName() {
            return "hiervl_group_norm_bp";
        }

        @Override
        public int getNumOutputs() {
            return 3;
        }

        @Override
        public long[][] outputShapes(INDArray[] in) {
            return new long[][] {in[0].shape(), in[1].shape(), in[1].shape()};
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            int groups = intArg(0);
            int batch = (int) in[0].size(0);
            int channels = (int) in[1].length();
            int perGroup = channels / groups;
            int plane = (int) (in[0].length() / batch / channels);
            int row = perGroup * plane;
            if (in[0].dataType() == DataType.FLOAT) {
                new GroupNormFloat(batch, groups, perGroup, plane, realArg(0)).backward(in[0], in[1], in[2], out[0], out[1], out[2]);
                return;
            }
            Slab x = Slab.of(in[0]);
            Slab gamma = Slab.of(in[1]);
            Slab g = Slab.of(in[2]);
            Slab dx = out[0] == null ? null : Slab.of(out[0]);
            // one row of sums per image, added up in order afterwards
            double[][] scales = new double[batch][channels];
            double[][] shifts = new double[batch][channels];
            Parallel.forRange((long) batch * groups, Math.max(1, 16_384 / row), (from, to) -> {
                double[] v = new double[row];
                double[] d = new double[row];
                for (int r = from; r < to; r++) {
                    x.get(r * row, v, 0, row);
                    g.get(r * row, d, 0, row);
                    double inverse = JavaKernels.normalize(v, row, realArg(0));
                    for (int c = 0; c < perGroup; c++) {
                        int channel = r % groups * perGroup + c;
                        double scale = gamma.get(channel);
                        double sumScale = 0;
                        double sumShift = 0;
                        for (int i = c * plane; i < (c + 1) * plane; i++) {
                            sumShift += d[i];
                            sumScale += d[i] * v[i];
                            d[i] *= scale;
                        }
                        scales[r / groups][channel] = sumScale;
                        shifts[r / groups][channel] = sumShift;
                    }
                    if (dx != null) {
                        JavaKernels.normalizeGradient(v, d, row, inverse);
                        dx.put(r * row, d, 0, row);
                    }
                }
            });
            JavaKernels.putSum(scales, out[1], channels);
            JavaKernels.putSum(shifts, out[2], channels);
        }
    }
}
