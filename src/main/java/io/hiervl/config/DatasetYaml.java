package io.hiervl.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The text of a new {@code dataset.yaml}: only what differs from the defaults, so that people can read it.
 *
 * @param maker   the command that makes it, for the first line
 * @param ignore  value of pixels without a label
 * @param things  classes with countable objects; null: all but the background
 * @param lists   role to file
 * @param labels  how masks are read
 * @param photos  how photos are read
 * @param folders first part of list paths to folders elsewhere, empty for none
 */
public record DatasetYaml(String maker, String name, List<String> classes, int ignore, @Nullable List<String> things,
    Map<String, String> lists, LabelRules labels,
    PhotoRules photos, Map<String, String> folders) {

    /** Text that {@link DatasetSpecs} reads. */
    public String text() {
        StringBuilder out = new StringBuilder("# Made by '" + maker
            + "'. concepts: {class: [text, ...]} may add descriptions of classes for CLIP.\n");
        RecordWriter.entry("name", name, "", out);
        RecordWriter.entry("classes", classes, "", out);
        if (ignore != 255) {
            RecordWriter.entry("ignore", ignore, "", out);
        }
        if (things != null) {
            RecordWriter.entry("things", things, "", out);
        }
        RecordWriter.entry("lists", lists, "", out);
        Map<String, Object> rules = new LinkedHashMap<>();
        put(rules, "map", labels.map(), labels.map().isEmpty());
        put(rules, "colours", labels.colours(), labels.colours().isEmpty());
        put(rules, "ignore_colours", labels.ignoreColours(), labels.ignoreColours().isEmpty());
        put(rules, "palettes", labels.palettes(), labels.palettes() == LabelRules.Palettes.COLOURS);
        put(rules, "transparent", labels.transparent(), labels.transparent() == null);
        if (!rules.isEmpty()) {
            RecordWriter.entry("labels", rules, "", out);
        }
        if (!photos.upright()) {
            RecordWriter.entry("photos", Map.of("orientation", photos.orientation()), "", out);
        }
        if (!folders.isEmpty()) {
            RecordWriter.entry("files", Map.of("folders", folders), "", out);
        }
        return out.toString();
    }

    /**
     * What {@link DatasetSpecs} will read.
     *
     * @throws io.hiervl.HierVlException classes or rules that no description may have
     */
    public DatasetSpec spec() {
        return RecordBinder.bind(YamlReader.file(text(), DatasetSpecs.FILE), DatasetSpec.class);
    }

    private static void put(Map<String, Object> to, String key, Object value, boolean empty) {
        if (!empty) {
            to.put(key, value);
        }
    }
}
