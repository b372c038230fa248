package io.hiervl.backend;

/**
 * Everything that ops compute. The set is total: a device implements every method, or says by {@link Backend#supports} that an op is to be
 * computed on the host. {@link io.hiervl.backend.jvm.JavaKernels} is the complete reference, in both precisions.
 *
 * <p>Arrays are dense in c order; all arrays of a call have one type, but where products are rounded to bfloat16 their factors, their
 * results, and what goes into and comes out of activations and layer norm may have that. Inputs and outputs must not overlap unless a
 * method says so. Results may be null where a method says "may be null": then nobody wants them.
 */
public interface Kernels extends ProductKernels, NormKernels, ShapeKernels, SpatialKernels, LossKernels, TargetKernels, OptimiserKernels {
    /** Name for reports. */
    String name();
}
