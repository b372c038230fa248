package io.hiervl.backend;

import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Tensor;

/** Functions of host arrays that losses compute in pieces. May be called on any thread. */
public interface HostMath {
    /** Whether {@link #exp} is made of vector instructions, so that pieces gain from it. */
    boolean hasFastExp(ElementType type);

    /** y = exp(x) for the first elements; y may be x. */
    void exp(Tensor x, Tensor y, long length);
}
