package io.hiervl.graph;

import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Shapes;
import io.hiervl.tensor.Tensor;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Goes through a plan as a run does, with shapes alone, and adds up what lives at a time. */
final class PlannedMemory {
    private final long[][] shapes;
    /** The slot whose array a slot looks at. */
    private final int[] owner;
    private final int[] users;
    private final boolean[] rounded;
    private long live;
    private long peak;

    private PlannedMemory(int slots, boolean[] rounded) {
        this.shapes = new long[slots][];
        this.owner = new int[slots];
        this.users = new int[slots];
        this.rounded = rounded;
        Arrays.fill(owner, -1);
    }

    /**
     * @param given   shapes of placeholders by slot; a device holds copies of them
     * @param fixed   parameters and constants, which are counted elsewhere
     * @param rounded slots that are kept in bfloat16; null: none is
     */
    static long of(List<Step> steps, int slots, Map<Integer, long[]> given, Map<Integer, Tensor> fixed, boolean[] rounded) {
        PlannedMemory plan = new PlannedMemory(slots, rounded);
        fixed.forEach((slot, array) -> plan.shapes[slot] = array.shape());
        given.forEach((slot, shape) -> {
            if (shape == null) {
                throw new IllegalStateException("a placeholder has no shape");
            }
            plan.make(slot, shape);
        });
        steps.forEach(plan::run);
        return plan.peak;
    }

    private long bytes(int slot) {
        ElementType type = rounded != null && rounded[slot] ? ElementType.BFLOAT16 : ElementType.FLOAT;
        return ArrayPool.roundUp(Math.max(1, Shapes.product(shapes[slot])) * type.width());
    }

    private void make(int slot, long[] shape) {
        shapes[slot] = shape;
        owner[slot] = slot;
        users[slot] = 1;
        live += bytes(slot);
        peak = Math.max(peak, live);
    }

    private void look(int slot, int at, long[] shape) {
        shapes[slot] = shape;
        owner[slot] = owner[at];
        if (owner[at] >= 0) {
            users[owner[at]]++;
        }
    }

    private void run(Step step) {
        long[][] in = Arrays.stream(step.in()).mapToObj(slot -> shapes[slot]).toArray(long[][]::new);
        Set<Integer> goes = new HashSet<>();
        Arrays.stream(step.release()).forEach(goes::add);
        if (step.alias() || step.sum() && Arrays.stream(step.in()).anyMatch(slot -> goes.contains(slot) && owner[slot] >= 0)) {
            if (step.out()[0] >= 0) {
                int at = step.alias() ? step.in()[0]
                    : Arrays.stream(step.in()).filter(slot -> goes.contains(slot) && owner[slot] >= 0).findFirst().orElseThrow();
                look(step.out()[0], at, step.op() == null || step.sum() ? in[0] : step.op().shapes(in)[0]);
            }
        } else {
            long[][] out = step.op() == null ? null : step.op().shapes(in);
            for (int i = 0; i < step.out().length; i++) {
                if (step.out()[i] >= 0) {
                    make(step.out()[i], out == null ? in[0] : out[i]);
                }
            }
        }
        goes.forEach(this::release);
    }

    private void release(int slot) {
        int at = owner[slot];
        if (at >= 0 && --users[at] == 0) {
            live -= bytes(at);
        }
        owner[slot] = -1;
    }
}
