package io.hiervl.graph;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Gradient checkpointing as a rewriting of the schedule (Chen et al., arXiv 1604.06174). The forward ops are cut into
 * blocks. What one block makes and a later one reads is kept; everything else that the backward ops read is computed once
 * more right before the first of them, from what was kept, so that the memory plan can release it in the forward pass. All
 * ops are functions of their inputs alone, hence the second values equal the first.
 */
final class Recomputation {
    private static final String AGAIN = "#again";

    private final Map<String, PlannedOp> makers = new HashMap<>();
    private final Map<String, Integer> blockOf = new HashMap<>();
    private final Set<String> kept;
    private final Map<String, String> again = new HashMap<>();
    private final List<PlannedOp> result = new ArrayList<>();

    private Recomputation(Set<String> kept) {
        this.kept = kept;
    }

    /**
     * @param order   forward and backward ops
     * @param forward names of the forward ops
     * @param ends    the variable that is made last in each block; what follows the last of them is kept
     * @param wanted  variables that must stay
     */
    static List<PlannedOp> apply(List<PlannedOp> order, Set<String> forward, List<String> ends, Set<String> wanted) {
        Recomputation r = new Recomputation(new java.util.HashSet<>(wanted));
        int block = 0;
        for (PlannedOp op : order) {
            if (forward.contains(op.name())) {
                for (String out : op.out()) {
                    r.makers.put(out, op);
                    r.blockOf.put(out, block);
                }
                for (String in : op.in()) {
                    if (r.blockOf.getOrDefault(in, block) != block) {
                        r.kept.add(in);
                    }
                }
                if (op.out().stream().anyMatch(ends::contains)) {
                    block++;
                }
            }
        }
        int last = block;
        r.blockOf.forEach((name, b) -> {
            if (b == last) {
                r.kept.add(name);
            }
        });
        for (PlannedOp op : order) {
            if (forward.contains(op.name())) {
                r.result.add(op);
            } else {
                op.in().forEach(r::provide);
                r.result.add(op.renamed(r.again));
            }
        }
        return r.result;
    }

    /** Makes sure that the variable, or its second value, exists at this point. */
    private void provide(String name) {
        PlannedOp maker = makers.get(name);
        if (maker == null || kept.contains(name) || again.containsKey(name)) {
            return;
        }
        maker.in().forEach(this::provide);
        for (String out : maker.out()) {
            if (!kept.contains(out)) {
                again.put(out, out + AGAIN);
            }
        }
        // a kept output of the same op is not made again: it keeps its name and nobody reads the second value
        Map<String, String> names = new HashMap<>(again);
        maker.out().stream().filter(kept::contains).forEach(out -> names.put(out, out + AGAIN));
        result.add(maker.renamed(names));
    }
}
