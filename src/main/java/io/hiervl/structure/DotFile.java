package io.hiervl.structure;

import java.util.HashMap;
import java.util.Map;

/** A graph in the language of Graphviz: every operation is a node, every module a cluster. */
final class DotFile {
    private final ModelGraph graph;
    private final StringBuilder text = new StringBuilder();
    /** Node of an array by the array's name. */
    private final Map<String, String> nodes = new HashMap<>();

    DotFile(ModelGraph graph) {
        this.graph = graph;
    }

    String text() {
        text.append("digraph ").append(quoted(graph.title())).append(" {\n  node [shape=box, fontsize=10, fontname=\"sans-serif\"];\n")
            .append("  graph [fontsize=11, fontname=\"sans-serif\"];\n");
        for (Value v : graph.inputs()) {
            nodes.put(v.name(), "in:" + v.name());
            line(1, quoted("in:" + v.name()) + " [shape=oval, label=" + quoted(v.name() + "\n" + v.text()) + "];");
        }
        graph.operations().forEach(op -> op.results().forEach(v -> nodes.put(v.name(), op.name())));
        cluster(graph.root(), 1);
        for (Operation op : graph.operations()) {
            op.inputs().stream().filter(nodes::containsKey).distinct()
                .forEach(in -> line(1, quoted(nodes.get(in)) + " -> " + quoted(op.name()) + ";"));
        }
        for (String out : graph.outputs()) {
            line(1, quoted("out:" + out) + " [shape=oval, label=" + quoted(out) + "];");
            line(1, quoted(nodes.getOrDefault(out, out)) + " -> " + quoted("out:" + out) + ";");
        }
        return text.append("}\n").toString();
    }

    private void cluster(Block block, int depth) {
        boolean root = block.path().isEmpty();
        if (!root) {
            line(depth, "subgraph " + quoted("cluster_" + block.path()) + " {");
            Figures f = block.figures();
            line(depth + 1, "label=" + quoted(block.label() + "\n" + Amount.of(f.parameters()) + " parameters, "
                + Amount.of(f.flops(), "FLOP") + ", writes " + Amount.of(f.written(), "B")) + ";");
        }
        for (Operation op : block.operations()) {
            String shapes = op.results().isEmpty() ? "" : "\n" + op.results().get(0).text();
            line(depth + 1, quoted(op.name()) + " [label=" + quoted(op.kind() + shapes) + "];");
        }
        block.children().forEach(c -> cluster(c, depth + 1));
        if (!root) {
            line(depth, "}");
        }
    }

    private void line(int depth, String words) {
        text.append("  ".repeat(depth)).append(words).append('\n');
    }

    private static String quoted(String name) {
        return '"' + name.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + '"';
    }
}
