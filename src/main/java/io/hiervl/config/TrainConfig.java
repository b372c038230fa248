package io.hiervl.config;

/**
 * Optimiser, schedule and run length (hiervl sections 9.1, 9.3, 9.4).
 *
 * @param method          what is trained
 * @param steps           optimiser steps; 0: {@code epochs} passes over the unlabelled list
 * @param epochs          used when {@code steps} is 0
 * @param batchLabelled   labelled images a step
 * @param batchUnlabelled unlabelled images a step
 * @param microBatch      images run at a time; gradients are summed, so it changes memory and not the result
 * @param crop            side of training crops in pixels
 * @param seed            of every random choice
 * @param lr              base learning rate
 * @param vitMultiplier   of the image tower's weights
 * @param newMultiplier   of everything else
 * @param weightDecay     of matrices and kernels; norms, biases, embeddings, prompts and scalars have none
 * @param clipNorm        bound of the global gradient norm, 0 for none
 * @param warmup          steps of linear warm-up
 * @param polyPower       exponent of the decay to 0
 * @param ema             keep an exponential moving average of the weights and evaluate it
 * @param emaDecay        its largest ratio
 * @param checkpointEvery steps between checkpoints
 * @param evalEvery       steps between evaluations on the validation list, 0: only at the end
 * @param logEvery        steps between rows of metrics.csv
 */
public record TrainConfig(Method method, int steps, int epochs, int batchLabelled, int batchUnlabelled, int microBatch, int crop, long seed,
        double lr, double vitMultiplier, double newMultiplier, double weightDecay, double clipNorm, int warmup, double polyPower,
        boolean ema, double emaDecay, int checkpointEvery, int evalEvery, int logEvery) {

    /** HierVL; labelled images only; UniMatch-style consistency without any language term. */
    public enum Method { HIERVL, SUPERVISED, UNIMATCH }

    public TrainConfig {
        Check.atLeast("train.steps", steps, 0);
        Check.that(steps > 0 || epochs > 0, "train.steps and train.epochs are both 0: nothing would be trained");
        Check.atLeast("train.batch_labelled", batchLabelled, 1);
        Check.atLeast("train.batch_unlabelled", batchUnlabelled, 0);
        Check.atLeast("train.micro_batch", microBatch, 1);
        Check.atLeast("train.crop", crop, 32);
        Check.positive("train.lr", lr);
        Check.weight("train.vit_multiplier", vitMultiplier);
        Check.weight("train.new_multiplier", newMultiplier);
        Check.weight("train.weight_decay", weightDecay);
        Check.weight("train.clip_norm", clipNorm);
        Check.atLeast("train.warmup", warmup, 0);
        Check.weight("train.poly_power", polyPower);
        Check.range("train.ema_decay", emaDecay, 0, 1);
        Check.atLeast("train.checkpoint_every", checkpointEvery, 1);
        Check.atLeast("train.eval_every", evalEvery, 0);
        Check.atLeast("train.log_every", logEvery, 1);
    }

    /** Steps of the whole run for an unlabelled list of this length (drop-last, as UniMatch). */
    public int stepsFor(int unlabelledImages) {
        return steps > 0 ? steps : Math.max(1, epochs * (unlabelledImages / Math.max(1, batchUnlabelled)));
    }
}
