package io.hiervl.graph;

import io.hiervl.op.Add;
import io.hiervl.op.Op;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Gradient checkpointing as a rewriting of the schedule (Chen et al., arXiv 1604.06174): some of what the backward ops read is not kept
 * but computed once more right before the first of them, from what was kept, so that the memory plan can release it in the forward pass.
 * All ops are functions of their inputs alone, hence the second values equal the first.
 */
final class Recomputation {
    private static final String AGAIN = "#again";
    /** Additions that an array must serve to be kept for their sake. */
    private static final int SHARED = 3;

    private final Map<String, PlannedOp> makers = new HashMap<>();
    private final Set<String> kept;
    private final Map<String, String> again = new HashMap<>();
    private final List<PlannedOp> result = new ArrayList<>();

    private Recomputation(Set<String> kept) {
        this.kept = kept;
    }

    /**
     * Everything inside blocks is computed again.
     *
     * @param order   forward and backward ops
     * @param forward names of the forward ops
     * @param ends    the variable that is made last in each block; what follows the last of them is kept
     * @param wanted  variables that must stay
     */
    static List<PlannedOp> ofBlocks(List<PlannedOp> order, Set<String> forward, List<String> ends, Set<String> wanted) {
        Recomputation r = new Recomputation(new HashSet<>(wanted));
        Map<String, Integer> blockOf = new HashMap<>();
        int block = 0;
        for (PlannedOp op : order) {
            if (forward.contains(op.name())) {
                for (String out : op.out()) {
                    blockOf.put(out, block);
                }
                for (String in : op.in()) {
                    if (blockOf.getOrDefault(in, block) != block) {
                        r.kept.add(in);
                    }
                }
                if (op.out().stream().anyMatch(ends::contains)) {
                    block++;
                }
            }
        }
        int last = block;
        blockOf.forEach((name, b) -> {
            if (b == last) {
                r.kept.add(name);
            }
        });
        return r.rewrite(order, forward);
    }

    /**
     * Results of norms, activations, additions and cuts are computed again where their inputs are there in the backward pass anyway:
     * 90 MB less for a pass of the ViT-B/16 tower, 210 MB for one of the pixel decoder, in time that does not stand out of the noise.
     *
     * @param order   forward and backward ops
     * @param forward names of the forward ops
     * @param wanted  variables that must stay
     */
    static List<PlannedOp> ofCheapOps(List<PlannedOp> order, Set<String> forward, Set<String> wanted) {
        Set<String> readLater = new HashSet<>();
        order.stream().filter(op -> !forward.contains(op.name())).forEach(op -> readLater.addAll(op.in()));
        Map<String, Integer> sums = new HashMap<>();
        order.stream().filter(op -> op.op() instanceof Add).forEach(op -> op.in().forEach(in -> sums.merge(in, 1, Integer::sum)));
        // one array for many: positions that every layer adds
        sums.forEach((name, n) -> {
            if (n >= SHARED) {
                readLater.add(name);
            }
        });
        Recomputation r = new Recomputation(new HashSet<>(wanted));
        Set<String> makeable = new HashSet<>();
        Set<String> made = new HashSet<>();
        for (PlannedOp op : order) {
            if (forward.contains(op.name())) {
                made.addAll(op.out());
                boolean again = op.has(Op.Trait.CHEAP)
                    && op.in().stream()
                        .allMatch(in -> !made.contains(in) || makeable.contains(in) || readLater.contains(in) || wanted.contains(in));
                (again ? makeable : r.kept).addAll(op.out());
            }
        }
        return r.rewrite(order, forward);
    }

    private List<PlannedOp> rewrite(List<PlannedOp> order, Set<String> forward) {
        for (PlannedOp op : order) {
            if (forward.contains(op.name())) {
                op.out().forEach(out -> makers.put(out, op));
                result.add(op);
            } else {
                op.in().forEach(this::provide);
                result.add(op.renamed(again));
            }
        }
        return result;
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
