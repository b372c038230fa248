package io.hiervl.config;

import io.hiervl.HierVlException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * Reads YAML into {@link YamlNode}s and refuses what settings never need: duplicate keys, tags that name Java types,
 * anchors and aliases (an alias bomb grows without bound) and more than one document.
 */
final class YamlReader {
    private static final int LONGEST_LINE = 32 * 1024;

    private final String source;
    private final boolean withLines;
    private final Set<Node> seen = Collections.newSetFromMap(new IdentityHashMap<>());

    private YamlReader(String source, boolean withLines) {
        this.source = source;
        this.withLines = withLines;
    }

    /** A whole file, whose top level must be a mapping; an empty file is an empty mapping. */
    static YamlNode.Mapping file(String text, String name) {
        YamlNode root = new YamlReader(name, true).read(text);
        if (root instanceof YamlNode.Scalar scalar && scalar.text() == null) {
            return new YamlNode.Mapping(Map.of(), name);
        }
        if (root instanceof YamlNode.Mapping mapping) {
            return mapping;
        }
        throw HierVlException.config(name + ": expected 'key: value' lines at the top level");
    }

    /** A whole file of any form. */
    static YamlNode any(String text, String name) {
        return new YamlReader(name, true).read(text);
    }

    /** A value given on the command line. */
    static YamlNode value(String text, String where) {
        return new YamlReader(where, false).read(text);
    }

    private YamlNode read(String text) {
        refuseLongLines(text);
        LoaderOptions options = new LoaderOptions();
        options.setMaxAliasesForCollections(0);
        options.setCodePointLimit(4 * 1024 * 1024);
        options.setNestingDepthLimit(20);
        try {
            Node node = new Yaml(options).compose(new StringReader(text));
            return node == null ? new YamlNode.Scalar(null, source) : convert(node);
        } catch (MarkedYAMLException e) {
            int line = e.getProblemMark() == null ? 0 : e.getProblemMark().getLine() + 1;
            String problem = e.getProblem() == null ? e.getMessage() : e.getProblem();
            throw HierVlException.config((withLines ? source + ":" + line : source) + ": not valid YAML: " + plain(problem));
        } catch (YAMLException | IllegalArgumentException | IndexOutOfBoundsException | StackOverflowError e) {
            throw HierVlException.config(source + ": not valid YAML: " + String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
        }
    }

    /** The library looks at a line again and again: its time grows with the square of the length. */
    private void refuseLongLines(String text) {
        int start = 0;
        int line = 1;
        for (int i = 0; i <= text.length(); i++) {
            if (i == text.length() || text.charAt(i) == '\n') {
                if (i - start > LONGEST_LINE) {
                    throw HierVlException
                        .config((withLines ? source + ":" + line : source) + ": the line has " + (i - start) + " characters, at most "
                            + LONGEST_LINE + " are read");
                }
                start = i + 1;
                line++;
            }
        }
    }

    /** The library's words where they would not tell a user what to change. */
    private static String plain(String problem) {
        if (problem.contains("another document")) {
            return "a second document begins here ('---'); one is allowed";
        }
        if (problem.contains("end of stream") || problem.contains("<stream end>")) {
            return "the file ends inside a quoted text or a bracket";
        }
        return problem.startsWith("Global tag") ? "tags (!!) are not allowed" : problem;
    }

    private YamlNode convert(Node node) {
        String where = withLines ? source + ":" + (node.getStartMark().getLine() + 1) : source;
        if (!seen.add(node)) {
            throw HierVlException.config(where + ": anchors and aliases (& and *) are not supported, write the value again");
        }
        if (!node.getTag().startsWith(Tag.PREFIX) || node.getTag().getValue().startsWith(Tag.PREFIX + "java")
            || node.getTag().equals(new Tag(Tag.PREFIX + "binary"))) {
            throw HierVlException.config(where + ": the tag " + node.getTag().getValue() + " is not allowed");
        }
        if (node instanceof ScalarNode scalar) {
            boolean isNull = scalar.getTag().equals(Tag.NULL);
            return new YamlNode.Scalar(isNull ? null : scalar.getValue(), where);
        }
        if (node instanceof SequenceNode sequence) {
            List<YamlNode> items = new ArrayList<>();
            sequence.getValue().forEach(item -> items.add(convert(item)));
            return new YamlNode.Sequence(items, where);
        }
        return mapping((MappingNode) node, where);
    }

    private YamlNode.Mapping mapping(MappingNode node, String where) {
        Map<String, YamlNode> entries = new LinkedHashMap<>();
        Map<String, Integer> lines = new LinkedHashMap<>();
        for (NodeTuple tuple : node.getValue()) {
            int line = tuple.getKeyNode().getStartMark().getLine() + 1;
            if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
                throw HierVlException.config(source + ":" + line + ": a key must be a plain word");
            }
            Integer first = lines.putIfAbsent(key.getValue(), line);
            if (first != null) {
                throw HierVlException
                    .config(source + ":" + line + ": duplicate key '" + key.getValue() + "', first given in line " + first);
            }
            entries.put(key.getValue(), convert(tuple.getValueNode()));
        }
        return new YamlNode.Mapping(entries, where);
    }
}
