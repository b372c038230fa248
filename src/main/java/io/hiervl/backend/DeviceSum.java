package io.hiervl.backend;

import io.hiervl.tensor.Tensor;

/** Sums over several devices without the host. Each device has one; all of them are asked for the same arrays in the same order. */
public interface DeviceSum {
    /** Replaces an array of 32-bit floats by the sum over all devices, without waiting for it. */
    void add(Tensor array);
}
