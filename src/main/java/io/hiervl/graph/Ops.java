package io.hiervl.graph;

import io.hiervl.tensor.Activation;
import io.hiervl.tensor.Resize;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The vocabulary in which layers are written. Two implementations give the same numbers: {@link FusedOps} with this
 * project's ops, {@link StockOps} with nothing but ND4J's own ops, for graphs that other programs load.
 *
 * <p>Layouts are PyTorch's: images (B,C,H,W), tokens (B,T,D), linear weights (out,in), convolution weights
 * (out,in,kh,kw), transposed convolution weights (in,out,kh,kw). All shapes are static: {@link #shape} knows them while
 * the graph is built.
 */
public interface Ops {
    SameDiff sd();

    /** Static shape of a variable of this graph. */
    long[] shape(SDVariable x);

    /** The same graph with dense products in 32 bits also where others are rounded to bfloat16: for positions, scores and losses. */
    default Ops exact() {
        return this;
    }

    /**
     * The same graph at a place of the network: variables that are made there are called after it, {@code path/word}, in SameDiff and in
     * exported files.
     *
     * @param path dotted, for example {@code query_decoder.layers.0.cross_attn}
     */
    default Ops in(String path) {
        return this;
    }

    /** Place in the network, empty at its root or where places are not kept: for ops that are no word of this vocabulary. */
    default String path() {
        return "";
    }

    /**
     * Says that a block of layers ends with this variable. A graph that saves memory keeps only what crosses from one block
     * into a later one and computes the rest again in its backward pass (gradient checkpointing).
     */
    default void endOfBlock(SDVariable x) {
    }

    /** A constant of the graph. */
    SDVariable constant(String name, INDArray value);

    /** An input that is given at run time. */
    SDVariable placeholder(String name, long... shape);

    /** y = act(x W^T + b) over the last axis. x (..., in), w (out, in), b (out) or null. */
    SDVariable linear(SDVariable x, SDVariable w, SDVariable b, Activation activation);

    /** Layer norm over the last axis. */
    SDVariable layerNorm(SDVariable x, SDVariable gamma, SDVariable beta, double eps);

    /** Group norm. x (B,C,H,W), gamma and beta (C). */
    SDVariable groupNorm(SDVariable x, SDVariable gamma, SDVariable beta, int groups, double eps);

    SDVariable activation(SDVariable x, Activation activation);

    /**
     * Multi-head scaled dot-product attention without projections. q (B,Tq,D), k and v (B,Tk,D); scale 1/sqrt(D/heads).
     *
     * @param keyBias differentiable additive bias (B,Tk) on the logits of all heads and queries, or null
     * @param mask    (B,Tq,Tk), 1 where the query may attend and 0 where not, not differentiated, or null
     * @param causal  query i attends to keys 0..i only
     * @return (B,Tq,D)
     */
    SDVariable attention(SDVariable q, SDVariable k, SDVariable v, int heads, SDVariable keyBias, SDVariable mask, boolean causal);

    /**
     * Attention on packed projections, as CLIP has them. qkv (B,T,3D) with q, k, v side by side; returns (B,T,D).
     */
    SDVariable packedAttention(SDVariable qkv, int heads, boolean causal);

    /**
     * Core of multi-scale deformable attention (Deformable DETR): softmax of the weights over levels and points, sampling
     * at reference + offset / (W_l, H_l), bilinear, zero padding, align_corners False, weighted sum.
     *
     * @param value     (B,N,D), the levels' pixels one after the other
     * @param offsets   (B,Q,heads*L*points*2) in pixels of the level, (x,y) last
     * @param weights   (B,Q,heads*L*points), logits
     * @param reference (Q,2), (x,y) in [0,1]
     * @param shapes    {h,w} of each level
     * @return (B,Q,D)
     */
    SDVariable deformableAttention(SDVariable value, SDVariable offsets, SDVariable weights, SDVariable reference,
                                   int[][] shapes, int heads, int points);

    /** Convolution; stride and zero padding equal in both directions; b (out) or null. */
    SDVariable conv2d(SDVariable x, SDVariable w, SDVariable b, int stride, int padding);

    /** Transposed convolution with kernel 2 and stride 2. w (in,out,2,2), b (out). */
    SDVariable upConv2x2(SDVariable x, SDVariable w, SDVariable b);

    SDVariable maxPool2x2(SDVariable x);

    /** Resizes the last two axes of (B,C,h,w). */
    SDVariable resize(SDVariable x, int height, int width, Resize mode);

    /**
     * Mask2Former's attention mask: mask logits (B,Q,h,w) resized bilinearly to height x width, 1 where the value is
     * >= 0 (sigmoid >= 0.5), rows without any 1 set to all 1. Not differentiated.
     *
     * @return (B,Q,height*width)
     */
    SDVariable attentionMask(SDVariable maskLogits, int height, int width);

    /** Batched matrix product of the last two axes; leading axes equal, or b of rank 2 shared by all. */
    SDVariable bmm(SDVariable a, SDVariable b, boolean transposeA, boolean transposeB);

    /** Softmax over the last axis. */
    SDVariable softmax(SDVariable x);

    /** x / sqrt(sum x^2 + eps) over the last axis. */
    SDVariable l2Normalize(SDVariable x, double eps);

    /** log(x + eps). */
    SDVariable log(SDVariable x, double eps);

    /** a + b with numpy broadcasting. */
    SDVariable add(SDVariable a, SDVariable b);

    /** a * b with numpy broadcasting. */
    SDVariable mul(SDVariable a, SDVariable b);

    /** factor * x + offset. */
    SDVariable scale(SDVariable x, double factor, double offset);

    SDVariable concat(int axis, SDVariable... x);

    /** Elements from..to-1 along the axis. */
    SDVariable slice(SDVariable x, int axis, long from, long to);

    SDVariable reshape(SDVariable x, long... shape);

    SDVariable permute(SDVariable x, int... axes);

    /** Repeats an axis of length 1 (or adds copies) so that the result has this shape, numpy broadcasting. */
    SDVariable broadcast(SDVariable x, long... shape);

    /** Sum of all elements, a scalar of shape (1). */
    SDVariable sum(SDVariable x);

    /** The value with its gradient cut. */
    SDVariable stopGradient(SDVariable x);

    /** (B,C,h,w) to tokens (B,h*w,C). */
    default SDVariable toTokens(SDVariable x) {
        long[] s = shape(x);
        return permute(reshape(x, s[0], s[1], s[2] * s[3]), 0, 2, 1);
    }

    /** Tokens (B,h*w,C) to maps (B,C,h,w). */
    default SDVariable toMap(SDVariable x, int height, int width) {
        long[] s = shape(x);
        return reshape(permute(x, 0, 2, 1), s[0], s[2], height, width);
    }

    /** The same variable under a name by which it is asked for later. */
    default SDVariable named(SDVariable x, String name) {
        return x.rename(name);
    }
}
