package io.hiervl.structure;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A graph of modules. A module that is used several times, with others between, is several calls: the mask head before every layer, say.
 * Operations of one module are one call wherever that makes no cycle.
 */
final class Calls {
    /** Pictures of more boxes are hard to read. */
    private static final int MANY = 64;

    /**
     * A box of the picture.
     *
     * @param path       module
     * @param number     which call of the module, from 1
     * @param operations what it does
     */
    record Call(String path, int number, List<Operation> operations) {
    }

    /** From a call to one that reads its results, with the arrays. */
    record Edge(int from, int to, List<Value> arrays) {
    }

    private final List<Call> calls = new ArrayList<>();
    private final List<BitSet> before = new ArrayList<>();
    private final Map<String, List<Integer>> ofUnit = new HashMap<>();
    private final Map<String, Integer> maker = new HashMap<>();
    private final Map<String, Value> values = new HashMap<>();

    private Calls() {
    }

    /** The calls at the deepest level of modules that gives a picture of moderate size. */
    static Calls of(ModelGraph graph) {
        Map<String, List<String>> places = places(graph.root(), List.of(), new HashMap<>());
        int deepest = places.values().stream().mapToInt(List::size).max().orElse(0);
        Calls best = new Calls().build(graph, places, 1);
        for (int depth = 2; depth <= deepest; depth++) {
            Calls finer = new Calls().build(graph, places, depth);
            if (finer.calls.size() > MANY) {
                break;
            }
            best = finer;
        }
        return best;
    }

    /** For every module the modules on the way to it, itself last. */
    private static Map<String, List<String>> places(Block block, List<String> way, Map<String, List<String>> all) {
        List<String> here = new ArrayList<>(way);
        if (!block.path().isEmpty()) {
            here.add(block.path());
        }
        all.put(block.path(), here);
        block.children().forEach(c -> places(c, here, all));
        return all;
    }

    private Calls build(ModelGraph graph, Map<String, List<String>> places, int depth) {
        graph.inputs().forEach(v -> values.put(v.name(), v));
        for (Operation op : graph.operations()) {
            List<Integer> producers = op.inputs().stream().filter(maker::containsKey).map(maker::get).distinct().toList();
            List<String> way = places.get(op.path());
            int call;
            if (way.isEmpty() && !producers.isEmpty()) {
                // what stands between modules belongs to the one before it
                call = producers.stream().max(Integer::compare).orElseThrow();
                call = cycle(call, producers) ? open("", producers) : join(call, producers);
            } else {
                call = place(way.isEmpty() ? "" : way.get(Math.min(depth, way.size()) - 1), producers);
            }
            calls.get(call).operations().add(op);
            for (Value v : op.results()) {
                maker.put(v.name(), call);
                values.put(v.name(), v);
            }
        }
        return this;
    }

    private int place(String unit, List<Integer> producers) {
        List<Integer> known = ofUnit.getOrDefault(unit, List.of());
        for (int i = known.size() - 1; i >= 0; i--) {
            if (!cycle(known.get(i), producers)) {
                return join(known.get(i), producers);
            }
        }
        return open(unit, producers);
    }

    private int open(String unit, List<Integer> producers) {
        List<Integer> known = ofUnit.computeIfAbsent(unit, k -> new ArrayList<>());
        known.add(calls.size());
        calls.add(new Call(unit, known.size(), new ArrayList<>()));
        before.add(new BitSet());
        return join(calls.size() - 1, producers);
    }

    /** Whether one of the producers runs after the call. */
    private boolean cycle(int call, List<Integer> producers) {
        return producers.stream().anyMatch(p -> p != call && before.get(p).get(call));
    }

    private int join(int call, List<Integer> producers) {
        BitSet more = new BitSet();
        for (int p : producers) {
            if (p != call) {
                more.set(p);
                more.or(before.get(p));
            }
        }
        before.get(call).or(more);
        for (BitSet b : before) {
            if (b.get(call)) {
                b.or(more);
            }
        }
        return call;
    }

    List<Call> calls() {
        return calls;
    }

    /** Arrays that go from one call to another. */
    List<Edge> edges() {
        Map<List<Integer>, Map<String, Value>> found = new LinkedHashMap<>();
        for (int to = 0; to < calls.size(); to++) {
            for (Operation op : calls.get(to).operations()) {
                for (String in : op.inputs()) {
                    Integer from = maker.get(in);
                    if (from != null && from != to) {
                        found.computeIfAbsent(List.of(from, to), k -> new LinkedHashMap<>()).put(in, values.get(in));
                    }
                }
            }
        }
        return found.entrySet().stream().map(e -> new Edge(e.getKey().get(0), e.getKey().get(1), List.copyOf(e.getValue().values())))
            .toList();
    }

    /** Calls that read an input of the graph. */
    List<Integer> readers(String input) {
        List<Integer> found = new ArrayList<>();
        for (int i = 0; i < calls.size(); i++) {
            if (calls.get(i).operations().stream().anyMatch(op -> op.inputs().contains(input))) {
                found.add(i);
            }
        }
        return found;
    }

    /** The call that makes an array, or null. */
    Integer maker(String name) {
        return maker.get(name);
    }
}
