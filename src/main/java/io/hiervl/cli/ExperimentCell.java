package io.hiervl.cli;

import io.hiervl.config.ExperimentSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * A cell of an experiment's table with one seed.
 *
 * @param row      of the table
 * @param labels   label count, 0 for the frozen CLIP, which needs none
 * @param seed     of training
 * @param settings of the run over the recipe
 */
public record ExperimentCell(String row, int labels, long seed, List<String> settings) {
    private static final String CLIP = "clip";

    /** The folder of the run within that of the experiment. */
    public String folder() {
        return labels == 0 ? row : row + "-" + labels + "-s" + seed;
    }

    /**
     * All cells. Seeds and counts outside, rows inside: a table that is not finished compares all rows.
     *
     * @param more settings of every run, over those of the file
     */
    static List<ExperimentCell> of(ExperimentSpec spec, List<String> more) {
        List<String> common = new ArrayList<>(spec.settings());
        common.addAll(more);
        List<ExperimentCell> cells = new ArrayList<>();
        if (spec.clip()) {
            cells.add(new ExperimentCell(CLIP, 0, 0, common));
        }
        for (int labels : spec.labels()) {
            for (long seed : spec.seeds()) {
                spec.rows().forEach((row, own) -> {
                    List<String> all = new ArrayList<>(spec.settings());
                    all.addAll(own);
                    all.add("train.seed=" + seed);
                    all.addAll(more);
                    cells.add(new ExperimentCell(row, labels, seed, all));
                });
            }
        }
        return cells;
    }
}
