package io.hiervl.optim;

import io.hiervl.HierVlException;

/**
 * Polynomial decay with linear warm-up, both per iteration (docs/paper.md 9.3 and 0.6): factor(t) =
 * (1 - t/T)^power, times 1 - (1 - t/Tw)(1 - start) while t &lt; Tw. t counts from 0.
 *
 * @param total  iterations T of the whole run
 * @param warmup iterations Tw of the warm-up, 0 for none
 * @param power  0.9 in the paper
 * @param start  fraction of the learning rate at t = 0, 1e-6 in tqdm
 */
public record WarmupPoly(long total, long warmup, double power, double start) {
    public WarmupPoly {
        if (total < 1 || warmup < 0 || !(power >= 0) || !(start >= 0 && start <= 1)) {
            throw HierVlException.config("schedule needs total >= 1, warmup >= 0, power >= 0 and 0 <= start <= 1, got total "
                + total + ", warmup " + warmup + ", power " + power + ", start " + start);
        }
    }

    /** Power 0.9, warm-up from 1e-6. */
    public WarmupPoly(long total, long warmup) {
        this(total, warmup, 0.9, 1e-6);
    }

    /** What the learning rate is multiplied with in iteration t; 0 from T on. */
    public double factor(long t) {
        double decay = Math.pow(Math.max(0, 1 - (double) t / total), power);
        return t < warmup ? decay * (1 - (1 - (double) t / warmup) * (1 - start)) : decay;
    }
}
