package io.hiervl.graph;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Moves SameDiff's sums of gradients forward in the schedule, each right behind the op that makes its last operand; so are other names
 * of arrays, which sums may read. SameDiff adds
 * the gradients of a variable up when it has all of them; until then all of them take memory.
 */
final class EagerSums {
    private final Set<String> pending = new HashSet<>();
    private final Map<String, List<PlannedOp>> waiting = new HashMap<>();
    private final Set<String> done = new HashSet<>();
    private final List<PlannedOp> result = new ArrayList<>();

    private EagerSums() {
    }

    static List<PlannedOp> apply(List<PlannedOp> order) {
        EagerSums sums = new EagerSums();
        for (PlannedOp op : order) {
            sums.pending.addAll(op.out());
            if (op.sumsGradients() || op.isAlias()) {
                op.in().forEach(in -> sums.waiting.computeIfAbsent(in, k -> new ArrayList<>()).add(op));
            }
        }
        order.forEach(sums::emit);
        return sums.result;
    }

    private void emit(PlannedOp op) {
        if (op.in().stream().anyMatch(pending::contains) || !done.add(op.name())) {
            return;
        }
        result.add(op);
        pending.removeAll(op.out());
        op.out().forEach(out -> waiting.getOrDefault(out, List.of()).forEach(this::emit));
    }
}
