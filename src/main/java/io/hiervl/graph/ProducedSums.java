package io.hiervl.graph;

import io.hiervl.backend.Backend;
import io.hiervl.op.Slice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Sums of two gradients that the maker of the second one can write: it adds to the first one instead of writing an array that is read once,
 * by the sum. By step and result: the slot of the first gradient, -1 where there is none.
 *
 * <p>The first one must be there before, must be read by nobody after the maker has run, and end with the sum.
 */
final class ProducedSums {
    private final List<Step> steps;
    private final boolean[] fixed;
    private final int[] maker;
    private final List<List<Integer>> readers = new ArrayList<>();

    private ProducedSums(List<Step> steps, boolean[] fixed) {
        this.steps = steps;
        this.fixed = fixed;
        maker = new int[fixed.length];
        Arrays.fill(maker, -1);
        for (int i = 0; i < fixed.length; i++) {
            readers.add(new ArrayList<>());
        }
        for (int i = 0; i < steps.size(); i++) {
            for (int slot : steps.get(i).out()) {
                if (slot >= 0) {
                    maker[slot] = i;
                }
            }
            for (int slot : steps.get(i).in()) {
                readers.get(slot).add(i);
            }
        }
    }

    /**
     * @param fixed by slot: whether somebody outside the plan sees the array
     * @return by step; null where no result is added
     */
    static int[][] of(Backend backend, List<Step> steps, boolean[] fixed) {
        int[][] into = new int[steps.size()][];
        if (backend.onHost()) {
            return into;
        }
        ProducedSums sums = new ProducedSums(steps, fixed);
        for (int i = 0; i < steps.size(); i++) {
            Step sum = steps.get(i);
            if (sum.sum() && !sum.alias() && sum.out()[0] >= 0 && sum.in()[0] != sum.in()[1]) {
                int later = sums.maker[sum.in()[0]] > sums.maker[sum.in()[1]] ? 0 : 1;
                sums.find(backend, i, sum.in()[1 - later], sum.in()[later], into);
            }
        }
        return into;
    }

    private void find(Backend backend, int sum, int first, int second, int[][] into) {
        int at = maker[second];
        if (at < 0 || maker[first] < 0 || maker[first] >= at || fixed[first] || fixed[second]) {
            return;
        }
        Step step = steps.get(at);
        int output = Arrays.stream(step.out()).boxed().toList().indexOf(second);
        boolean free = readers.get(second).equals(List.of(sum)) && readers.get(first).stream().allMatch(r -> r == sum || r < at);
        if (free && writes(step) && backend.adds(step.type(), output)) {
            if (into[at] == null) {
                into[at] = new int[step.out().length];
                Arrays.fill(into[at], -1);
            }
            into[at][output] = first;
        }
    }

    /** Whether an op writes its results into arrays that it is given. */
    static boolean writes(Step step) {
        return step.op() != null && !step.alias() && !(step.op() instanceof Slice.Addition);
    }
}
