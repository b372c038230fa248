package io.hiervl.backend.cuda;

import io.hiervl.backend.LossKernel;
import io.hiervl.backend.jvm.GateBceKernel;
import io.hiervl.backend.jvm.MaskedPatchesKernel;
import io.hiervl.backend.jvm.PromptAnchorKernel;
import io.hiervl.backend.jvm.PromptTopologyKernel;
import io.hiervl.backend.jvm.QueryTextKernel;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Tensor;

/** Small losses of rows on the device: forward and backward. Their arithmetic is that of the kernels in {@code backend.jvm}. */
final class CudaRowLosses {
    /** Added to a squared length; as a least length it is 1e-12. */
    private static final double TINY = 1e-24;

    private final CudaKernels kernels;

    CudaRowLosses(CudaKernels kernels) {
        this.kernels = kernels;
    }

    /** Whether the loss is one of these. */
    static boolean has(LossKernel kernel) {
        return kernel instanceof GateBceKernel || kernel instanceof QueryTextKernel || kernel instanceof PromptAnchorKernel
            || kernel instanceof PromptTopologyKernel || kernel instanceof MaskedPatchesKernel;
    }

    void forward(LossKernel kernel, Tensor[] in, Tensor loss) {
        if (loss == null) {
            return;
        }
        long rows = in[0].length() / in[0].columns();
        if (kernel instanceof GateBceKernel) {
            Tensor parts = parts(rows);
            kernels.blocks("gate_bce", rows, in[0], in[1], in[2], null, parts, null, (int) in[0].columns());
            addUp(parts, rows, loss);
        } else if (kernel instanceof QueryTextKernel k) {
            Tensor parts = parts(rows);
            kernels.rows("query_text", rows, unit(in[0], k.normalise()), unit(in[1], k.normalise()), in[2], in[3], parts, rows,
                (int) in[1].size(0), (int) in[0].columns());
            addUp(parts, rows, loss);
        } else if (kernel instanceof PromptAnchorKernel k) {
            Tensor parts = parts(rows);
            kernels.each("anchor", rows, distances(k, in), parts, repulsion(k, rows), k.power() == 2, k.factor(), (int) rows);
            addUp(parts, rows, loss);
        } else if (kernel instanceof PromptTopologyKernel k) {
            Tensor parts = parts(rows);
            kernels.rows("squares", rows, similarities(unit(in[0], true), in[1]), parts, (float) k.factor(), rows, (int) rows);
            addUp(parts, rows, loss);
        } else {
            Patches p = new Patches((MaskedPatchesKernel) kernel, in);
            p.forward();
            addUp(p.parts, rows, loss);
        }
    }

    void backward(LossKernel kernel, Tensor[] in, Tensor cotangent, Tensor[] d) {
        long rows = in[0].length() / in[0].columns();
        int width = (int) in[0].columns();
        if (kernel instanceof QueryTextKernel k) {
            queryText(k, in, cotangent, d);
        } else if (kernel instanceof MaskedPatchesKernel k) {
            new Patches(k, in).backward(cotangent, d);
        } else if (d[0] == null) {
            return;
        } else if (kernel instanceof GateBceKernel) {
            kernels.blocks("gate_bce", rows, in[0], in[1], in[2], cotangent, null, d[0], width);
        } else if (kernel instanceof PromptAnchorKernel k) {
            kernels.each("anchor_bp", in[0].length(), in[0], in[1], distances(k, in), repulsion(k, rows), k.power() == 2, k.factor(),
                cotangent, d[0], (int) rows, width);
        } else {
            Tensor t = unit(in[0], true);
            Tensor g = kernels.work(ElementType.FLOAT, in[0].length());
            double factor = 4 * ((PromptTopologyKernel) kernel).factor();
            combine(similarities(t, in[1]), false, t, g, factor, cotangent, rows, rows);
            toLength(in[0], g, d[0], true);
        }
    }

    private void queryText(QueryTextKernel k, Tensor[] in, Tensor cotangent, Tensor[] d) {
        long rows = in[2].length();
        int classes = (int) in[1].size(0);
        int width = (int) in[0].columns();
        Tensor x = unit(in[0], k.normalise());
        Tensor t = unit(in[1], k.normalise());
        if (d[0] != null) {
            Tensor g = k.normalise() ? like(in[0]) : d[0];
            kernels.each("query_text_rows_bp", rows * width, x, t, in[2], in[3], cotangent, g, rows, classes, width);
            toLength(in[0], g, d[0], k.normalise());
        }
        if (d[1] != null && k.detach()) {
            kernels.zero(d[1]);
        } else if (d[1] != null) {
            Tensor g = k.normalise() ? like(in[1]) : d[1];
            kernels.each("query_text_classes_bp", (long) classes * width, x, t, in[2], in[3], cotangent, g, rows, classes, width);
            toLength(in[1], g, d[1], k.normalise());
        }
    }

    private Tensor distances(PromptAnchorKernel k, Tensor[] in) {
        int n = (int) in[0].size(0);
        Tensor distances = parts((long) n * (n + 1));
        kernels.rows("anchor_distances", (long) n * (n + 1), in[0], in[1], distances, k.eps(), n, (int) in[0].columns());
        return distances;
    }

    private static double repulsion(PromptAnchorKernel k, long rows) {
        return k.lambda() / (k.mean() ? Math.max(1, rows - 1) : 1);
    }

    /** Cosines of rows of t, less those of the fixed rows. */
    private Tensor similarities(Tensor t, Tensor fixed) {
        Tensor clip = unit(fixed, true);
        int n = (int) t.size(0);
        Tensor y = kernels.work(ElementType.FLOAT, (long) n * n);
        for (Tensor rows : new Tensor[] {t, clip}) {
            dots(rows, rows, y, rows == t ? 1 : -1, rows == clip);
        }
        return y;
    }

    private void dots(Tensor a, Tensor b, Tensor y, double factor, boolean add) {
        long n = a.length() / a.columns();
        int m = (int) (b.length() / b.columns());
        kernels.rows("dots", n * m, a, b, y, (float) factor, add, n, m, (int) a.columns());
    }

    private void combine(Tensor g, boolean transposed, Tensor b, Tensor y, double factor, Tensor cotangent, long n, long m) {
        kernels.each("combine", y.length(), g, transposed, b, y, (float) factor, cotangent, n, m, (int) b.columns());
    }

    private Tensor like(Tensor a) {
        return kernels.work(ElementType.FLOAT, a.length()).reshape(a.shape());
    }

    /** Rows of length 1, or the rows as they are. */
    private Tensor unit(Tensor x, boolean wanted) {
        if (!wanted) {
            return x;
        }
        Tensor y = like(x);
        kernels.l2Normalize(x, y, TINY);
        return y;
    }

    /** Gradients with respect to rows of length 1 become those of the rows. */
    private void toLength(Tensor x, Tensor g, Tensor d, boolean wanted) {
        if (wanted) {
            kernels.l2NormalizeGradient(x, g, d, TINY);
        }
    }

    /** Room for 64-bit floats. */
    private Tensor parts(long length) {
        return kernels.work(ElementType.FLOAT, 2 * length);
    }

    private void addUp(Tensor parts, long count, Tensor loss) {
        kernels.device.launch("add_up", 1, 1, 1, 256, 1, parts, (int) count, 1, loss);
    }

    /** Equations 6 and 7 on patches. */
    private final class Patches {
        private final boolean text;
        private final double tau;
        private final Tensor[] in;
        private final Tensor x;
        private final Tensor other;
        private final Tensor parts;
        private final long rows;
        private final int classes;
        private Tensor logits;

        Patches(MaskedPatchesKernel k, Tensor[] in) {
            this.in = in;
            text = k.equation() == MaskedPatchesKernel.Equation.TEXT;
            tau = k.tau();
            rows = in[3].length();
            classes = (int) in[1].size(0);
            x = unit(in[0], true);
            other = unit(in[text ? 1 : 2], true);
            parts = CudaRowLosses.this.parts(rows);
        }

        void forward() {
            if (text) {
                logits = kernels.work(ElementType.FLOAT, rows * classes);
                dots(x, other, logits, 1 / tau, false);
                kernels.rows("patches_text", rows, logits, in[3], in[4], parts, rows, classes);
            } else {
                kernels.rows("patches_same", rows, x, other, in[3], in[4], parts, rows, classes, (int) x.columns());
            }
        }

        void backward(Tensor cotangent, Tensor[] d) {
            if (text) {
                forward(); // makes the gradients of the logits
            }
            if (d[0] != null) {
                Tensor g = like(in[0]);
                if (text) {
                    combine(logits, false, other, g, 1 / tau, cotangent, rows, classes);
                } else {
                    kernels.each("patches_same_bp", g.length(), other, in[3], in[4], cotangent, g, rows, classes, (int) x.columns());
                }
                toLength(in[0], g, d[0], true);
            }
            if (d[1] != null && text) {
                Tensor g = like(in[1]);
                combine(logits, true, x, g, 1 / tau, cotangent, classes, rows);
                toLength(in[1], g, d[1], true);
            } else if (d[1] != null) {
                kernels.zero(d[1]);
            }
        }
    }
}
