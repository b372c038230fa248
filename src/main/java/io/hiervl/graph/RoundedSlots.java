package io.hiervl.graph;

import java.util.ArrayList;
import java.util.List;

/**
 * Which arrays of a plan are kept in bfloat16: those that are made by an op that can write them so, and of which every reader is a product
 * that would round it, or an activation between such products, see {@link io.hiervl.op.Op#readsRounded}. They are half as long, and rounded
 * once. Products give the same as before; activations and sums of bias gradients see values of 8 bits, as under PyTorch's autocast.
 */
final class RoundedSlots {
    private record Reader(Step step, int input) {
    }

    private final List<List<Reader>> readers = new ArrayList<>();
    private final boolean[] fixed;

    private RoundedSlots(List<Step> steps, boolean[] fixed) {
        this.fixed = fixed;
        for (int i = 0; i < fixed.length; i++) {
            readers.add(new ArrayList<>());
        }
        for (Step step : steps) {
            for (int i = 0; i < step.in().length; i++) {
                readers.get(step.in()[i]).add(new Reader(step, i));
            }
        }
    }

    /**
     * @param steps the plan
     * @param fixed by slot: whether somebody outside the plan sees the array
     * @return by slot
     */
    static boolean[] of(List<Step> steps, boolean[] fixed) {
        RoundedSlots slots = new RoundedSlots(steps, fixed);
        boolean[] rounded = new boolean[fixed.length];
        for (Step step : steps) {
            for (int i = 0; i < step.out().length; i++) {
                int slot = step.out()[i];
                if (slot >= 0) {
                    rounded[slot] = step.alias() ? i == 0 && rounded[step.in()[0]]
                        : step.op() != null && step.op().writesRounded(i) && slots.canBe(slot);
                }
            }
        }
        return rounded;
    }

    /** Whether all that read the array, under whichever name, take it rounded. */
    private boolean canBe(int slot) {
        return !fixed[slot] && readers.get(slot).stream().allMatch(r -> {
            if (r.step.alias()) {
                return r.input == 0 && (r.step.out()[0] < 0 || canBe(r.step.out()[0]));
            }
            return r.step.op() != null && r.step.op().readsRounded(r.input);
        });
    }
}
