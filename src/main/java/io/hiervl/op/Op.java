package io.hiervl.op;

import io.hiervl.backend.Kernels;
import io.hiervl.tensor.Precision;
import io.hiervl.tensor.Tensor;
import java.util.List;
import java.util.Set;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/**
 * Declaration of an operation: its name, attributes, shapes, traits and gradient, and the one kernel that computes it. An implementation is
 * a record whose components are the attributes; files keep them by name. {@link GraphOp} is what SameDiff sees of it.
 *
 * <p>Differentiable inputs come first. An input without a gradient that is computed from parameters (a mask) gets
 * {@link Backward#zeros}, because SameDiff insists on a gradient for every variable between a parameter and the loss; inputs that only come
 * from placeholders need none. Outputs have the type of the first input (but see {@link #writesRounded}); label maps and indices travel as
 * floating-point arrays.
 */
public interface Op {
    /** What plans may do with an op. */
    enum Trait {
        /** The result has the elements of the first input, perhaps in another shape: no memory, no time. */
        ALIAS,
        /** Cheap enough to be computed again in the backward pass instead of kept. */
        CHEAP,
        /** The result is zeros. */
        ZEROS,
        /** No gradient flows back through it. */
        CUT
    }

    /** Name in files; starts with {@code hiervl_}. */
    default String name() {
        return getClass().getAnnotation(OpName.class).value();
    }

    /** Number of results. */
    default int outputs() {
        return 1;
    }

    /**
     * Shapes of the results.
     *
     * @throws IllegalArgumentException if the operands do not fit, with their shapes
     */
    long[][] shapes(long[]... in);

    /**
     * Computes all wanted results with one call of a kernel.
     *
     * @param in  dense in c order
     * @param out dense in c order, not initialised, null where unwanted; at least one is wanted
     */
    void run(Kernels kernels, Tensor[] in, Tensor[] out);

    /** Gradients of the leading inputs. */
    default List<SDVariable> gradient(Backward g) {
        throw new IllegalStateException(name() + " is not differentiated");
    }

    /** How products of 32-bit floats multiply. */
    default Precision precision() {
        return Precision.FP32;
    }

    default Set<Trait> traits() {
        return Set.of();
    }

    /**
     * Whether this input may come as BFLOAT16: the op rounds it anyway as a factor of its products, or stands between such products. An
     * array of half the size is rounded once for all that read it.
     */
    default boolean readsRounded(int input) {
        return false;
    }

    /** Whether this result can be written as BFLOAT16 where all that read it {@linkplain #readsRounded read} that. */
    default boolean writesRounded(int output) {
        return false;
    }

    /**
     * Floating-point operations of the formula, a product and a sum counting two; 0 where memory is what takes the time.
     *
     * @param in     shapes of the inputs
     * @param wanted by result
     */
    default double flops(long[][] in, boolean[] wanted) {
        return 0;
    }

    /** Adds the op to a graph; its first result. */
    default SDVariable apply(SameDiff sd, SDVariable... in) {
        return applyAll(sd, in)[0];
    }

    /** Adds the op to a graph, called after a place in the network; its first result. */
    default SDVariable apply(SameDiff sd, String path, SDVariable... in) {
        return applyAll(sd, path, in)[0];
    }

    /** Adds the op to a graph; all results. */
    default SDVariable[] applyAll(SameDiff sd, SDVariable... in) {
        return applyAll(sd, "", in);
    }

    /** Adds the op to a graph, called after a place in the network; all results. */
    default SDVariable[] applyAll(SameDiff sd, String path, SDVariable... in) {
        return new GraphOp(this, sd, path, in).outputVariables();
    }
}
