package io.hiervl.data;

import java.util.List;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Turns a loaded pair into the arrays of one training record. */
@FunctionalInterface
interface Views {
    /** Arrays with a leading dimension of 1, float32; equal states of {@code random} give equal arrays. */
    List<INDArray> make(Pair in, SplittableRandom random);
}
