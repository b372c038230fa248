package io.hiervl.structure;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Places for the nodes of an acyclic graph in rows, edges pointing down (Sugiyama, Tagawa and Toda 1981): rows by the longest way from a
 * source; a place in every row between for long edges; orders by the mean of the neighbours; then horizontal places that are nearest to the
 * neighbours' and keep their distance.
 */
final class Layout {
    private static final int SWEEPS = 24;
    private static final double GAP = 18;
    /** Width of the place that a long edge has in a row. */
    private static final double LANE = 6;

    private final int real;
    private final List<Double> widths = new ArrayList<>();
    private final List<List<Integer>> up = new ArrayList<>();
    private final List<List<Integer>> down = new ArrayList<>();
    private final List<Integer> row = new ArrayList<>();
    private final List<List<Integer>> rows = new ArrayList<>();
    private final List<List<Integer>> ways = new ArrayList<>();
    private double[] x;

    /**
     * @param width of every node
     * @param edges {from, to} of nodes; a node stands after all that lead to it
     */
    Layout(double[] width, List<int[]> edges) {
        this.real = width.length;
        Arrays.stream(width).forEach(this::node);
        levels(edges);
        for (int[] e : edges) {
            ways.add(lay(e[0], e[1]));
        }
        for (int i = 0; i < row.size(); i++) {
            while (rows.size() <= row.get(i)) {
                rows.add(new ArrayList<>());
            }
            rows.get(row.get(i)).add(i);
        }
        order();
        place();
    }

    private int node(double width) {
        widths.add(width);
        up.add(new ArrayList<>());
        down.add(new ArrayList<>());
        row.add(0);
        return widths.size() - 1;
    }

    /** Rows by the longest way; then a node that only feeds later ones moves down to them. */
    private void levels(List<int[]> edges) {
        boolean moved = true;
        for (int round = 0; moved && round <= real; round++) {
            moved = false;
            for (int[] e : edges) {
                if (row.get(e[1]) <= row.get(e[0])) {
                    row.set(e[1], row.get(e[0]) + 1);
                    moved = true;
                }
            }
        }
        if (moved) {
            throw new IllegalArgumentException("the graph has a cycle");
        }
        for (int i = real - 1; i >= 0; i--) {
            int n = i;
            if (edges.stream().noneMatch(e -> e[1] == n)) {
                edges.stream().filter(e -> e[0] == n).mapToInt(e -> row.get(e[1]) - 1).min().ifPresent(r -> row.set(n, r));
            }
        }
    }

    private List<Integer> lay(int from, int to) {
        List<Integer> way = new ArrayList<>(List.of(from));
        int at = from;
        for (int r = row.get(from) + 1; r < row.get(to); r++) {
            int lane = node(LANE);
            row.set(lane, r);
            link(at, lane);
            way.add(lane);
            at = lane;
        }
        link(at, to);
        way.add(to);
        return way;
    }

    private void link(int from, int to) {
        down.get(from).add(to);
        up.get(to).add(from);
    }

    private void order() {
        double[] place = new double[widths.size()];
        rows.forEach(r -> number(r, place));
        for (int sweep = 0; sweep < SWEEPS; sweep++) {
            boolean falling = sweep % 2 == 0;
            for (int i = 0; i < rows.size(); i++) {
                List<Integer> r = rows.get(falling ? i : rows.size() - 1 - i);
                List<List<Integer>> next = falling ? up : down;
                double[] wish = new double[widths.size()];
                r.forEach(n -> wish[n] = next.get(n).stream().mapToDouble(m -> place[m]).average().orElse(place[n]));
                r.sort(Comparator.comparingDouble(n -> wish[n]));
                number(r, place);
            }
        }
    }

    private static void number(List<Integer> nodes, double[] place) {
        for (int i = 0; i < nodes.size(); i++) {
            place[nodes.get(i)] = (i + 0.5) / nodes.size();
        }
    }

    private void place() {
        x = new double[widths.size()];
        for (List<Integer> r : rows) {
            settle(r, r.stream().mapToDouble(n -> 0).toArray());
        }
        for (int sweep = 0; sweep < SWEEPS; sweep++) {
            boolean falling = sweep % 2 == 0;
            for (int i = 0; i < rows.size(); i++) {
                List<Integer> r = rows.get(falling ? i : rows.size() - 1 - i);
                settle(r, r.stream().mapToDouble(n -> {
                    List<Integer> near = sweepNeighbours(n, falling);
                    return near.isEmpty() ? x[n] : near.stream().mapToDouble(m -> x[m]).average().orElseThrow();
                }).toArray());
            }
        }
        double left = IntStream.range(0, x.length).mapToDouble(n -> x[n] - widths.get(n) / 2).min().orElse(0);
        for (int n = 0; n < x.length; n++) {
            x[n] -= left;
        }
    }

    private List<Integer> sweepNeighbours(int n, boolean falling) {
        List<Integer> first = (falling ? up : down).get(n);
        return first.isEmpty() ? (falling ? down : up).get(n) : first;
    }

    /** Least squares to the wishes with the least distances kept: pools of neighbours that would come too near move together. */
    private void settle(List<Integer> nodes, double[] wish) {
        int n = nodes.size();
        double[] offset = new double[n];
        for (int i = 1; i < n; i++) {
            offset[i] = offset[i - 1] + (widths.get(nodes.get(i - 1)) + widths.get(nodes.get(i))) / 2 + GAP;
        }
        double[] sum = new double[n];
        int[] count = new int[n];
        int pools = 0;
        for (int i = 0; i < n; i++) {
            sum[pools] = wish[i] - offset[i];
            count[pools] = 1;
            pools++;
            while (pools > 1 && sum[pools - 2] / count[pools - 2] > sum[pools - 1] / count[pools - 1]) {
                pools--;
                sum[pools - 1] += sum[pools];
                count[pools - 1] += count[pools];
            }
        }
        int at = 0;
        for (int p = 0; p < pools; p++) {
            for (int k = 0; k < count[p]; k++, at++) {
                x[nodes.get(at)] = sum[p] / count[p] + offset[at];
            }
        }
    }

    /** Horizontal middle of a node. */
    double x(int node) {
        return x[node];
    }

    int row(int node) {
        return row.get(node);
    }

    int rowCount() {
        return rows.size();
    }

    /** Right end of everything; the left end is 0. */
    double width() {
        return IntStream.range(0, x.length).mapToDouble(n -> x[n] + widths.get(n) / 2).max().orElse(0);
    }

    /** Horizontal places of an edge, from row to row. */
    double[] way(int edge) {
        return ways.get(edge).stream().mapToDouble(n -> x[n]).toArray();
    }
}
