package io.hiervl.structure;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The modules of a graph as an SVG picture: a box for each, from the inputs at the top to the outputs at the bottom. */
final class GraphPicture {
    private static final double LINE = 14;
    private static final double HEIGHT = 4 * LINE + 8;
    private static final double STEP = HEIGHT + 34;
    private static final double HEAD = 46;
    private static final double MARGIN = 16;
    /** Widths of a letter, rather too wide than too narrow: fonts differ. */
    private static final double LETTER = 6.3;
    private static final double BOLD = 7.3;
    private static final int LONGEST = 34;
    private static final int MOST_TIPS = 6;

    /** A node of the picture: lines of text, its group of colours or none, and the share of all FLOPs. */
    private record Box(List<String> lines, String group, double share, String tip) {
        double width() {
            return Math.max(lines.get(0).length() * BOLD, lines.stream().mapToInt(String::length).max().orElse(0) * LETTER) + 16;
        }
    }

    private final ModelGraph graph;
    private final Calls calls;
    private final List<Box> boxes = new ArrayList<>();
    private final List<int[]> edges = new ArrayList<>();
    private final List<String> arrays = new ArrayList<>();
    private final List<String> groups = new ArrayList<>();
    private final StringBuilder svg = new StringBuilder();

    GraphPicture(ModelGraph graph) {
        this.graph = graph;
        this.calls = Calls.of(graph);
        nodes();
    }

    private void nodes() {
        double most = calls.calls().stream().mapToDouble(c -> c.operations().stream().mapToDouble(Operation::flops).sum()).max().orElse(0);
        calls.calls().forEach(c -> boxes.add(box(c, Math.max(1, most))));
        for (Calls.Edge e : calls.edges()) {
            edge(e.from(), e.to(), e.arrays());
        }
        for (Value in : graph.inputs()) {
            boxes.add(new Box(List.of(in.name(), in.text()), "", 0, in.name()));
            calls.readers(in.name()).forEach(r -> edge(boxes.size() - 1, r, List.of(in)));
        }
        for (String out : graph.outputs()) {
            if (calls.maker(out) != null) {
                boxes.add(new Box(List.of(out), "", 0, out));
                edge(calls.maker(out), boxes.size() - 1, List.of());
            }
        }
    }

    private void edge(int from, int to, List<Value> carried) {
        edges.add(new int[] {from, to});
        arrays.add(carried.stream().limit(MOST_TIPS).map(v -> v.name() + " " + v.text()).collect(Collectors.joining("\n"))
            + (carried.size() > MOST_TIPS ? "\nand " + (carried.size() - MOST_TIPS) + " more" : ""));
    }

    private Box box(Calls.Call call, double most) {
        Figures f = Blocks.sum(call.operations());
        String path = call.path().isEmpty() ? "(no module)" : call.path();
        String group = call.path().contains(".") ? call.path().substring(0, call.path().indexOf('.')) : call.path();
        if (!group.isEmpty() && !groups.contains(group)) {
            groups.add(group);
        }
        List<Value> made = call.operations().get(call.operations().size() - 1).results();
        String name = path.length() > LONGEST ? "…" + path.substring(path.length() - LONGEST + 1) : path;
        return new Box(List.of(call.number() > 1 ? name + " #" + call.number() : name,
            Amount.of(f.parameters()) + " par. · " + Amount.of(f.flops(), "FLOP"), "writes " + Amount.of(f.written(), "B"),
            "→ " + (made.isEmpty() ? "" : made.get(0).text())), group, f.flops() / most, path + ", " + f.operations() + " operations");
    }

    String text() {
        Layout layout = new Layout(boxes.stream().mapToDouble(Box::width).toArray(), edges);
        Figures all = graph.root().figures();
        String head = Amount.of(all.parameters()) + " parameters, " + Amount.of(all.flops(), "FLOP") + ", at most "
            + Amount.of(all.peak(), "B") + " of results at a time";
        double width = Math.max(layout.width(), 8 * Math.max(head.length(), graph.title().length())) + 2 * MARGIN;
        double height = HEAD + layout.rowCount() * STEP + MARGIN;
        svg.append(format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" "
            + "font-family=\"sans-serif\" font-size=\"11\">\n", width, height, width, height));
        svg.append(
            "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" "
                + "markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"#778\"/></marker></defs>\n");
        line(MARGIN, 20, "start", graph.title(), " font-size=\"15\" font-weight=\"bold\"");
        line(MARGIN, 38, "start", head, " fill=\"#445\"");
        double shift = (width - layout.width()) / 2;
        for (int e = 0; e < edges.size(); e++) {
            way(layout, e, shift);
        }
        for (int b = 0; b < boxes.size(); b++) {
            draw(boxes.get(b), layout.x(b) + shift, top(layout.row(b)));
        }
        return svg.append("</svg>\n").toString();
    }

    private static double top(int row) {
        return HEAD + 8 + row * STEP;
    }

    private void way(Layout layout, int edge, double shift) {
        double[] xs = layout.way(edge);
        int row = layout.row(edges.get(edge)[0]);
        Box from = boxes.get(edges.get(edge)[0]);
        double y = top(row) + height(from);
        StringBuilder d = new StringBuilder(format("M%.1f %.1f", xs[0] + shift, y));
        for (int i = 1; i < xs.length; i++) {
            double enter = top(row + i);
            double a = xs[i - 1] + shift;
            double b = xs[i] + shift;
            double bend = (enter - y) / 2;
            d.append(format("C%.1f %.1f %.1f %.1f %.1f %.1f", a, y + bend, b, enter - bend, b, enter));
            y = i < xs.length - 1 ? enter + HEIGHT : enter;
            if (i < xs.length - 1) {
                d.append(format("V%.1f", y));
            }
        }
        svg.append("<path d=\"").append(d).append("\" fill=\"none\" stroke=\"#99a\" stroke-width=\"1.2\" marker-end=\"url(#tip)\"><title>")
            .append(Amount.escape(arrays.get(edge))).append("</title></path>\n");
    }

    private static double height(Box box) {
        return box.lines.size() * LINE + 8;
    }

    private void draw(Box box, double middle, double top) {
        double w = box.width();
        double left = middle - w / 2;
        int hue = Math.floorMod(groups.indexOf(box.group) * 137 + 210, 360);
        String fill = box.group.isEmpty() ? "#f2f2f4" : "hsl(" + hue + ",60%,92%)";
        String line = box.group.isEmpty() ? "#99a" : "hsl(" + hue + ",40%,55%)";
        svg.append("<g><title>").append(Amount.escape(box.tip)).append("</title>").append(
            format("<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"5\" fill=\"%s\" stroke=\"%s\"/>\n", left, top, w,
                height(box), fill, line));
        if (box.share > 0) {
            svg.append(format("<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"4\" fill=\"%s\"/>\n", left + 4,
                top + height(box) - 5, Math.max(1, (w - 8) * box.share), line));
        }
        for (int i = 0; i < box.lines.size(); i++) {
            line(middle, top + LINE * (i + 1), "middle", box.lines.get(i), i == 0 ? " font-weight=\"bold\"" : " fill=\"#334\"");
        }
        svg.append("</g>\n");
    }

    private void line(double x, double y, String anchor, String words, String more) {
        svg.append(format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"%s>", x, y, anchor, more)).append(Amount.escape(words))
            .append("</text>\n");
    }

    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }
}
