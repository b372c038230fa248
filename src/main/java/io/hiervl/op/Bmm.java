package io.hiervl.op;

import io.hiervl.op.kernel.KernelChoice;
import io.hiervl.op.kernel.Kernels;
import io.hiervl.op.kernel.Matmul;
import io.hiervl.op.kernel.Operand;
import io.hiervl.op.kernel.Precision;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Matrix product of the last two axes, either operand transposed on request. Leading axes are equal, or b has rank 2 and
 * serves all matrices of a.
 */
public final class Bmm extends JavaOp {
    public Bmm() {
    }

    public Bmm(SameDiff sd, SDVariable a, SDVariable b, boolean transposeA, boolean transposeB, Precision precision) {
        super(sd, a, b);
        addIArgument(transposeA ? 1 : 0, transposeB ? 1 : 0, precision.ordinal());
    }

    @Override
    public String opName() {
        return "hiervl_bmm";
    }

    @Override
    public int getNumOutputs() {
        return 1;
    }

    /** Shape of the result. */
    public static long[] resultShape(long[] a, long[] b, boolean transposeA, boolean transposeB) {
        long k = a[transposeA ? a.length - 2 : a.length - 1];
        boolean fits = k == b[transposeB ? b.length - 1 : b.length - 2]
            && (b.length == 2 || Arrays.equals(Arrays.copyOf(a, a.length - 2), Arrays.copyOf(b, b.length - 2)));
        if (!fits) {
            throw new IllegalArgumentException("matrix product of " + Arrays.toString(a) + (transposeA ? "^T" : "") + " and "
                + Arrays.toString(b) + (transposeB ? "^T" : ""));
        }
        long[] result = a.clone();
        result[a.length - 2] = a[transposeA ? a.length - 1 : a.length - 2];
        result[a.length - 1] = b[transposeB ? b.length - 2 : b.length - 1];
        return result;
    }

    @Override
    public long[][] outputShapes(INDArray[] in) {
        return new long[][] {resultShape(in[0].shape(), in[1].shape(), intArg(0) == 1, intArg(1) == 1)};
    }

    /** Sizes and operand views of one product. */
    private record Plan(int batch, int m, int k, int n, boolean transposeA, boolean transposeB, boolean shared) {
        static Plan of(INDArray a, INDArray b, boolean transposeA, boolean transposeB) {
            long[] r = resultShape(a.shape(), b.shape(), transposeA, transposeB);
            int m = (int) r[r.length - 2];
            int n = (int) r[r.length - 1];
            int k = (int) a.size(transposeA ? a.rank() - 2 : a.rank() - 1);
            int batch = (int) Shapes.product(r, 0, r.length - 2);
            boolean shared = b.rank() == 2;
            // rows of all matrices together make one matrix when b is the same for all
            return shared && !transposeA ? new Plan(1, batch * m, k, n, false, transposeB, true)
                : new Plan(batch, m, k, n, transposeA, transposeB, shared);
        }

        Operand a(INDArray x) {
            Operand o = new Operand(x, 0, (long) m * k, 0, transposeA ? m : k, 1);
            return transposeA ? o.transpose() : o;
        }

        Operand b(INDArray x) {
            Operand o = new Operand(x, 0, shared ? 0 : (long) k * n, 0, transposeB ? k : n, 1);
            return transposeB ? o.transpose() : o;
        }

        Operand c(INDArray x) {
            return new Operand(x, 0, (long) m * n, 0, n, 1);
        }
    }

    @Override
    public boolean readsRounded(int input) {
        return precisionArg(2) == Precision.BF16;
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        if (out[0] != null) {
            Plan p = Plan.of(in[0], in[1], intArg(0) == 1, intArg(1) == 1);
            KernelChoice.of(in[0], precisionArg(2)).matmul(Matmul.batched(p.batch, 1, p.m, p.k, p.n), p.a(in[0]), p.b(in[1]), p.c(out[0]));
        }
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> g) {
        return Arrays.asList(new Bp(sameDiff, arg(0), arg(1), g.get(0), intArgs()).outputVariables());
    }

    /** Gradients of a and b. */
    public static final class Bp extends JavaOp {
        public Bp() {
        }

        Bp(SameDiff sd, SDVariable a, SDVariable b, SDVariable g, long[] args) {
            super(sd, a, b, g);
            addIArgument(args);
        }

        @Override
        public String opName() {
            return "hiervl_bmm_bp";
        }

        @Override
        public int getNumOutputs() {
            return 2;
        }

        @Override
        public long[][] outputShapes(INDArray[] in) {
            return new long[][] {in[0].shape(), in[1].shape()};
        }

        @Override
        public boolean readsRounded(int input) {
            return precisionArg(2) == Precision.BF16;
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            Plan p = Plan.of(in[0], in[1], intArg(0) == 1, intArg(1) == 1);
            Kernels kernels = KernelChoice.of(in[0], precisionArg(2));
            Operand g = p.c(out[0] != null && out[1] != null ? kernels.factor(in[2], in[2].length(), "bmm") : in[2]);
            if (out[0] != null) {
                kernels.matmul(Matmul.batched(p.batch, 1, p.m, p.n, p.k), g, p.b(in[1]).transpose(), p.a(out[0]));
            }
            if (out[1] == null) {
                return;
            }
            Operand a = p.a(in[0]).transpose();
            if (p.shared) {
                for (int i = 0; i < p.batch; i++) {
                    kernels.matmul(Matmul.of(p.k, p.m, p.n).accumulating(i > 0), a.at(i * a.batch0()), g.at(i * g.batch0()), p.b(out[1]));
                }
            } else {
                kernels.matmul(Matmul.batched(p.batch, 1, p.k, p.m, p.n), a, g, p.b(out[1]));
            }
        }
    }
}
