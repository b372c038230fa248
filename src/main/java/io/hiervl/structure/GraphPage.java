package io.hiervl.structure;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** A graph as a page: modules open and close, with their figures; inside are the operations with shapes and parameters. */
final class GraphPage {
    private static final double PERCENT = 100;

    private final ModelGraph graph;
    private final Figures all;
    private final StringBuilder html = new StringBuilder();
    /** Number of the operation that makes an array. */
    private final Map<String, Integer> maker = new HashMap<>();
    private final Map<String, Value> values = new HashMap<>();
    private final IdentityHashMap<Operation, Integer> numbers = new IdentityHashMap<>();

    GraphPage(ModelGraph graph) {
        this.graph = graph;
        this.all = graph.root().figures();
        for (Operation op : graph.operations()) {
            numbers.put(op, numbers.size());
            op.results().forEach(v -> maker.put(v.name(), numbers.get(op)));
            op.results().forEach(v -> values.put(v.name(), v));
            op.parameters().forEach(v -> values.put(v.name(), v));
        }
        graph.inputs().forEach(v -> values.put(v.name(), v));
    }

    String text() {
        String title = Amount.escape(graph.title());
        html.append(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\n")
            .append("<title>").append(title).append("</title>\n<style>\n").append(resource("graph.css"))
            .append("</style></head>\n<body>\n<h1>")
            .append(title).append("</h1>\n<p>").append(Amount.escape(sentence())).append("</p>\n");
        html.append("<details class=\"picture\"><summary>Picture of the modules</summary>\n<div>")
            .append(graph.text(ModelGraph.Form.SVG)).append("</div></details>\n");
        html.append("<p class=\"tools\"><button id=\"open\">open all</button> <button id=\"close\">close all</button> "
            + "<input id=\"filter\" placeholder=\"find an operation or array\" size=\"40\"> <span id=\"found\"></span></p>\n"
            + "<div class=\"row head\"><span>module</span><span>parameters</span><span>operations (FLOP)</span><span>writes</span>"
            + "<span>at a time</span></div>\n<div id=\"modules\">\n");
        Block root = graph.root();
        root.children().forEach(this::block);
        if (!root.operations().isEmpty()) {
            html.append("<details><summary class=\"row\"><span>(no module) <i>").append(root.operations().size())
                .append("</i></span></summary>\n");
            operations(root.operations());
            html.append("</details>\n");
        }
        return html.append("</div>\n<script>\n").append(resource("graph.js")).append("</script>\n</body></html>\n").toString();
    }

    private String sentence() {
        return "Takes " + graph.inputs().stream().map(v -> v.name() + " " + v.text()).collect(Collectors.joining(", ")) + ", gives "
            + graph.outputs().stream().map(n -> n + (values.containsKey(n) ? " " + values.get(n).text() : ""))
                .collect(Collectors.joining(", "))
            + ". " + all.operations() + " operations, " + Amount.of(all.parameters()) + " parameters, " + Amount.of(all.flops(), "FLOP")
            + ". A module writes the bytes of its results. \"At a time\" is the most that is alive in the whole graph while the module "
            + "runs. Bytes are those of 32-bit floats. FLOP counts products and convolutions.";
    }

    private void block(Block b) {
        Figures f = b.figures();
        html.append("<details><summary class=\"row\"><span>").append(Amount.escape(b.label())).append(" <i>").append(f.operations())
            .append("</i></span>");
        cell(Amount.of(f.parameters()), (double) f.parameters() / Math.max(1, all.parameters()));
        cell(Amount.of(f.flops()), f.flops() / Math.max(1, all.flops()));
        cell(Amount.of(f.written(), "B"), (double) f.written() / Math.max(1, all.written()));
        cell(Amount.of(f.peak(), "B"), (double) f.peak() / Math.max(1, all.peak()));
        html.append("</summary>\n");
        operations(b.operations());
        b.children().forEach(this::block);
        html.append("</details>\n");
    }

    private void cell(String text, double share) {
        html.append("<span style=\"--s:").append(Math.round(PERCENT * share)).append("%\">").append(text)
            .append("</span>");
    }

    private void operations(List<Operation> operations) {
        if (operations.isEmpty()) {
            return;
        }
        html.append("<table><thead><tr><th>operation<th>reads<th>parameters<th>makes<th>FLOP</tr></thead>\n");
        for (Operation op : operations) {
            html.append("<tr id=\"op").append(numbers.get(op)).append("\"><td title=\"").append(Amount.escape(op.name())).append("\">")
                .append(Amount.escape(op.kind())).append(op.alias() ? " <i>(no copy)</i>" : "").append("<td>")
                .append(op.inputs().stream().filter(n -> op.parameters().stream().noneMatch(p -> p.name().equals(n))).map(this::source)
                    .collect(Collectors.joining("<br>")))
                .append("<td>").append(op.parameters().stream().map(GraphPage::shown).collect(Collectors.joining("<br>"))).append("<td>")
                .append(op.results().stream().map(GraphPage::shown).collect(Collectors.joining("<br>"))).append("<td>")
                .append(op.flops() == 0 ? "" : Amount.of(op.flops())).append("</tr>\n");
        }
        html.append("</table>\n");
    }

    private String source(String name) {
        Integer from = maker.get(name);
        String shape = values.containsKey(name) ? " <b>" + values.get(name).text() + "</b>" : "";
        return (from == null ? Amount.escape(name) : "<a href=\"#op" + from + "\">" + Amount.escape(name) + "</a>") + shape;
    }

    private static String shown(Value v) {
        return Amount.escape(v.name()) + " <b>" + v.text() + "</b>";
    }

    private static String resource(String name) {
        try (InputStream in = GraphPage.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
