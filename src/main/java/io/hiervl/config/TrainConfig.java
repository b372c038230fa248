package io.hiervl.config;

import io.hiervl.PublicApi;

/**
 * Optimiser, schedule and run length (hiervl sections 9.1, 9.3, 9.4). Safe for several threads.
 *
 * @param method    what is trained
 * @param length    of the run
 * @param batch     images of a step
 * @param seed      of every random choice
 * @param deterministic whether a run on a GPU repeats to the last bit, at the price of some speed; on a CPU it always does
 * @param optimiser steps on the weights
 * @param ema       average of the weights
 * @param every     how often the run is recorded
 */
@PublicApi
public record TrainConfig(Method method, @Group Length length, @Group Batch batch, long seed, boolean deterministic,
    @Group Optimiser optimiser, @Group(prefixed = true) Ema ema, @Group Every every) {

    /** HierVL; labelled images only; UniMatch-style consistency without any language term. */
    public enum Method {
        HIERVL, SUPERVISED, UNIMATCH
    }

    /** Every labelled image as often as another, or images with rare classes more often. */
    public enum Sampling { UNIFORM, RARE }

    /**
     * How long a run is.
     *
     * @param steps  optimiser steps; 0: {@code epochs} passes over the unlabelled list
     * @param epochs used when {@code steps} is 0
     */
    public record Length(@AtLeast(0) int steps, int epochs) {
        public Length {
            Check.components(Length.class, steps, epochs);
            Check.that(steps > 0 || epochs > 0, "train.steps and train.epochs are both 0: nothing would be trained");
        }
    }

    /**
     * Images of a step.
     *
     * @param batchLabelled   labelled images a step
     * @param batchUnlabelled unlabelled images a step
     * @param microBatch      images run at a time; gradients are summed, so it changes memory and not the result
     * @param crop            side of training crops in pixels
     * @param sampling        how labelled images are drawn
     * @param cycle           steps after which the same batches come again, with the same crops and colours; 0: never
     * @param towerCache      GiB on disk for what a frozen image tower makes of the images; 0: it runs at every step
     * @param unlabelledFrom  share of the run after which unlabelled images take part; before it, steps see labelled ones alone
     */
    public record Batch(@AtLeast(1) int batchLabelled, @AtLeast(0) int batchUnlabelled, @AtLeast(1) int microBatch, @AtLeast(32) int crop,
        Sampling sampling, @AtLeast(0) int cycle, @Weight double towerCache, @Range double unlabelledFrom) {
        public Batch {
            Check.components(Batch.class, batchLabelled, batchUnlabelled, microBatch, crop, sampling, cycle, towerCache, unlabelledFrom);
        }
    }

    /**
     * AdamW with warm-up and polynomial decay.
     *
     * @param lr            base learning rate
     * @param vitMultiplier of the image tower's weights
     * @param newMultiplier of everything else
     * @param weightDecay   of matrices and kernels; norms, biases, embeddings, prompts and scalars have none
     * @param clipNorm      bound of the global gradient norm, 0 for none
     * @param warmup        steps of linear warm-up
     * @param vitWarmup     steps of warm-up of the image tower, where they are more
     * @param polyPower     exponent of the decay to 0
     */
    public record Optimiser(@Positive double lr, @Weight double vitMultiplier, @Weight double newMultiplier, @Weight double weightDecay,
        @Weight double clipNorm, @AtLeast(0) int warmup, @AtLeast(0) int vitWarmup, @Weight double polyPower) {
        public Optimiser {
            Check.components(Optimiser.class, lr, vitMultiplier, newMultiplier, weightDecay, clipNorm, warmup, vitWarmup, polyPower);
        }
    }

    /**
     * Exponential moving average of the weights.
     *
     * @param keep    keep it and evaluate it
     * @param decay   its largest ratio
     * @param teacher the average gives unlabelled images their labels, not the network itself
     */
    public record Ema(@GroupKey boolean keep, @Range double decay, boolean teacher) {
        public Ema {
            Check.components(Ema.class, keep, decay, teacher);
            Check.that(keep || !teacher, "train.ema_teacher is true, but train.ema is false: there is no average");
        }
    }

    /**
     * How often the run is recorded.
     *
     * @param checkpointEvery steps between checkpoints
     * @param evalEvery       steps between evaluations on the validation list, 0: only at the end
     * @param patience        evaluations in a row without a better mIoU after which the run ends, 0: it goes on to its last step
     * @param logEvery        steps between rows of metrics.csv
     */
    public record Every(@AtLeast(1) int checkpointEvery, @AtLeast(0) int evalEvery, @AtLeast(0) int patience, @AtLeast(1) int logEvery) {
        public Every {
            Check.components(Every.class, checkpointEvery, evalEvery, patience, logEvery);
            Check.that(patience == 0 || evalEvery > 0,
                "train.patience is " + patience + ", but train.eval_every is 0: nothing is measured on the way");
        }
    }

    /** Steps of the whole run for an unlabelled list of this length (drop-last, as UniMatch). */
    public int stepsFor(int unlabelledImages) {
        return length.steps > 0 ? length.steps : Math.max(1, length.epochs * (unlabelledImages / Math.max(1, batch.batchUnlabelled)));
    }

    /** The first step, from 0, of a run of so many steps in which unlabelled images take part. */
    public long firstUnlabelled(long total) {
        return method == Method.SUPERVISED ? total : Math.round(batch.unlabelledFrom() * total);
    }

    /** Images of the steps {@code from} to {@code to - 1} of a run of so many steps, on all devices together. */
    public long images(long from, long to, long total) {
        long both = Math.max(0, to - Math.max(from, firstUnlabelled(total)));
        return (to - from) * batch.batchLabelled() + both * batch.batchUnlabelled();
    }
}
