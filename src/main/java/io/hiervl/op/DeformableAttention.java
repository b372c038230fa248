package io.hiervl.op;

import io.hiervl.op.kernel.DeformableDouble;
import io.hiervl.op.kernel.DeformableFloat;
import io.hiervl.op.kernel.DeformableShape;
import io.hiervl.op.kernel.KernelChoice;
import io.hiervl.op.kernel.Scratch;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Core of multi-scale deformable attention (Deformable DETR; hiervl.md 4.1). Inputs value (B,N,D), offsets
 * (B,Q,heads*levels*points*2) in pixels of the level, weights (B,Q,heads*levels*points) before the softmax, reference
 * (Q,2) in [0,1]; result (B,Q,D). The reference points get no gradient.
 */
public final class DeformableAttention extends JavaOp {
    public DeformableAttention() {
    }

    /**
     * @param shapes {h,w} of each level, in the order of the tokens
     * @param heads  number of heads
     * @param points points per head and level
     */
    public DeformableAttention(SameDiff sd, SDVariable value, SDVariable offsets, SDVariable weights, SDVariable reference,
                               int[][] shapes, int heads, int points) {
        super(sd, value, offsets, weights, reference);
        addIArgument(heads, points);
        for (int[] shape : shapes) {
            addIArgument(shape[0], shape[1]);
        }
    }

    @Override
    public String opName() {
        return "hiervl_deformable_attention";
    }

    @Override
    public int getNumOutputs() {
        return 1;
    }

    @Override
    public long[][] outputShapes(INDArray[] in) {
        return new long[][] {{in[1].size(0), in[1].size(1), in[0].size(2)}};
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        DeformableShape shape = shape(in, intArgs());
        INDArray attention = attention(shape, in);
        if (in[0].dataType() == DataType.FLOAT) {
            new DeformableFloat(shape, in[0], in[1], attention, in[3]).forward(out[0]);
        } else {
            new DeformableDouble(shape, in[0], in[1], attention, in[3]).forward(out[0]);
        }
    }

    /** Softmax of the weights over the samples of a query and head. */
    private static INDArray attention(DeformableShape shape, INDArray[] in) {
        INDArray attention = Scratch.get("deformable-attention", in[2].dataType(), in[2].length());
        KernelChoice.of(in[2]).softmax(in[2], attention, shape.rows(), shape.samples());
        return attention;
    }

    private static DeformableShape shape(INDArray[] in, long[] args) {
        int[] sizes = Arrays.stream(args, 2, args.length).mapToInt(Math::toIntExact).toArray();
        DeformableShape s = new DeformableShape((int) in[1].size(0), (int) in[1].size(1), (int) in[0].size(2), (int) args[0],
            (int) args[1], sizes);
        long expected = (long) s.heads() * s.samples();
        if (in[0].size(1) != s.tokens() || in[1].size(2) != 2 * expected || in[2].size(2) != expected
            || in[3].size(0) != s.queries()) {
            throw new IllegalArgumentException("deformable attention over levels " + Arrays.toString(sizes) + ": value "
                + Arrays.toString(in[0].shape()) + ", offsets " + Arrays.toString(in[1].shape()) + ", weights "
                + Arrays.toString(in[2].shape()) + ", reference " + Arrays.toString(in[3].shape()));
        }
        return s;
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return Arrays.asList(new Backward(sameDiff, args(), gradients.get(0), intArgs()).outputVariables());
    }

    /** Gradients of value, offsets and weights. */
    public static final class Backward extends JavaOp {
        public Backward() {
        }

        Backward(SameDiff sd, SDVariable[] inputs, SDVariable cotangent, long[] settings) {
            super(sd, inputs[0], inputs[1], inputs[2], inputs[3], cotangent);
            addIArgument(settings);
        }

        @Override
        public String opName() {
            return "hiervl_deformable_attention_bp";
        }

        @Override
        public int getNumOutputs() {
            return 3;
        }

        @Override
        public long[][] outputShapes(INDArray[] in) {
            return new long[][] {in[0].shape(), in[1].shape(), in[2].shape()};
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            DeformableShape shape = shape(in, intArgs());
            INDArray attention = attention(shape, in);
            if (in[0].dataType() == DataType.FLOAT) {
                new DeformableFloat(shape, in[0], in[1], attention, in[3]).backward(in[4], out[0], out[1], out[2]);
            } else {
                new DeformableDouble(shape, in[0], in[1], attention, in[3]).backward(in[4], out[0], out[1], out[2]);
            }
            if (out[2] != null) {
                KernelChoice.of(in[2]).softmaxGradient(attention, out[2], out[2], shape.rows(), shape.samples());
            }
        }
    }
}
