package io.hiervl.backend.cuda;

import io.hiervl.backend.OptimiserKernels;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Tensor;

/** Steps on parameters on the device: one launch for an array, none of which waits. */
final class CudaOptimiser extends DeviceOps {
    private static final int THREADS = 256;
    /** Elements that a thread adds up before another block pays. */
    private static final int EACH = 16;

    CudaOptimiser(CudaBackend backend) {
        super(backend);
    }

    void clipFactor(Tensor[] gradients, Tensor terms, double max, Tensor state) {
        int count = 0;
        for (Tensor g : gradients) {
            count += blocks(g);
        }
        // 64-bit floats
        Tensor parts = work(ElementType.FLOAT, 2L * Math.max(1, count));
        int at = 0;
        for (Tensor g : gradients) {
            device.launch("gradient_squares", blocks(g), 1, 1, THREADS, 1, g, DeviceMemory.address(parts, 2L * at), g.length());
            at += blocks(g);
        }
        device.launch("clip_factor", 1, 1, 1, THREADS, 1, parts, count, terms, terms == null ? 0 : (int) terms.length(), max, state);
    }

    /** The number of blocks depends on the array alone, so that sums do not depend on the device. */
    private static int blocks(Tensor g) {
        return (int) Math.max(1, Math.min(1024, g.length() / (EACH * THREADS)));
    }

    void adamW(OptimiserKernels.Adam[] updates, Tensor[] p, Tensor[] g, Tensor[] m, Tensor[] v, Tensor state) {
        for (int i = 0; i < p.length; i++) {
            OptimiserKernels.Adam f = updates[i];
            Structure numbers = new Structure(28).floats((float) f.shrink()).floats((float) f.oneMinus()).floats((float) f.beta2())
                .floats((float) (1 - f.beta2())).floats((float) f.stepSize()).floats((float) f.root()).floats((float) f.eps());
            each("adam_w", p[i].length(), p[i], g[i], m[i], v[i], state, numbers, p[i].length());
            backend.changed(p[i].storage());
        }
    }

    void average(Tensor[] parameters, double ratio, Tensor[] averages, Tensor state) {
        for (int i = 0; i < parameters.length; i++) {
            each("average", parameters[i].length(), parameters[i], (float) ratio, (float) (1 - ratio), averages[i], state,
                parameters[i].length());
            backend.changed(averages[i].storage());
        }
    }
}
