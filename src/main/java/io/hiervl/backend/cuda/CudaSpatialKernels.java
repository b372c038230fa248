package io.hiervl.backend.cuda;

import io.hiervl.backend.DeformableShape;
import io.hiervl.backend.SpatialKernels;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Precision;
import io.hiervl.tensor.Resize;
import io.hiervl.tensor.Tensor;

/** Kernels of maps, and deformable attention, on the device. */
abstract class CudaSpatialKernels extends CudaProductKernels implements SpatialKernels {
    private static final int MOST_LEVELS = 8;
    private static final int WARPS = 8;

    CudaSpatialKernels(CudaBackend backend, Precision precision) {
        super(backend, precision);
    }

    @Override
    public void maxPool2x2(Tensor x, Tensor y) {
        each("max_pool", y.length(), x, y, (int) x.size(x.rank() - 2), (int) x.columns(), y.length());
    }

    @Override
    public void maxPool2x2Gradient(Tensor x, Tensor g, Tensor dx) {
        each("max_pool_bp", dx.length(), x, g, dx, (int) x.size(x.rank() - 2), (int) x.columns(), dx.length());
    }

    @Override
    public void resize(Resize mode, Tensor x, Tensor y) {
        resize(mode, x, y, (int) y.size(2), (int) y.size(3));
    }

    private void resize(Resize mode, Tensor x, Tensor y, int height, int width) {
        int h = (int) x.size(2);
        int w = (int) x.size(3);
        ResizeTables t = backend.resizeTables(h, w, height, width, mode);
        each("resize", y.length(), x, y, t.index(), t.weight(), t.taps(), h, w, height, width, y.length());
    }

    @Override
    public void resizeGradient(Resize mode, Tensor g, Tensor dx) {
        int h = (int) dx.size(2);
        int w = (int) dx.size(3);
        int height = (int) g.size(2);
        int width = (int) g.size(3);
        ResizeTables t = backend.resizeTables(h, w, height, width, mode);
        each("resize_bp", dx.length(), g, dx, t.start(), t.values(), t.backward(), h, w, height, width, dx.length());
    }

    @Override
    public void attentionMask(Tensor logits, int height, int width, Tensor mask) {
        resize(Resize.BILINEAR, logits, mask, height, width);
        long rows = logits.size(0) * logits.size(1);
        rows("mask_rows", rows, mask, rows, height * width);
    }

    private static Structure levels(DeformableShape s) {
        if (s.levels() > MOST_LEVELS) {
            throw new IllegalArgumentException(s.levels() + " levels; " + MOST_LEVELS + " are possible");
        }
        int[] heights = new int[MOST_LEVELS];
        int[] widths = new int[MOST_LEVELS];
        int[] starts = new int[MOST_LEVELS];
        int start = 0;
        for (int l = 0; l < s.levels(); l++) {
            heights[l] = s.height(l);
            widths[l] = s.width(l);
            starts[l] = start;
            start += heights[l] * widths[l];
        }
        return new Structure(104).ints(s.levels(), s.points()).ints(heights).ints(widths).ints(starts);
    }

    private Tensor attention(DeformableShape s, Tensor weights) {
        Tensor attention = work(ElementType.FLOAT, weights.length());
        softmax(weights, attention, s.rows(), s.samples());
        return attention;
    }

    private void deformable(String kernel, DeformableShape s, Object... arguments) {
        device.launch(kernel, (s.rows() + WARPS - 1) / WARPS, 1, 1, 32 * WARPS, 1, arguments);
    }

    @Override
    public void deformableAttention(DeformableShape s, Tensor value, Tensor offsets, Tensor weights, Tensor reference, Tensor y) {
        deformable("deform", s, value, offsets, attention(s, weights), reference, y, levels(s), s.batch(), s.tokens(), s.queries(),
            s.heads(), s.headWidth());
    }

    @Override
    public void deformableAttentionGradient(DeformableShape s, Tensor value, Tensor offsets, Tensor weights, Tensor reference, Tensor g,
                                            Tensor dValue,
                                            Tensor dOffsets, Tensor dWeights) {
        Tensor attention = attention(s, weights);
        Tensor atomic = backend.ordered() ? null : dValue;
        if (atomic != null) {
            zero(atomic);
        } else if (dValue != null) {
            orderedValueGradient(s, offsets, attention, reference, g, dValue);
        }
        deformable("deform_bp", s, value, offsets, attention, reference, g, atomic, dOffsets, dWeights, levels(s), s.batch(), s.tokens(),
            s.queries(),
            s.heads(), s.headWidth());
        if (dWeights != null) {
            softmaxGradient(attention, dWeights, dWeights, s.rows(), s.samples());
        }
    }

    /** Sums of integers, in units of the largest gradient. */
    private void orderedValueGradient(DeformableShape s, Tensor offsets, Tensor attention, Tensor reference, Tensor g, Tensor dValue) {
        int parts = (int) Math.max(1, Math.min(1024, g.length() / 4096));
        Tensor most = work(ElementType.FLOAT, parts + 1L);
        device.launch("largest", parts, 1, 1, 256, 1, g, DeviceMemory.address(most, 1), g.length());
        device.launch("largest", 1, 1, 1, 256, 1, DeviceMemory.address(most, 1), most, (long) parts);
        Tensor sums = work(ElementType.FLOAT, 2 * dValue.length());
        zero(sums);
        deformable("deform_values_fixed", s, offsets, attention, reference, g, most, sums, levels(s), s.batch(), s.tokens(), s.queries(),
            s.heads(), s.headWidth());
        each("from_fixed", dValue.length(), sums, most, dValue, dValue.length());
    }

    @Override
    public void pointSample(Tensor x, Tensor points, Tensor y) {
        throw SupportedOps.onHost("hiervl_point_sample");
    }

    @Override
    public void pointSampleGradient(Tensor x, Tensor points, Tensor g, Tensor dx, Tensor dPoints) {
        throw SupportedOps.onHost("hiervl_point_sample_bp");
    }
}
