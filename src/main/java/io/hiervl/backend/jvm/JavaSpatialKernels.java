package io.hiervl.backend.jvm;

import io.hiervl.backend.DeformableShape;
import io.hiervl.backend.SpatialKernels;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Resize;
import io.hiervl.tensor.Tensor;

/** Kernels of maps in Java: vector instructions of the compiler for floats, plain loops in double. */
abstract class JavaSpatialKernels extends JavaProductKernels implements SpatialKernels {
    @Override
    public void maxPool2x2(Tensor x, Tensor y) {
        MaxPool.run(x, null, y);
    }

    @Override
    public void maxPool2x2Gradient(Tensor x, Tensor g, Tensor dx) {
        MaxPool.run(x, g, dx);
    }

    @Override
    public void resize(Resize mode, Tensor x, Tensor y) {
        Resizer.of(mode, x, y).forward(x, y);
    }

    @Override
    public void resizeGradient(Resize mode, Tensor g, Tensor dx) {
        Resizer.of(mode, dx, g).backward(g, dx);
    }

    @Override
    public void attentionMask(Tensor logits, int height, int width, Tensor mask) {
        Resizer.of((int) logits.size(2), (int) logits.size(3), height, width, Resize.BILINEAR).attentionMask(logits, mask);
    }

    @Override
    public void deformableAttention(DeformableShape s, Tensor value, Tensor offsets, Tensor weights, Tensor reference, Tensor y) {
        Tensor attention = attention(s, weights);
        if (value.type() == ElementType.FLOAT) {
            new DeformableFloat(s, value, offsets, attention, reference).forward(y);
        } else {
            new DeformableDouble(s, value, offsets, attention, reference).forward(y);
        }
    }

    /** Softmax of the weights over the samples of a query and head. */
    private Tensor attention(DeformableShape s, Tensor weights) {
        Tensor attention = Scratch.get("deformable-attention", weights.type(), weights.length());
        softmax(weights, attention, s.rows(), s.samples());
        return attention;
    }

    @Override
    public void deformableAttentionGradient(DeformableShape s, Tensor value, Tensor offsets, Tensor weights, Tensor reference, Tensor g,
                                            Tensor dValue, Tensor dOffsets, Tensor dWeights) {
        Tensor attention = attention(s, weights);
        if (value.type() == ElementType.FLOAT) {
            new DeformableFloat(s, value, offsets, attention, reference).backward(g, dValue, dOffsets, dWeights);
        } else {
            new DeformableDouble(s, value, offsets, attention, reference).backward(g, dValue, dOffsets, dWeights);
        }
        if (dWeights != null) {
            softmaxGradient(attention, dWeights, dWeights, s.rows(), s.samples());
        }
    }

    @Override
    public void pointSample(Tensor x, Tensor points, Tensor y) {
        PointSampler.forward(x, points, y);
    }

    @Override
    public void pointSampleGradient(Tensor x, Tensor points, Tensor g, Tensor dx, Tensor dPoints) {
        PointSampler.backward(x, points, g, dx, dPoints);
    }
}
