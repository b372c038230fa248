package io.hiervl.structure;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** How many bytes of inputs and results are alive while an operation runs. */
final class Liveness {
    private final IdentityHashMap<Operation, Long> alive = new IdentityHashMap<>();

    private Liveness() {
    }

    /** Goes through the operations as a run does: an array goes when its last reader has run; outputs stay, and inputs are the caller's. */
    static Liveness of(ModelGraph graph) {
        Map<String, String> owner = new HashMap<>();
        Map<String, Long> bytes = new HashMap<>();
        graph.inputs().forEach(v -> own(v, v.name(), owner, bytes));
        for (Operation op : graph.operations()) {
            boolean looks = op.alias() && !op.inputs().isEmpty() && owner.containsKey(op.inputs().get(0));
            op.results().forEach(v -> own(v, looks ? owner.get(op.inputs().get(0)) : v.name(), owner, bytes));
        }
        Map<String, Integer> last = new HashMap<>();
        for (int i = 0; i < graph.operations().size(); i++) {
            int at = i;
            Operation op = graph.operations().get(i);
            op.inputs().stream().filter(owner::containsKey).forEach(n -> last.put(owner.get(n), at));
            op.results().forEach(v -> last.put(owner.get(v.name()), at));
        }
        graph.inputs().forEach(v -> last.put(v.name(), Integer.MAX_VALUE));
        graph.outputs().stream().filter(owner::containsKey).forEach(n -> last.put(owner.get(n), Integer.MAX_VALUE));
        return walk(graph, owner, bytes, last);
    }

    private static Liveness walk(ModelGraph graph, Map<String, String> owner, Map<String, Long> bytes, Map<String, Integer> last) {
        Map<Integer, List<String>> ends = new HashMap<>();
        last.forEach((name, at) -> ends.computeIfAbsent(at, k -> new ArrayList<>()).add(name));
        Set<String> there = new HashSet<>();
        long now = 0;
        for (Value v : graph.inputs()) {
            now += there.add(v.name()) ? bytes.get(v.name()) : 0;
        }
        Liveness result = new Liveness();
        for (int i = 0; i < graph.operations().size(); i++) {
            Operation op = graph.operations().get(i);
            for (Value v : op.results()) {
                String name = owner.get(v.name());
                now += there.add(name) ? bytes.get(name) : 0;
            }
            result.alive.put(op, now);
            for (String name : ends.getOrDefault(i, List.of())) {
                now -= there.remove(name) ? bytes.get(name) : 0;
            }
        }
        return result;
    }

    private static void own(Value v, String name, Map<String, String> owner, Map<String, Long> bytes) {
        owner.put(v.name(), name);
        bytes.merge(name, v.bytes(), Math::max);
    }

    long bytes(Operation op) {
        return alive.get(op);
    }
}
