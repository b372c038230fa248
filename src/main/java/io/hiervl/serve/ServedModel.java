package io.hiervl.serve;

import io.hiervl.config.EvalConfig;
import io.hiervl.predict.Segmenter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A model that the service answers with.
 *
 * @param name      by which requests choose it
 * @param about     what it is, for people; no path
 * @param segmenter the model; the service does not close it
 */
public record ServedModel(String name, String about, Segmenter segmenter) {
    List<String> classes() {
        return segmenter.classNames();
    }

    Map<String, Object> describe() {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("name", name);
        out.put("about", about);
        List<List<Integer>> colours = segmenter.palette().colours(classes().size());
        out.put("classes", java.util.stream.IntStream.range(0, classes().size())
            .mapToObj(k -> Map.of("index", k, "name", classes().get(k), "colour", colours.get(k))).toList());
        EvalConfig windows = segmenter.config();
        Map<String, Object> rule = new LinkedHashMap<>();
        rule.put("rule", windows.window().name().toLowerCase(Locale.ROOT));
        rule.put("crop", windows.crop());
        rule.put("stride", windows.stride());
        rule.put("short_side", windows.shortSide());
        out.put("windows", rule);
        return out;
    }
}
