package io.hiervl.data;

import io.hiervl.HierVlException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What can be said about lists before training without opening a single picture; the rest is {@link DataCheck}'s. */
public final class Preflight {
    private static final int SHOWN = 5;

    private Preflight() {
    }

    /**
     * Refuses lists with files that do not exist, instead of stopping when a batch needs the first of them.
     *
     * @param lists by role; masks of the unlabelled list are not needed
     * @throws HierVlException with the number of missing files and the first few
     */
    public static void requireFiles(Dataset dataset, Map<String, SplitList> lists) {
        List<String> missing = new ArrayList<>();
        lists.forEach((role, list) -> {
            for (Sample s : list.samples()) {
                if (!Files.isRegularFile(s.imagePath())) {
                    missing.add(place(list, s) + FileNames.similar(s.imagePath()));
                }
                if (!role.equals("unlabeled") && s.hasMask() && !dataset.hasMaskFile(s)) {
                    missing.add(place(list, s) + FileNames.similar(s.maskPath()));
                }
            }
        });
        if (!missing.isEmpty()) {
            throw HierVlException.data(missing.size() + (missing.size() == 1 ? " file is" : " files are") + " missing: "
                + String.join("; ", missing.subList(0, Math.min(SHOWN, missing.size()))) + (missing.size() > SHOWN ? "; ..." : "")
                + ". 'hiervl data check' lists every problem");
        }
    }

    private static String place(SplitList list, Sample s) {
        return list.file() + ":" + s.line() + ": ";
    }

    /** Photos that two lists name, such as training photos in the validation list: one sentence per pair of lists. */
    public static List<String> overlaps(Map<String, SplitList> lists) {
        Map<Path, String> first = new HashMap<>();
        Map<String, Integer> counts = new HashMap<>();
        lists.forEach((role, list) -> list.samples().stream().map(s -> s.imagePath().normalize()).distinct().forEach(photo -> {
            String other = first.putIfAbsent(photo, role);
            if (other != null) {
                counts.merge(other + " and " + role, 1, Integer::sum);
            }
        }));
        return counts.entrySet().stream().sorted(Map.Entry.comparingByKey())
            .map(e -> e.getValue() + (e.getValue() == 1 ? " photo is" : " photos are") + " in both lists " + e.getKey()).toList();
    }
}
