package io.hiervl.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The text of a new {@code dataset.yaml}: only what differs from the defaults, so that people can read it.
 *
 * @param ignore        value of pixels without a label
 * @param lists         role to file
 * @param map           value in mask files to class index, empty for none
 * @param colours       colour of each class in RGB masks, empty for none
 * @param ignoreColours colours without a label, empty for none
 * @param folders       first part of list paths to folders elsewhere, empty for none
 */
public record DatasetYaml(String name, List<String> classes, int ignore, Map<String, String> lists, Map<Integer, Integer> map,
        List<List<Integer>> colours, List<List<Integer>> ignoreColours, Map<String, String> folders) {

    /** Text that {@link DatasetSpecs} reads. */
    public String text() {
        StringBuilder out = new StringBuilder("# Made by 'hiervl data init'. concepts: {class: [text, ...]} may add descriptions of classes for CLIP.\n");
        RecordWriter.entry("name", name, "", out);
        RecordWriter.entry("classes", classes, "", out);
        if (ignore != 255) {
            RecordWriter.entry("ignore", ignore, "", out);
        }
        RecordWriter.entry("lists", lists, "", out);
        Map<String, Object> labels = new LinkedHashMap<>();
        put(labels, "map", map, map.isEmpty());
        put(labels, "colours", colours, colours.isEmpty());
        put(labels, "ignore_colours", ignoreColours, ignoreColours.isEmpty());
        if (!labels.isEmpty()) {
            RecordWriter.entry("labels", labels, "", out);
        }
        if (!folders.isEmpty()) {
            RecordWriter.entry("files", Map.of("folders", folders), "", out);
        }
        return out.toString();
    }

    private static void put(Map<String, Object> to, String key, Object value, boolean empty) {
        if (!empty) {
            to.put(key, value);
        }
    }
}
