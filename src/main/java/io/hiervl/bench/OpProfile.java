package io.hiervl.bench;

import io.hiervl.backend.Matmul;
import io.hiervl.backend.Operand;
import io.hiervl.backend.choice.Backends;
import io.hiervl.backend.jvm.JavaKernels;
import io.hiervl.graph.Profile;
import io.hiervl.op.SameDiffOps;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Nd4jTensors;
import io.hiervl.tensor.Precision;
import io.hiervl.tensor.Tensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/** Where the time of a case goes, by kind of op, beside what its products would take at the measured speed of a large product. */
public final class OpProfile {
    /** {@code profile} followed by the name of a case; alone the cases of {@link #STANDARD}. */
    public static final String CASE = "profile";
    /** The cases whose profiles limit the goals. */
    static final List<String> STANDARD = List.of("vision 512 fwd+bwd", "pixel decoder fwd+bwd", "transformer decoder fwd+bwd",
        "step vit-b16-512 1+1");
    /** Must be set in the process that runs a profile. */
    public static final String OPTION = "-Dhiervl.profile=true";

    private static final int MODULE_CALLS = 5;
    private static final double PEAK_SECONDS = 2;

    private OpProfile() {
    }

    /**
     * One kind of op.
     *
     * @param op    name without {@code hiervl_}; {@code _bp} is the backward pass
     * @param calls per call of the case
     * @param ms    per call of the case; ops of lanes that run beside each other add up
     * @param share of the time of all ops
     * @param gflop of matrix products and convolutions, per call of the case
     */
    public record Line(String op, double calls, double ms, double share, double gflop) {
    }

    /**
     * A profile.
     *
     * @param name        case
     * @param wall_ms     time of a call
     * @param peak_gflops speed of a product (1024,768) by (768,3072) in the precision of the case, in this process, 1e9 operations a second
     * @param lines       by falling time
     */
    public record Result(String name, double wall_ms, double peak_gflops, List<Line> lines) {
        /** The table for people. */
        public String markdown() {
            double gflop = lines.stream().mapToDouble(Line::gflop).sum();
            StringBuilder text = new StringBuilder(
                String.format(Locale.ROOT, "%s: %.0f ms; products and convolutions %.0f GFLOP, at %.0f GFLOP/s %.0f ms (%.0f %%)%n%n",
                    name, wall_ms, gflop, peak_gflops, gflop / peak_gflops * 1e3, 100 * gflop / peak_gflops * 1e3 / wall_ms));
            text.append("| op | calls | ms | share | GFLOP | GFLOP/s | ms at peak |\n|---|---|---|---|---|---|---|\n");
            double rest = 0;
            double restCalls = 0;
            for (Line l : lines) {
                if (l.share < 0.005) {
                    rest += l.ms;
                    restCalls += l.calls;
                } else {
                    text.append(String.format(Locale.ROOT, "| %s | %.0f | %.1f | %.1f %% | %s |%n", l.op, l.calls, l.ms, 100 * l.share,
                        l.gflop == 0 ? " | | "
                            : String.format(Locale.ROOT, "%.1f | %.0f | %.1f", l.gflop, l.gflop / l.ms * 1e3,
                                l.gflop / peak_gflops * 1e3)));
                }
            }
            double all = lines.stream().mapToDouble(Line::ms).sum();
            return text.append(String.format(Locale.ROOT,
                "| the others | %.0f | %.1f | %.1f %% | | | |%n| all ops | | %.1f | | %.1f | %.0f | %.1f |%n", restCalls, rest,
                100 * rest / all, all, gflop, gflop / all * 1e3, gflop / peak_gflops * 1e3)).toString();
        }
    }

    /** The cases to profile; empty if this is no profile. */
    public static List<String> of(String name) {
        if (name.equals(CASE)) {
            return STANDARD;
        }
        String rest = name.startsWith(CASE + " ") ? name.substring(CASE.length()).strip() : "";
        return !rest.isEmpty() && !Cases.isOperations(rest) && Cases.exists(rest) ? List.of(rest) : List.of();
    }

    /** Runs a case in this process, which must have been started with {@link #OPTION}. */
    public static Result run(String name, String precision) {
        Runnable work = Cases.prepare(name, precision);
        int calls = Cases.isLong(name) ? 1 : MODULE_CALLS;
        for (int i = 0; i < calls + 1; i++) {
            work.run();
        }
        Profile.collected();
        long start = System.nanoTime();
        for (int i = 0; i < calls; i++) {
            work.run();
        }
        double wall = (System.nanoTime() - start) / 1e6 / calls;
        return new Result(name, wall, peak(Precision.valueOf(precision.toUpperCase(Locale.ROOT))), lines(Profile.collected(), calls));
    }

    static List<Line> lines(Map<String, Profile.Cost> costs, int calls) {
        double all = costs.values().stream().mapToDouble(Profile.Cost::nanos).sum();
        List<Line> lines = new ArrayList<>();
        costs.forEach((op, c) -> lines
            .add(new Line(op.replaceFirst("^hiervl_", ""), (double) c.calls() / calls, c.nanos() / 1e6 / calls, c.nanos() / all,
                c.flops() / 1e9 / calls)));
        lines.sort(Comparator.comparingDouble(Line::ms).reversed());
        return lines;
    }

    /** Fastest product (1024,768) by (768,3072) of factors of this precision, in 1e9 operations a second. */
    private static double peak(Precision precision) {
        SameDiffOps.start();
        int m = 1024;
        int k = 768;
        int n = 3072;
        Random random = new Random(0);
        // the kernels of this process multiply with factors that were rounded before, as layers do
        JavaKernels kernels = (JavaKernels) Backends.host().kernels(ElementType.FLOAT, precision);
        Tensor a = kernels.factor(Nd4jTensors.of(Work.normal(random, m, k)), (long) m * k, "peak-a");
        Tensor b = kernels.factor(Nd4jTensors.of(Work.normal(random, k, n)), (long) k * n, "peak-b");
        Tensor c = Tensor.onHost(ElementType.FLOAT, m, n);
        double best = Double.POSITIVE_INFINITY;
        long start = System.nanoTime();
        while ((System.nanoTime() - start) / 1e9 < PEAK_SECONDS) {
            long t = System.nanoTime();
            kernels.matmul(Matmul.of(m, k, n), Operand.matrix(a, k), Operand.matrix(b, n), Operand.matrix(c, n));
            best = Math.min(best, (System.nanoTime() - t) / 1e9);
        }
        return 2.0 * m * k * n / best / 1e9;
    }
}
