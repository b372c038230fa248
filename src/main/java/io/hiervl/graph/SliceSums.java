package io.hiervl.graph;

import io.hiervl.op.Slice;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Replaces sums with the gradient of a slice, which is an array of the whole size with zeros around the part, by additions to the part:
 * a variable that is cut in three would otherwise be written three times and added up twice.
 */
final class SliceSums {
    private SliceSums() {
    }

    static List<PlannedOp> apply(List<PlannedOp> order, Set<String> wanted) {
        Map<String, Integer> readers = new HashMap<>();
        Map<String, PlannedOp> slices = new HashMap<>();
        for (PlannedOp op : order) {
            op.in().forEach(in -> readers.merge(in, 1, Integer::sum));
            if (op.op() instanceof Slice.Gradient) {
                slices.put(op.out().get(0), op);
            }
        }
        Map<String, PlannedOp> sums = new HashMap<>();
        Set<String> gone = new HashSet<>();
        for (PlannedOp op : order) {
            if (op.sumsGradients()) {
                for (int i = 1; i >= 0 && !sums.containsKey(op.name()); i--) {
                    String part = op.in().get(i);
                    if (slices.containsKey(part) && readers.get(part) == 1 && !wanted.contains(part)) {
                        PlannedOp slice = slices.get(part);
                        sums.put(op.name(), new PlannedOp(op.name(), ((Slice.Gradient) slice.op()).addition(), null,
                            List.of(op.in().get(1 - i), slice.in().get(0)), op.out()));
                        gone.add(slice.name());
                    }
                }
            }
        }
        List<PlannedOp> result = new ArrayList<>();
        for (PlannedOp op : order) {
            if (!gone.contains(op.name())) {
                result.add(sums.getOrDefault(op.name(), op));
            }
        }
        return result;
    }
}
