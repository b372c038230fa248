package io.hiervl.cli;

import io.hiervl.report.Curves;
import io.hiervl.report.HtmlReport;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** The curves of a run in groups, with a sentence on each. */
final class CurveGroups {
    private record Group(String title, String sentence, Predicate<String> has) {
    }

    private static final List<Group> GROUPS = List.of(
        new Group("validation", "How good the model is on the val photos; this is what counts.", n -> n.startsWith("val_")),
        new Group("total loss", "The sum that training makes small; it should fall and then level out.", "total"::equals),
        new Group("pseudo-labels",
            "Share of sure pseudo-labels, and where it is known how many are right; near 0 unlabelled photos teach nothing.",
            List.of("mask_ratio", "pseudo_accuracy")::contains),
        new Group("terms on unlabelled photos", "Parts of the total that need no labels.",
            n -> n.endsWith("_s1") || n.endsWith("_s2") || n.endsWith("_fp")),
        new Group("gradient", "Norm of the gradient before it is bounded; a steady rise announces a run that diverges.",
            "grad_norm"::equals),
        new Group("learning rate", "It grows in the warm-up and falls to 0 at the last planned step.", "lr"::equals),
        new Group("speed", "Photos a second; a fall means that the machine had other work.", "images_per_second"::equals),
        new Group("waiting for photos", "Share of the time that training waited for data; near 0 is good.", "data_wait"::equals),
        new Group("terms on labelled photos", "Parts of the total that come from labels and texts.", n -> !n.equals("step")));

    private CurveGroups() {
    }

    /** Adds a chart for every group that has a column; each column is in the first group that takes it. */
    static void write(HtmlReport page, Map<String, double[]> columns) {
        List<String> left = new ArrayList<>(columns.keySet());
        for (Group group : GROUPS) {
            List<String> names = left.stream().filter(group.has).toList();
            left.removeAll(names);
            BufferedImage chart =
                Curves.draw(group.title, "step", names.stream().map(n -> new Curves.Line(n, columns.get("step"), columns.get(n))).toList());
            if (chart != null) {
                page.paragraph(group.sentence).pictures(List.of(new HtmlReport.Picture(group.title, chart)), false);
            }
        }
    }
}
