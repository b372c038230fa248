package io.hiervl.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** Both programs beside each other: ratios of time and memory with the goals of the project. */
public final class Comparison {
    /** Case of the peer that runs the exported network in ONNX Runtime. */
    static final String ONNX_CASE = "inference 512 onnxruntime";
    private static final String STEP = "step vit-b16-512 1+1";
    private static final double NONE = Double.NaN;

    private Comparison() {
    }

    /**
     * What is to be reached: hiervl / peer.
     *
     * @param work  for people
     * @param name  case of this program
     * @param other case of the peer
     * @param fp32  largest ratio, NaN for none
     * @param bf16  the same with the peer under autocast
     */
    record Goal(String work, String name, String other, boolean memory, double fp32, double bf16) {
        double of(String precision) {
            return precision.equals("bf16") ? bf16 : fp32;
        }
    }

    private static final List<Goal> GOALS = List.of(
        goal("ViT-B/16 image tower forward, 512", "vision 512 fwd", 1.0, 0.9),
        goal("the same forward + backward", "vision 512 fwd+bwd", 1.0, 0.7),
        goal("deformable attention at 5376 tokens, forward + backward", "msdeform 5376 tokens fwd+bwd", 0.5, 0.5),
        goal("pixel decoder (6 layers), forward + backward", "pixel decoder fwd+bwd", 0.8, 0.6),
        goal("transformer decoder (9 layers, 163 queries), forward + backward", "transformer decoder fwd+bwd", 1.0, 1.0),
        goal("whole training step, ViT-B/16 512, 1 + 1 images", STEP, 0.9, 0.55),
        goal("whole training step, tiny, 8 + 8 images", "step tiny 8+8", 0.8, NONE),
        goal("inference of one 512 image", "inference 512", 0.9, 0.8),
        new Goal("the same against ONNX Runtime (fp32)", "inference 512", ONNX_CASE, false, 1.1, NONE),
        new Goal("peak memory of the training step, ViT-B/16 512", STEP, STEP, true, 1.0, 0.8));

    private static Goal goal(String work, String name, double fp32, double bf16) {
        return new Goal(work, name, name, false, fp32, bf16);
    }

    /** Cases with a goal, in order. */
    public static List<String> names() {
        return GOALS.stream().map(Goal::name).distinct().toList();
    }

    /** Cases of the peer that are measured beside a case of this program. */
    public static List<String> peerCases(String name, String precision) {
        // the peer measures its kernels all together
        List<String> cases = new ArrayList<>(List.of(Cases.isOperations(name) ? Cases.OPERATIONS : name));
        if (name.equals("inference 512") && precision.equals("fp32")) {
            cases.add(ONNX_CASE);
        }
        return cases;
    }

    /**
     * One line of the table.
     *
     * @param work      what is compared
     * @param name      case
     * @param unit      {@code ms} or {@code MB}
     * @param hiervl    median over the rounds
     * @param peer      median over the rounds
     * @param ratio     hiervl / peer
     * @param ratio_min ratio of the fastest samples; of the medians for memory
     * @param goal      largest ratio, null for none
     * @param reached   whether the ratio is within the goal, null without a goal
     */
    public record Line(String work, String name, String precision, String unit, double hiervl, double peer, double ratio, double ratio_min,
        Double goal, Boolean reached) {
    }

    /**
     * The table.
     *
     * @param hiervl rows of this program, one or more per case
     * @param peer   rows of the peer
     */
    public static List<Line> lines(String precision, List<Benchmark.Row> hiervl, List<Benchmark.Row> peer) {
        List<Goal> all = new ArrayList<>(GOALS);
        for (Benchmark.Row row : hiervl) {
            if (all.stream().noneMatch(g -> g.name.equals(row.name()))) {
                all.add(goal(row.name(), row.name(), NONE, NONE));
            }
        }
        List<Line> lines = new ArrayList<>();
        for (Goal g : all) {
            List<Benchmark.Row> mine = hiervl.stream().filter(r -> r.name().equals(g.name)).toList();
            List<Benchmark.Row> theirs = peer.stream().filter(r -> r.name().equals(g.other)).toList();
            if (!mine.isEmpty() && !theirs.isEmpty()) {
                lines.add(line(g, precision, mine, theirs));
            }
        }
        return lines;
    }

    private static Line line(Goal g, String precision, List<Benchmark.Row> mine, List<Benchmark.Row> theirs) {
        ToDoubleFunction<Benchmark.Row> value = g.memory ? Benchmark.Row::peak_rss_mb : Benchmark.Row::median_ms;
        double a = median(mine, value);
        double b = median(theirs, value);
        double fastest = g.memory ? a / b : min(mine) / min(theirs);
        double goal = g.of(precision);
        return new Line(g.work, g.name, precision, g.memory ? "MB" : "ms", a, b, a / b, fastest, Double.isNaN(goal) ? null : goal,
            Double.isNaN(goal) ? null : a / b <= goal);
    }

    private static double median(List<Benchmark.Row> rows, ToDoubleFunction<Benchmark.Row> value) {
        return Timing.median(rows.stream().map(value::applyAsDouble).toList());
    }

    private static double min(List<Benchmark.Row> rows) {
        return rows.stream().mapToDouble(Benchmark.Row::min_ms).min().orElseThrow();
    }

    /** The table for people. */
    public static String markdown(List<Line> lines) {
        StringBuilder text = new StringBuilder(
            "| work | precision | hiervl | PyTorch | ratio | ratio of minima | goal | reached |\n|---|---|---|---|---|---|---|---|\n");
        for (Line l : lines) {
            text.append(String.format(Locale.ROOT, "| %s | %s | %s %s | %s %s | %.2f | %.2f | %s | %s |%n", l.work, l.precision,
                number(l.hiervl), l.unit,
                number(l.peer), l.unit, l.ratio, l.ratio_min, l.goal == null ? "-" : "<= " + l.goal,
                l.reached == null ? "-" : l.reached ? "yes" : "no"));
        }
        return text.toString();
    }

    private static String number(double v) {
        return String.format(Locale.ROOT, v < 10 ? "%.2f" : v < 100 ? "%.1f" : "%.0f", v);
    }
}
