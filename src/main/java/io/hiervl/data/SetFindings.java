package io.hiervl.data;

import io.hiervl.config.PhotoRules;
import io.hiervl.data.DataReport.Problem;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** What only all samples together show: palettes that differ, and how photos with an EXIF orientation are read. */
final class SetFindings {
    private final Dataset dataset;
    private final Map<Sample, SampleInspection> inspections;
    private final List<Problem> problems;

    SetFindings(Dataset dataset, Map<Sample, SampleInspection> inspections, List<Problem> problems) {
        this.dataset = dataset;
        this.inspections = inspections;
        this.problems = problems;
    }

    void find(Map<String, SplitList> lists) {
        palettes(lists);
        orientations(lists);
    }

    /** Masks of unlabelled photos only serve the log. */
    private void palettes(Map<String, SplitList> lists) {
        PaletteGuard guard = new PaletteGuard(true);
        for (Map.Entry<String, SplitList> list : lists.entrySet()) {
            for (Sample s : list.getKey().equals("unlabeled") ? List.<Sample>of() : list.getValue().samples()) {
                String conflict = guard.conflict(inspections.get(s).palette(), s.mask());
                if (conflict != null) {
                    problems.add(new Problem(s.mask(), "", 0, "palettes differ", conflict, true));
                    return;
                }
            }
        }
    }

    private void orientations(Map<String, SplitList> lists) {
        Map<Uprightness, Integer> counts = new EnumMap<>(Uprightness.class);
        String example = null;
        int all = 0;
        for (Sample s : lists.values().stream().flatMap(l -> l.samples().stream()).distinct().toList()) {
            Uprightness way = inspections.get(s).way();
            if (way != Uprightness.PLAIN) {
                all++;
                counts.merge(way, 1, Integer::sum);
                example = example == null ? s.image() : example;
            }
        }
        if (all == 0) {
            return;
        }
        PhotoRules rules = dataset.spec().photos();
        String setting = (rules.upright() ? "turned upright" : "read as stored") + " by the setting photos.orientation ("
            + rules.orientation().name().toLowerCase(java.util.Locale.ROOT) + ")";
        List<String> parts = new ArrayList<>();
        add(parts, counts.get(Uprightness.MASK_UPRIGHT), "turned upright because their masks have that size");
        add(parts, counts.get(Uprightness.MASK_STORED), "read as stored because their masks have that size");
        add(parts, counts.get(Uprightness.MASK_EITHER), "with a mask that fits both ways, " + setting);
        add(parts, counts.get(Uprightness.NO_MASK), "without a mask that fits, " + setting);
        boolean asStored = counts.containsKey(Uprightness.MASK_STORED) && !counts.containsKey(Uprightness.MASK_UPRIGHT);
        boolean asUpright = counts.containsKey(Uprightness.MASK_UPRIGHT) && !counts.containsKey(Uprightness.MASK_STORED);
        if (counts.containsKey(Uprightness.MASK_EITHER) && (rules.upright() ? asStored : asUpright)) {
            String other = rules.upright() ? "stored" : "upright";
            parts.add("every mask that shows the way lies " + other + ", so 'photos: {orientation: " + other
                + "}' in dataset.yaml is probably right for those that fit both ways");
        }
        problems.add(new Problem(example, "", 0, "orientation", all + (all == 1 ? " photo has" : " photos have") + " an EXIF orientation: "
            + String.join("; ", parts), false));
    }

    private static void add(List<String> parts, Integer count, String what) {
        if (count != null) {
            parts.add(count + " " + what);
        }
    }
}
