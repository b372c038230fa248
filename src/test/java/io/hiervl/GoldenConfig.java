package io.hiervl;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.Set;
import java.util.TreeSet;

/** The configuration of a golden case, which remembers what was asked for: a setting that nobody reads must not pass unnoticed. */
public final class GoldenConfig {
    private final String owner;
    private final JsonNode node;
    private final Set<String> read = new TreeSet<>();

    /** @param owner case, for messages */
    GoldenConfig(String owner, JsonNode node) {
        this.owner = owner;
        this.node = node == null ? MissingNode.getInstance() : node;
    }

    /** An entry; fails if it is not there. */
    public JsonNode get(String key) {
        JsonNode value = path(key);
        if (value.isMissingNode()) {
            throw new AssertionError("case " + owner + " has no configuration " + key);
        }
        return value;
    }

    /** An entry, or a missing node. */
    public JsonNode path(String key) {
        read.add(key);
        return node.path(key);
    }

    /** Keys that are in the file and that nobody asked for. */
    Set<String> unread() {
        Set<String> rest = new TreeSet<>();
        node.fieldNames().forEachRemaining(rest::add);
        rest.removeAll(read);
        return rest;
    }

    /** The value of a key as text, without counting as asked for. */
    String text(String key) {
        JsonNode value = node.path(key);
        return value.isTextual() ? value.asText() : value.toString();
    }
}
