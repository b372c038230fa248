package io.hiervl.cli;

import io.hiervl.checkpoint.BestCheckpoint;
import io.hiervl.data.ClassCounts;
import io.hiervl.eval.ConfusionMatrix;
import io.hiervl.eval.EvalResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What a finished run is worth, beside what is simple.
 *
 * @param result   of the model that predictions take
 * @param last     of the last step, null if it is the same
 * @param best     the checkpoint that predictions take, null for the last
 * @param guidance of the frozen CLIP, null if it was not measured
 * @param rivals   what else was trained or measured for the comparison
 * @param labels   pixels of the labelled photos
 * @param pseudo   share of sure pseudo-labels at the end, NaN without unlabelled photos
 * @param right    right share of pseudo-labels where it is known, else NaN
 * @param rarer    settings that show rare classes more often and that the run did not have
 */
record Verdict(EvalResult result, EvalResult last, BestCheckpoint best, GuidanceWorth guidance, Rivals rivals, ClassCounts labels,
    double pseudo, double right, List<String> rarer) {
    static final List<String> SUMMARY_HEADER = List.of("what", "mIoU", "measured on");
    static final List<String> CLASS_HEADER = List.of("class", "IoU", "precision", "recall", "F1", "boundary F1", "labelled pixels");

    /** One row for each thing compared. */
    List<List<String>> summary() {
        List<List<String>> rows = new ArrayList<>();
        String val = result.images() + " val photos";
        rows.add(List.of("commonest class everywhere", percent(GuidanceWorth.commonest(result.matrix())), val));
        if (guidance != null) {
            rows.add(List.of("frozen CLIP", percent(guidance.clip()), guidance.photos() + " labelled photos"));
        }
        if (rivals.supervised() != null) {
            rows.add(
                List.of("supervised-only, same time (" + rivals.supervisedSteps() + " steps)", percent(rivals.supervised().miou()), val));
        }
        if (rivals.unaveraged() != null) {
            rows.add(List.of("this run, last step, weights without their average", percent(rivals.unaveraged().miou()), val));
        }
        if (last != null) {
            rows.add(List.of("this run, last step", percent(last.miou()), val));
        }
        rows.add(List.of(best == null ? "this run, last step" : "this run, best (step " + best.step() + ")", percent(result.miou()), val));
        return rows;
    }

    /** One row for each class. */
    List<List<String>> classes() {
        ConfusionMatrix m = result.matrix();
        List<List<String>> rows = new ArrayList<>();
        for (int k = 0; k < m.classes(); k++) {
            long right = m.intersection(k);
            long predicted = m.union(k) - m.targets(k) + right;
            rows.add(
                List.of(result.classes().get(k), percent(m.iou(k)), percent(ratio(right, predicted)), percent(ratio(right, m.targets(k))),
                    percent(ratio(2 * right, predicted + m.targets(k))), percent(result.boundary().f1(k)), percent(share(k))));
        }
        return rows;
    }

    /** What the pseudo-labels were worth; empty without unlabelled photos. */
    String pseudoLabels() {
        if (Double.isNaN(pseudo)) {
            return "";
        }
        return String.format(Locale.ROOT, "pseudo-labels at the end: %.1f %% of the pixels were sure%s", 100 * pseudo,
            Double.isNaN(right) ? "; nobody knows how many were right"
                : String.format(Locale.ROOT, ", %.1f %% of all labels were right", 100 * right));
    }

    /** The one sentence about what would help most. */
    String help() {
        if (result.miou() <= 1.1 * GuidanceWorth.commonest(result.matrix())) {
            return "More steps would help most: the model is hardly better than the commonest class. If it stays so, "
                + "hiervl data check finds wrong masks.";
        }
        if (last != null && best != null && last.miou() < 0.97 * result.miou()) {
            return "More labelled photos would help most: the model became worse on the val photos after step " + best.step() + ".";
        }
        if (rivals.supervised() != null && rivals.supervised().miou() > result.miou()) {
            return "The unlabelled photos did not help: supervised training alone was better in the same time. "
                + "--set train.method=supervised trains so.";
        }
        int worst = -1;
        for (int k = 0; k < result.classes().size(); k++) {
            boolean there = result.matrix().targets(k) > 0;
            if (there && (worst < 0 || result.matrix().iou(k) < result.matrix().iou(worst))) {
                worst = k;
            }
        }
        if (worst >= 0 && result.matrix().iou(worst) < 0.5 * result.miou()) {
            return String.format(Locale.ROOT,
                "More labels of '%s' would help most: it has IoU %s and %s %% of the labelled pixels.%s",
                result.classes().get(worst), percent(result.matrix().iou(worst)), percent(share(worst)), moreOften());
        }
        if (guidance != null && guidance.nothing()) {
            return "A CLIP that knows these classes would help most, or other words under concepts in dataset.yaml.";
        }
        return "More steps would help most: no class is far behind, and the last step was among the best.";
    }

    private String moreOften() {
        if (rarer.isEmpty()) {
            return "";
        }
        return " --set " + String.join(" and --set ", rarer) + (rarer.size() == 1 ? " shows" : " show") + " it more often.";
    }

    /** The whole verdict as lines for a terminal. */
    List<String> lines() {
        List<String> lines = new ArrayList<>(table(SUMMARY_HEADER, summary()));
        lines.add("");
        lines.addAll(table(CLASS_HEADER, classes()));
        lines.add("");
        if (!pseudoLabels().isEmpty()) {
            lines.add(pseudoLabels());
        }
        lines.add(help());
        return lines;
    }

    private static List<String> table(List<String> header, List<List<String>> rows) {
        List<List<String>> all = new ArrayList<>(List.of(header));
        all.addAll(rows);
        int[] width = new int[header.size()];
        all.forEach(row -> {
            for (int i = 0; i < width.length; i++) {
                width[i] = Math.max(width[i], row.get(i).length());
            }
        });
        return all.stream().map(row -> {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < width.length; i++) {
                String pad = " ".repeat(width[i] - row.get(i).length());
                line.append(i == 0 ? row.get(i) + pad : "  " + pad + row.get(i));
            }
            return line.toString();
        }).toList();
    }

    private double share(int k) {
        long all = 0;
        for (int c = 0; c < result.classes().size(); c++) {
            all += labels.total(c);
        }
        return ratio(labels.total(k), all);
    }

    private static double ratio(long part, long whole) {
        return whole == 0 ? 0 : (double) part / whole;
    }

    private static String percent(double share) {
        return Double.isNaN(share) ? "-" : String.format(Locale.ROOT, "%.1f", 100 * share);
    }
}
