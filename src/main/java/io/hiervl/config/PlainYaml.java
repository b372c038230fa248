package io.hiervl.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** YAML of other programs as plain values: maps with text keys, lists, and texts. */
public final class PlainYaml {
    private PlainYaml() {
    }

    /**
     * Reads a document.
     *
     * @param name how messages call it
     * @return a Map, a List, a String or null
     * @throws io.hiervl.HierVlException no YAML, with the line
     */
    public static Object read(String text, String name) {
        return plain(YamlReader.any(text, name));
    }

    private static Object plain(YamlNode node) {
        if (node instanceof YamlNode.Mapping mapping) {
            Map<String, Object> map = new LinkedHashMap<>();
            mapping.entries().forEach((key, value) -> map.put(key, plain(value)));
            return map;
        }
        return node instanceof YamlNode.Sequence list ? list.items().stream().map(PlainYaml::plain).toList() : ((YamlNode.Scalar) node)
            .text();
    }
}
