package io.hiervl.structure;

import io.hiervl.PublicApi;

/**
 * What a part of a graph takes. Bytes are those of 32-bit floats. Immutable: any thread may use it.
 *
 * @param operations how many it has
 * @param parameters values of the stored arrays that it reads, each array counted once
 * @param flops      floating-point operations of its products and convolutions, a product and a sum counting two
 * @param written    bytes of all results that it makes
 * @param peak       most bytes of inputs and results in the whole graph that are alive while one of its operations runs; a result lives
 *                   until its last reader has run, and stored arrays are not counted
 */
@PublicApi
public record Figures(int operations, long parameters, double flops, long written, long peak) {
}
