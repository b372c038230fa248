package io.hiervl.backend;

import io.hiervl.tensor.Tensor;

/**
 * What attention reads.
 *
 * @param q       (B,Tq,D)
 * @param k       (B,Tk,D)
 * @param v       (B,Tk,D)
 * @param heads   number of heads, a divisor of D
 * @param keyBias (B,Tk), added to the logits of every query, or null
 * @param mask    (B,Tq,Tk), 0 where a query must not look, or null
 * @param causal  whether a query sees no later key
 */
public record AttentionInput(Tensor q, Tensor k, Tensor v, int heads, Tensor keyBias, Tensor mask, boolean causal) {
}
