package io.hiervl.backend.cuda;

import io.hiervl.backend.jvm.SetLossKernel;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Tensor;
import java.util.Arrays;

/** The set loss on the device; its points are those of the host. */
final class CudaSetLoss {
    private static final int LOSSES = 4;
    private static final int STATES = 3;
    private static final int INPUTS = 8;

    private final CudaKernels kernels;
    private final Structure settings;
    private final Tensor[] inputs;
    private final int rows;
    private final Tensor chosen;
    private final Tensor parts;
    private final Tensor state;

    CudaSetLoss(CudaKernels kernels, SetLossKernel k, Tensor[] in) {
        this.kernels = kernels;
        rows = (int) in[3].length();
        int candidates = k.points() * k.oversample();
        boolean given = in.length == 8;
        if (given) {
            // the fixture's candidates are by matched row (N,candidates,2)
            candidates = (int) in[6].size(1);
        }
        int hard = (int) (k.points() * k.importance());
        settings = new Structure(80)
            .ints((int) in[0].size(1), (int) in[0].size(2), k.classes(), k.classes() * k.levels(), size(in[1], 2), size(in[1], 3),
                size(in[2], 1), size(in[2], 2), size(in[4], 1), size(in[4], 2), k.points(), candidates, hard, k.ignoreCandidates() ? 1 : 0,
                given ? 1 : 0)
            .floats((float) k.noObject()).longs(k.salt());
        inputs = Arrays.copyOf(in, INPUTS);
        // numbers of points are 32-bit integers
        chosen = kernels.work(ElementType.FLOAT, (long) rows * k.points());
        parts = doubles((long) rows * LOSSES);
        state = doubles((long) rows * STATES);
        Tensor certainty = doubles(hard == 0 ? 1 : (long) rows * candidates);
        start("set_loss_points", certainty, chosen);
        start("set_loss_rows", chosen, parts, state);
    }

    private void start(String kernel, Object... more) {
        Object[] arguments = new Object[1 + INPUTS + more.length];
        arguments[0] = settings;
        System.arraycopy(inputs, 0, arguments, 1, INPUTS);
        System.arraycopy(more, 0, arguments, 1 + INPUTS, more.length);
        kernels.blocks(kernel, rows, arguments);
    }

    private static int size(Tensor a, int axis) {
        return (int) a.size(axis);
    }

    /** Room for 64-bit floats. */
    private Tensor doubles(long length) {
        return kernels.work(ElementType.FLOAT, 2 * length);
    }

    void forward(Tensor[] losses) {
        Tensor sums = kernels.work(ElementType.FLOAT, LOSSES);
        kernels.device.launch("add_up", LOSSES, 1, 1, 256, 1, parts, rows, LOSSES, sums);
        for (int i = 0; i < LOSSES; i++) {
            if (losses[i] != null) {
                kernels.device.copy(DeviceMemory.address(losses[i], 0), DeviceMemory.address(sums, i), ElementType.FLOAT.width());
            }
        }
    }

    void backward(Tensor[] cotangents, Tensor[] gradients) {
        if (gradients[0] != null) {
            start("set_loss_class_bp", cotangents[0], gradients[0]);
        }
        if (gradients[1] != null && kernels.backend.ordered()) {
            // 64-bit integers
            start("set_loss_mask_fixed", chosen, state, cotangents[1], cotangents[2], cotangents[3], gradients[1],
                doubles(gradients[1].length()));
        } else if (gradients[1] != null) {
            kernels.zero(gradients[1]);
            start("set_loss_mask_bp", chosen, state, cotangents[1], cotangents[2], cotangents[3], gradients[1]);
        }
    }
}
