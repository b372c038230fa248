package io.hiervl.backend.cuda;

import io.hiervl.backend.NormKernels;
import io.hiervl.tensor.Activation;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Tensor;

/** Norms, softmax and point-wise functions on the device. Sums are made in 32 bits, by lanes and then over lanes. */
abstract class CudaNormKernels extends CudaShapeKernels implements NormKernels {
    private static final int COLUMNS = 32;

    CudaNormKernels(CudaBackend backend) {
        super(backend);
    }

    @Override
    public void softmax(Tensor x, Tensor y, int rows, int columns) {
        rows("softmax_rows", rows, x, y, (long) rows, columns);
    }

    @Override
    public void softmaxGradient(Tensor y, Tensor g, Tensor dx, int rows, int columns) {
        rows("softmax_rows_bp", rows, y, g, dx, (long) rows, columns);
    }

    @Override
    public void layerNorm(Tensor x, Tensor gamma, Tensor beta, Tensor y, int rows, int columns, double eps) {
        rows("layer_norm", rows, x, code(x), gamma, beta, y, code(y), null, (long) rows, columns, (float) eps);
    }

    @Override
    public void layerNormGradient(Tensor x, Tensor gamma, Tensor g, Tensor dx, Tensor dGamma, Tensor dBeta, int rows, int columns,
                                  double eps) {
        Tensor stats = work(ElementType.FLOAT, 2L * rows);
        rows("layer_norm", rows, x, code(x), gamma, gamma, null, 0, stats, (long) rows, columns, (float) eps);
        if (dx != null) {
            rows("layer_norm_bp", rows, x, code(x), gamma, g, code(g), stats, dx, code(dx), backend.isSum(dx), (long) rows, columns);
        }
        if (dGamma == null && dBeta == null) {
            return;
        }
        int blocks = (columns + COLUMNS - 1) / COLUMNS;
        int parts = Math.max(1, Math.min(8 * device.multiprocessors() / blocks, rows / 64));
        Tensor sums = work(ElementType.FLOAT, 2L * parts * columns);
        device.launch("layer_norm_sums", blocks, parts, 1, COLUMNS, 8, x, code(x), g, code(g), stats, sums, (long) rows, columns);
        if (dBeta != null) {
            each("add_parts", columns, sums, dBeta, code(dBeta), parts, (long) columns);
        }
        if (dGamma != null) {
            each("add_parts", columns, DeviceMemory.address(sums, (long) parts * columns), dGamma, code(dGamma), parts, (long) columns);
        }
    }

    /** Sizes of a group norm. */
    private record Groups(int images, int channels, int perGroup, int plane) {
        static Groups of(Tensor x, Tensor gamma, int groups) {
            int images = (int) x.size(0);
            int channels = (int) gamma.length();
            return new Groups(images, channels, channels / groups, (int) (x.length() / images / channels));
        }

        long all() {
            return (long) images * channels;
        }

        long rows() {
            return all() / perGroup;
        }
    }

    private Tensor stats(Tensor x, Groups s, double eps) {
        Tensor moments = work(ElementType.FLOAT, 2 * s.all());
        blocks("channel_moments", s.all(), x, moments, s.all(), s.plane);
        Tensor stats = work(ElementType.FLOAT, 2 * s.rows());
        each("group_stats", s.rows(), moments, stats, s.rows(), s.perGroup, s.plane, (float) eps);
        return stats;
    }

    @Override
    public void groupNorm(Tensor x, Tensor gamma, Tensor beta, Tensor y, int groups, double eps) {
        Groups s = Groups.of(x, gamma, groups);
        each("group_norm", x.length(), x, gamma, beta, stats(x, s, eps), y, s.channels, s.perGroup, s.plane, x.length());
    }

    @Override
    public void groupNormGradient(Tensor x, Tensor gamma, Tensor g, Tensor dx, Tensor dGamma, Tensor dBeta, int groups, double eps) {
        Groups s = Groups.of(x, gamma, groups);
        Tensor stats = stats(x, s, eps);
        Tensor sums = work(ElementType.FLOAT, 2 * s.all());
        blocks("channel_sums_bp", s.all(), x, g, stats, sums, s.all(), s.perGroup, s.plane);
        if (dx != null) {
            Tensor means = work(ElementType.FLOAT, 2 * s.rows());
            each("group_means_bp", s.rows(), sums, gamma, means, s.rows(), s.channels, s.perGroup, s.plane);
            each("group_norm_bp", x.length(), x, gamma, g, stats, means, dx, s.channels, s.perGroup, s.plane, x.length());
        }
        if (dGamma != null || dBeta != null) {
            each("group_norm_parameters", s.channels, sums, dGamma, dBeta, s.images, s.channels);
        }
    }

    @Override
    public void l2Normalize(Tensor x, Tensor y, double eps) {
        unit(x, null, y, eps);
    }

    @Override
    public void l2NormalizeGradient(Tensor x, Tensor g, Tensor dx, double eps) {
        unit(x, g, dx, eps);
    }

    private void unit(Tensor x, Tensor g, Tensor y, double eps) {
        long rows = x.length() / x.columns();
        rows("unit_rows", rows, x, g, y, (float) eps, rows, (int) x.columns());
    }

    @Override
    public void activation(Activation activation, Tensor x, Tensor y, int length) {
        each("activation", length, activation.ordinal(), x, code(x), y, code(y), (long) length);
    }

    @Override
    public void activationGradient(Activation activation, Tensor x, Tensor g, Tensor dx, int length) {
        each("activation_bp", length, activation.ordinal(), x, code(x), g, code(g), dx, code(dx), (long) length);
    }

    @Override
    public void log(Tensor x, Tensor y, double eps) {
        each("log_shifted", x.length(), x, (float) eps, y, x.length());
    }

    @Override
    public void logGradient(Tensor x, Tensor g, Tensor dx, double eps) {
        each("log_shifted_bp", x.length(), x, g, (float) eps, dx, x.length());
    }
}
