package io.hiervl.op;

import io.hiervl.op.kernel.Parallel;
import io.hiervl.op.kernel.Slab;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Maximum over 2x2 blocks of the last two axes; a last odd row or column is left out. Of equal values the first counts. */
public final class MaxPool2x2 extends JavaOp {
    public MaxPool2x2() {
    }

    public MaxPool2x2(SameDiff sd, SDVariable x) {
        super(sd, x);
    }

    @Override
    public String opName() {
        return "hiervl_maxpool2x2";
    }

    @Override
    public int getNumOutputs() {
        return 1;
    }

    @Override
    public long[][] outputShapes(INDArray[] in) {
        long[] s = in[0].shape().clone();
        s[s.length - 1] /= 2;
        s[s.length - 2] /= 2;
        return new long[][] {s};
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        if (out[0] != null) {
            apply(in[0], null, out[0]);
        }
    }

    /** Without g the maxima go to {@code target}, with g its values go where the maxima are. */
    private static void apply(INDArray x, INDArray g, INDArray target) {
        int width = (int) x.size(x.rank() - 1);
        int height = (int) x.size(x.rank() - 2);
        int w = width / 2;
        int h = height / 2;
        Slab in = Slab.of(x);
        Slab cotangent = g == null ? null : Slab.of(g);
        Slab out = Slab.of(target);
        Parallel.forRange(x.length() / width / height, Math.max(1, 16_384 / (width * height)), (from, to) -> {
            double[] two = new double[2 * width];
            double[] spread = new double[2 * width];
            double[] line = new double[w];
            for (int p = from; p < to; p++) {
                for (int y = 0; y < h; y++) {
                    int at = (p * height + 2 * y) * width;
                    in.get(at, two, 0, 2 * width);
                    if (cotangent == null) {
                        for (int i = 0; i < w; i++) {
                            line[i] = two[argMax(two, i, width)];
                        }
                        out.put((p * h + y) * w, line, 0, w);
                    } else {
                        cotangent.get((p * h + y) * w, line, 0, w);
                        Arrays.fill(spread, 0);
                        for (int i = 0; i < w; i++) {
                            spread[argMax(two, i, width)] = line[i];
                        }
                        out.put(at, spread, 0, 2 * width);
                    }
                }
                if (cotangent != null && height % 2 == 1) {
                    out.fill((p * height + height - 1) * width, width, 0);
                }
            }
        });
    }

    private static int argMax(double[] two, int i, int width) {
        int best = 2 * i;
        for (int j : new int[] {2 * i + 1, width + 2 * i, width + 2 * i + 1}) {
            if (two[j] > two[best]) {
                best = j;
            }
        }
        return best;
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> g) {
        return Arrays.asList(new Bp(sameDiff, arg(0), g.get(0)).outputVariables());
    }

    /** Gradient of x. */
    public static final class Bp extends JavaOp {
        public Bp() {
        }

        Bp(SameDiff sd, SDVariable x, SDVariable g) {
            super(sd, x, g);
        }

        @Override
        public String opName() {
            return "hiervl_maxpool2x2_bp";
        }

        @Override
        public int getNumOutputs() {
            return 1;
        }

        @Override
        public long[][] outputShapes(INDArray[] in) {
            return new long[][] {in[0].shape()};
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            if (out[0] != null) {
                apply(in[0], in[1], out[0]);
            }
        }
    }
}
