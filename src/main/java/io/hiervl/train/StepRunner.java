package io.hiervl.train;

import io.hiervl.data.Batches;
import java.util.Map;
import java.util.function.LongFunction;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Optimiser steps of a run, on one device or on several. */
interface StepRunner extends AutoCloseable {
    /**
     * @param batch with its number, from 0
     * @return every loss term, not weighted, and the figures {@code total, mask_ratio, pseudo_accuracy, grad_norm, lr}
     * @throws io.hiervl.HierVlException of kind DIVERGED if a term or the gradient is not finite; the weights are then
     *                                   unchanged
     */
    Map<String, Double> run(Batches.Step batch);

    /**
     * Sets slope and offset of the gate from the first batch, once in a training run (docs/paper.md 3.3).
     *
     * @param images (B,3,H,W); where the batch has parts, those of the first part count
     */
    void initialiseGate(INDArray images);

    /**
     * Measures the statistics of batch norm for predictions.
     *
     * @param images the labelled images of a step, (B,3,H,W)
     * @return statistics of the average of the weights as {@code e/name}
     */
    Map<String, INDArray> measureNorms(LongFunction<INDArray> images);

    /** Parameters have got other values on the host. */
    void weightsChanged();

    /** Optimiser state, and the average of the weights if one is kept. */
    Map<String, INDArray> state();

    /** Takes over what {@link #state} gave. */
    void load(Map<String, INDArray> state);

    /**
     * t (K,C) that belongs to the saved weights: of the averaged prompt if averages are kept, else of the prompt; a copy. The host's
     * parameters are up to date afterwards.
     */
    INDArray textToSave();

    /** What the last step moved between host and device, and what the host computed of it; empty on a host. */
    String report();

    @Override
    void close();
}
