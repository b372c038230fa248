package io.hiervl.structure;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Sorts operations into modules by the dots of their paths, and adds up the modules' figures. */
final class Blocks {
    /** A module that grows. */
    private static final class Growing {
        final String path;
        final Map<String, Growing> children = new LinkedHashMap<>();
        final List<Operation> own = new ArrayList<>();

        Growing(String path) {
            this.path = path;
        }
    }

    private final Liveness live;

    private Blocks(Liveness live) {
        this.live = live;
    }

    static Block of(ModelGraph graph) {
        Growing root = new Growing("");
        for (Operation op : graph.operations()) {
            Growing at = root;
            for (String word : op.path().isEmpty() ? new String[0] : op.path().split("\\.")) {
                String path = at.path.isEmpty() ? word : at.path + "." + word;
                at = at.children.computeIfAbsent(word, w -> new Growing(path));
            }
            at.own.add(op);
        }
        return new Blocks(Liveness.of(graph)).block(root, "");
    }

    /** A module that only holds one other is left out: the other's label has both names. */
    private Block block(Growing growing, String parent) {
        Growing at = growing;
        while (!at.path.isEmpty() && at.own.isEmpty() && at.children.size() == 1) {
            at = at.children.values().iterator().next();
        }
        String path = at.path;
        List<Block> children = at.children.values().stream().map(c -> block(c, path)).toList();
        List<Operation> every = new ArrayList<>();
        collect(at, every);
        long peak = every.stream().mapToLong(live::bytes).max().orElse(0);
        return new Block(path, parent.isEmpty() ? path : path.substring(parent.length() + 1), children, at.own, sum(every, peak));
    }

    private static void collect(Growing at, List<Operation> all) {
        all.addAll(at.own);
        at.children.values().forEach(c -> collect(c, all));
    }

    /** Figures of operations without their peak. */
    static Figures sum(List<Operation> operations) {
        return sum(operations, 0);
    }

    private static Figures sum(List<Operation> operations, long peak) {
        Set<String> seen = new HashSet<>();
        long parameters = 0;
        double flops = 0;
        long written = 0;
        for (Operation op : operations) {
            for (Value p : op.parameters()) {
                parameters += seen.add(p.name()) ? p.size() : 0;
            }
            flops += op.flops();
            written += op.alias() ? 0 : op.results().stream().mapToLong(Value::bytes).sum();
        }
        return new Figures(operations.size(), parameters, flops, written, peak);
    }
}
