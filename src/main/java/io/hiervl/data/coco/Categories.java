package io.hiervl.data.coco;

import io.hiervl.HierVlException;
import io.hiervl.config.DatasetSpec;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Which class each category of a file becomes, by its name. Case, blanks, underscores and hyphens do not matter, unless two classes differ
 * in nothing else.
 *
 * @param classes category id to class index, without categories that no class takes
 * @param names   category id to name
 */
record Categories(Map<String, Integer> classes, Map<String, String> names) {

    /** @throws HierVlException no category is called like a class */
    static Categories of(CocoFile file, DatasetSpec spec) {
        Map<String, Integer> exact = new HashMap<>();
        Map<String, Integer> similar = new HashMap<>();
        for (int i = 0; i < spec.classes().size(); i++) {
            exact.put(spec.classes().get(i), i);
            similar.merge(folded(spec.classes().get(i)), i, (a, b) -> -1);
        }
        Map<String, Integer> classes = new HashMap<>();
        file.categories().forEach((id, name) -> {
            Integer index = exact.containsKey(name) ? exact.get(name) : similar.get(folded(name));
            if (index != null && index >= 0) {
                classes.put(id, index);
            }
        });
        if (classes.isEmpty()) {
            throw HierVlException.data(file.path() + ": none of its " + file.categories().size() + " categories " + file.categories()
                .values().stream()
                .limit(5).toList() + " is called like a class of the data set '" + spec.name() + "'");
        }
        return new Categories(classes, file.categories());
    }

    /** A name without what people write in different ways. */
    static String folded(String name) {
        return Normalizer.normalize(name, Normalizer.Form.NFC).toLowerCase(Locale.ROOT).replaceAll("[\\s_-]+", " ").strip();
    }

    /** Categories that are spelt otherwise than their classes; null if there are none. */
    String respelt(Map<String, Integer> counts, DatasetSpec spec) {
        List<String> parts = new ArrayList<>();
        classes.forEach((id, index) -> {
            if (counts.containsKey(id) && !names.get(id).equals(spec.classes().get(index))) {
                parts.add("'" + names.get(id) + "' as '" + spec.classes().get(index) + "'");
            }
        });
        return parts.isEmpty() ? null : "categories are read as classes of another spelling: "
            + String.join(", ", parts.stream().sorted().toList());
    }

    /** Names and numbers of annotations of categories that no class takes; null if there are none. */
    String unused(Map<String, Integer> counts, String becomes) {
        List<String> parts = new ArrayList<>();
        long sum = 0;
        for (Map.Entry<String, Integer> e : counts.entrySet()) {
            if (!classes.containsKey(e.getKey())) {
                parts.add("'" + names.getOrDefault(e.getKey(), e.getKey()) + "' (" + e.getValue() + ")");
                sum += e.getValue();
            }
        }
        return parts.isEmpty() ? null : sum + (sum == 1 ? " annotation" : " annotations") + " of categories that no class takes become "
            + becomes + ": "
            + String.join(", ", parts);
    }
}
