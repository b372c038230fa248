package io.hiervl.config;

import java.util.HashSet;
import java.util.List;
import java.util.Map;

/**
 * A table to be measured: every row is trained at every label count with every seed.
 *
 * @param name   title of the table
 * @param recipe what the rows start from
 * @param labels label counts, folders of the data set's {@code splits}
 * @param seeds  of training; the labelled images of a count are the same for all seeds
 * @param clip   also measure the frozen CLIP alone
 * @param settings of every run, {@code key=value}; null: none
 * @param baseline row that the others are compared with; null: the first
 * @param rows   for each row the settings that it differs by, {@code key=value}, in the order of the table
 */
public record ExperimentSpec(String name, String recipe, List<Integer> labels, List<Long> seeds, boolean clip,
    @Nullable List<String> settings, @Nullable String baseline, Map<String, List<String>> rows) {
    public ExperimentSpec {
        Check.that(!labels.isEmpty() && !seeds.isEmpty() && !rows.isEmpty(), "an experiment needs labels, seeds and rows");
        Check.that(new HashSet<>(seeds).size() == seeds.size(), "seeds " + seeds + " contain one twice");
        rows.keySet()
            .forEach(r -> Check.that(r.matches("[A-Za-z0-9_+.-]+"), "the row '" + r + "' must be made of letters, digits and _ + . -"));
        settings = settings == null ? List.of() : List.copyOf(settings);
        baseline = baseline == null ? rows.keySet().iterator().next() : baseline;
        Check.that(rows.containsKey(baseline), "the baseline '" + baseline + "' is none of the rows " + String.join(", ", rows.keySet()));
        labels = List.copyOf(labels);
        seeds = List.copyOf(seeds);
    }
}
