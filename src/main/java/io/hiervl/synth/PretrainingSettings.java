package io.hiervl.synth;

import io.hiervl.HierVlException;

/**
 * How the tiny CLIP is pre-trained.
 *
 * @param steps        optimiser steps
 * @param batch        pairs of a step
 * @param pairs        different pairs in all
 * @param crop         side of the pictures in pixels
 * @param learningRate peak of the cosine schedule
 * @param warmup       steps of linear warm-up
 * @param weightDecay  of matrices and embeddings
 * @param clip         largest gradient norm
 * @param phraseWeight weight of the phrase-level term
 * @param seed         of pairs, weights and batches
 */
public record PretrainingSettings(int steps, int batch, int pairs, int crop, double learningRate, int warmup,
    double weightDecay, double clip, double phraseWeight, long seed) {
    public PretrainingSettings {
        if (steps < 1 || batch < 2 || pairs < batch || crop < 8 || warmup < 0 || !(learningRate > 0)) {
            throw HierVlException.config("pre-training needs steps >= 1, batch >= 2, pairs >= batch, crop >= 8, warmup >= 0 and a positive "
                + "learning rate; got steps " + steps + ", batch " + batch + ", pairs " + pairs + ", crop " + crop + ", warmup " + warmup
                + ", learning rate " + learningRate);
        }
    }

    /**
     * The recipe of {@code graphs/tiny-clip}. With the phrase-level term at weight 1 and 1,000 steps the tower alone is
     * nearly right at every pixel of so small a world (72 mIoU) and nothing is left to learn. At 0.01 it is what real CLIP
     * is on VOC: nearly always right about a picture, half right about pixels, and mostly right where it is sure.
     */
    public static PretrainingSettings standard() {
        return new PretrainingSettings(500, 128, 16000, 32, 2e-3, 100, 0.05, 1.0, 0.01, 0);
    }

    public PretrainingSettings withSteps(int n) {
        return new PretrainingSettings(n, batch, pairs, crop, learningRate, warmup, weightDecay, clip, phraseWeight, seed);
    }

    public PretrainingSettings withSeed(long s) {
        return new PretrainingSettings(steps, batch, pairs, crop, learningRate, warmup, weightDecay, clip, phraseWeight, s);
    }

    public PretrainingSettings withPhraseWeight(double w) {
        return new PretrainingSettings(steps, batch, pairs, crop, learningRate, warmup, weightDecay, clip, w, seed);
    }

    /** Factor on the learning rate in step t: linear warm-up times a half cosine. */
    double schedule(int t) {
        return Math.min(1, (t + 1.0) / Math.max(1, warmup)) * 0.5 * (1 + Math.cos(Math.PI * t / steps));
    }
}
