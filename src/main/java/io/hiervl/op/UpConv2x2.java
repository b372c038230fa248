package io.hiervl.op;

import io.hiervl.op.kernel.KernelChoice;
import io.hiervl.op.kernel.Kernels;
import io.hiervl.op.kernel.Matmul;
import io.hiervl.op.kernel.Operand;
import io.hiervl.op.kernel.Parallel;
import io.hiervl.op.kernel.Precision;
import io.hiervl.op.kernel.Scratch;
import io.hiervl.op.kernel.Slab;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Transposed convolution with kernel 2 and stride 2: x (B,in,h,w), w (in,out,2,2), b (out); result (B,out,2h,2w). Each
 * pixel makes its own 2x2 block, so it is one matrix product and a rearrangement.
 */
public final class UpConv2x2 extends JavaOp {
    public UpConv2x2() {
    }

    public UpConv2x2(SameDiff sd, SDVariable x, SDVariable w, SDVariable b, Precision precision) {
        super(sd, x, w, b);
        addIArgument(precision.ordinal());
    }

    @Override
    public String opName() {
        return "hiervl_upconv2x2";
    }

    @Override
    public int getNumOutputs() {
        return 1;
    }

    @Override
    public long[][] outputShapes(INDArray[] in) {
        long[] x = in[0].shape();
        long[] w = in[1].shape();
        if (x.length != 4 || w.length != 4 || x[1] != w[0] || w[2] != 2 || w[3] != 2) {
            throw new IllegalArgumentException("2x2 transposed convolution of " + Arrays.toString(x) + " with weights " + Arrays.toString(w));
        }
        return new long[][] {{x[0], w[1], 2 * x[2], 2 * x[3]}};
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        if (out[0] == null) {
            return;
        }
        int batch = (int) in[0].size(0);
        int channels = (int) in[0].size(1);
        int h = (int) in[0].size(2);
        int w = (int) in[0].size(3);
        int outputs = (int) in[1].size(1);
        int plane = h * w;
        INDArray blocks = Scratch.get("upconv", in[0].dataType(), (long) batch * outputs * 4 * plane);
        KernelChoice.of(in[0], precisionArg(0)).matmul(Matmul.batched(batch, 1, outputs * 4, channels, plane), Operand.transposed(in[1], outputs * 4L),
            new Operand(in[0], 0, (long) channels * plane, 0, plane, 1), new Operand(blocks, 0, outputs * 4L * plane, 0, plane, 1));
        Kernels kernels = KernelChoice.of(in[0], precisionArg(0));
        if (kernels.permute(blocks, out[0], new long[] {(long) batch * outputs, h, 2, w, 2}, new long[] {4L * plane, w, 2L * plane, 1, plane})) {
            kernels.zip(Kernels.Arithmetic.ADD, out[0], in[2], out[0], new long[] {batch, outputs, 4L * plane}, new boolean[] {true, false, true});
            return;
        }
        Slab from = Slab.of(blocks);
        Slab to = Slab.of(out[0]);
        Slab bias = Slab.of(in[2]);
        forPlanes(batch * outputs, plane, (r, even, odd, line) -> {
            double shift = bias.get(r % outputs);
            for (int y = 0; y < 2 * h; y++) {
                int at = (r * 4 + y % 2 * 2) * plane + y / 2 * w;
                from.get(at, even, 0, w);
                from.get(at + plane, odd, 0, w);
                for (int i = 0; i < w; i++) {
                    line[2 * i] = even[i] + shift;
                    line[2 * i + 1] = odd[i] + shift;
                }
                to.put((r * 2 * h + y) * 2 * w, line, 0, 2 * w);
            }
        }, w);
    }

    private interface Plane {
        void run(int plane, double[] even, double[] odd, double[] line);
    }

    private static void forPlanes(int planes, int size, Plane body, int width) {
        Parallel.forRange(planes, Math.max(1, 8192 / size), (a, b) -> {
            double[] even = new double[width];
            double[] odd = new double[width];
            double[] line = new double[2 * width];
            for (int r = a; r < b; r++) {
                body.run(r, even, odd, line);
            }
        });
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> g) {
        return Arrays.asList(new Bp(sameDiff, arg(0), arg(1), g.get(0), precisionArg(0)).outputVariables());
    }

    /** Gradients of x, w and b. */
    public static final class Bp extends JavaOp {
        public Bp() {
        }

        Bp(SameDiff sd, SDVariable x, SDVariable w, SDVariable g, Precision precision) {
            super(sd, x, w, g);
            addIArgument(precision.ordinal());
        }

        @Override
        public String opName() {
            return "hiervl_upconv2x2_bp";
        }

        @Override
        public int getNumOutputs() {
            return 3;
        }

        @Override
        public long[][] outputShapes(INDArray[] in) {
            return new long[][] {in[0].shape(), in[1].shape(), {in[1].size(1)}};
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            int batch = (int) in[0].size(0);
            int channels = (int) in[0].size(1);
            int h = (int) in[0].size(2);
            int w = (int) in[0].size(3);
            int outputs = (int) in[1].size(1);
            int plane = h * w;
            INDArray blocks = Scratch.get("upconv", in[0].dataType(), (long) batch * outputs * 4 * plane);
            Slab from = Slab.of(in[2]);
            Slab to = Slab.of(blocks);
            boolean done = KernelChoice.of(in[0], precisionArg(0)).permute(in[2], blocks, new long[] {(long) batch * outputs, 2, 2, h, w},
                new long[] {4L * plane, 2L * w, 1, 4L * w, 2});
            forPlanes(done ? 0 : batch * outputs, plane, (r, even, odd, line) -> {
                for (int y = 0; y < 2 * h; y++) {
                    from.get((r * 2 * h + y) * 2 * w, line, 0, 2 * w);
                    for (int i = 0; i < w; i++) {
                        even[i] = line[2 * i];
                        odd[i] = line[2 * i + 1];
                    }
                    int at = (r * 4 + y % 2 * 2) * plane + y / 2 * w;
                    to.put(at, even, 0, w);
                    to.put(at + plane, odd, 0, w);
                }
            }, w);
            Operand g = new Operand(KernelChoice.of(in[0], precisionArg(0)).factor(blocks, (long) batch * outputs * 4 * plane, "upconv"), 0,
                outputs * 4L * plane, 0, plane, 1);
            if (out[0] != null) {
                KernelChoice.of(in[0], precisionArg(0)).matmul(Matmul.batched(batch, 1, channels, outputs * 4, plane), Operand.matrix(in[1], outputs * 4L),
                    g, new Operand(out[0], 0, (long) channels * plane, 0, plane, 1));
            }
            for (int b = 0; b < batch && out[1] != null; b++) {
                Operand x = new Operand(in[0], (long) b * channels * plane, 0, 0, plane, 1);
                KernelChoice.of(in[0], precisionArg(0)).matmul(Matmul.of(channels, plane, outputs * 4).accumulating(b > 0), x,
                    g.at(b * g.batch0()).transpose(), Operand.matrix(out[1], outputs * 4L));
            }
            if (out[2] != null) {
                Reductions.channelSums(in[2], batch, outputs, 4 * plane, out[2]);
            }
        }
    }
}
