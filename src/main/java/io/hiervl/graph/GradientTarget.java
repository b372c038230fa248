package io.hiervl.graph;

import io.hiervl.tensor.Tensor;

/**
 * Where a device writes a gradient.
 *
 * @param add whether the gradient is added to what is there
 */
public record GradientTarget(Tensor array, boolean add) {
}
