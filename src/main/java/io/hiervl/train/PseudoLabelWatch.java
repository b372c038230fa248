package io.hiervl.train;

import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/** Warns once when pseudo-labels are not used, or are mostly wrong where that is known. */
final class PseudoLabelWatch {
    private static final double UNUSED = 0.01;
    private static final double WRONG = 0.1;

    private final long first;
    private final long total;
    private final Consumer<String> warn;
    private double used;
    private double right;
    private long steps;
    private long known;
    private boolean said;

    /**
     * @param first step from which there are pseudo-labels
     * @param total steps of the whole run
     */
    PseudoLabelWatch(long first, long total, Consumer<String> warn) {
        this.first = first;
        this.total = total - first;
        this.warn = warn;
    }

    /** Takes the figures of a step. */
    void add(long done, Map<String, Double> figures) {
        if (said || !figures.containsKey("mask_ratio")) {
            return;
        }
        // the second sixth of the steps with labels: before it few are sure in any run
        if (done - first > total / 6) {
            used += figures.get("mask_ratio");
            steps++;
            Double accuracy = figures.get("pseudo_accuracy");
            if (accuracy != null && Double.isFinite(accuracy)) {
                right += accuracy;
                known++;
            }
        }
        if (done - first < total / 3 || steps == 0) {
            return;
        }
        said = true;
        if (used / steps < UNUSED) {
            warn.accept(String.format(Locale.ROOT,
                "pseudo-labels are hardly used: %.2f %% of the pixels are sure enough; so unlabelled photos teach "
                    + "little; more labels, more steps or a lower loss.threshold would help",
                100 * used / steps));
        } else if (known > 0 && right / known < WRONG) {
            warn.accept(String.format(Locale.ROOT,
                "pseudo-labels are wrong: %.1f %% of them are right; more labels or --set train.method=supervised "
                    + "would help",
                100 * right / known));
        }
    }
}
