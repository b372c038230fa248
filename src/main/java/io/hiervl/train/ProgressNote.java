package io.hiervl.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What the line of progress says of a step. */
final class ProgressNote {
    private ProgressNote() {
    }

    /**
     * Total loss, last mIoU and share of pseudo-labels.
     *
     * @param unlabelledFrom step from which unlabelled images take part, 0 if they do or never will
     */
    static String brief(Map<String, Double> terms, Double miou, long unlabelledFrom) {
        StringBuilder text = new StringBuilder(String.format(Locale.ROOT, "loss %.3f", terms.get(StepContext.TOTAL)));
        if (miou != null) {
            text.append(String.format(Locale.ROOT, "  mIoU %.2f", 100 * miou));
        }
        if (terms.containsKey("mask_ratio")) {
            text.append(String.format(Locale.ROOT, "  pseudo %.0f %%", 100 * terms.get("mask_ratio")));
        } else if (unlabelledFrom > 0) {
            text.append("  unlabelled from ").append(unlabelledFrom);
        }
        return text.toString();
    }

    /** Images a second and the terms that the line of progress shows. */
    static String full(List<String> headlines, Map<String, Double> terms, double rate) {
        List<String> names = new ArrayList<>(headlines);
        names.add("mask_ratio");
        StringBuilder text = new StringBuilder(String.format(Locale.ROOT, "%.1f images/s", rate));
        for (String name : names) {
            if (terms.containsKey(name)) {
                text.append(String.format(Locale.ROOT, " %s %.3f", name, terms.get(name)));
            }
        }
        return text.toString();
    }
}
