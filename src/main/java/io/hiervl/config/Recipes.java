package io.hiervl.config;

import io.hiervl.HierVlException;
import io.hiervl.InputFiles;
import io.hiervl.PublicApi;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Finds and reads recipes. A recipe names the one it extends in {@code extends:} (default {@code default}) and gives only
 * what differs; {@code recipes/default.yaml} gives everything. A recipe with {@code splits:} stands for one more recipe per
 * split: {@code voc-92} is {@code voc} with the split "92" and what the paper reports on it. Safe for several threads.
 */
@PublicApi
public final class Recipes {
    /** Files that come with the program. */
    private static final List<String> FILES =
        List.of("default", "photos", "literal", "tiny", "voc-mini", "voc", "coco", "ade20k", "cityscapes");
    private static final String EXTENDS = "extends";
    private static final String SPLITS = "splits";
    /** What networks are that were saved before these settings existed, whatever is today's default. */
    private static final List<String> BEFORE = List.of("model.mask_head=mlp", "model.zero_init_cmsam=false",
        "model.zero_init_text_attn=false", "model.zero_init_decoder=false");
    private static final long MAX_YAML = 1 << 20;

    /** Recipes that come with the program, those of splits included. */
    public static final List<String> BUILT_IN = builtIn();

    private Recipes() {
    }

    private static List<String> builtIn() {
        List<String> names = new ArrayList<>(FILES);
        FILES.forEach(f -> splits(f).entries().keySet().forEach(split -> names.add(f + "-" + split)));
        return List.copyOf(names);
    }

    private static YamlNode.Mapping splits(String file) {
        return resource(file).entries().get(SPLITS) instanceof YamlNode.Mapping splits ? splits : new YamlNode.Mapping(Map.of(), file);
    }

    /** What each recipe file is for: the comment at its beginning. */
    public static Map<String, String> purposes() {
        Map<String, String> purposes = new LinkedHashMap<>();
        FILES.forEach(f -> {
            List<String> comment = resourceText(f).lines().takeWhile(l -> l.startsWith("#")).map(l -> l.substring(1).strip()).toList();
            purposes.put(f, String.join(" ", comment));
        });
        return purposes;
    }

    /** Names of the recipes of a file's splits. */
    public static List<String> splitsOf(String file) {
        return splits(file).entries().keySet().stream().map(split -> file + "-" + split).toList();
    }

    /** The recommended reading at full size. */
    public static Recipe defaults() {
        return load("default", List.of());
    }

    /**
     * Reads a recipe.
     *
     * @param nameOrFile one of {@link #BUILT_IN} or a YAML file
     * @param settings   {@code key=value} pairs laid over it, such as {@code train.lr=2e-4}
     * @throws HierVlException naming file, line and key of what is wrong (exit code 3)
     */
    public static Recipe load(String nameOrFile, List<String> settings) {
        Deque<YamlNode.Mapping> layers = new ArrayDeque<>();
        Set<String> chain = new LinkedHashSet<>();
        String next = nameOrFile;
        while (next != null) {
            if (!chain.add(next)) {
                throw HierVlException.config("recipes extend each other in a circle: " + String.join(" -> ", chain) + " -> " + next);
            }
            YamlNode.Mapping read = read(next);
            Map<String, YamlNode> entries = new LinkedHashMap<>(read.entries());
            YamlNode parent = entries.remove(EXTENDS);
            entries.remove(SPLITS);
            layers.push(new YamlNode.Mapping(entries, read.where()));
            next = parent == null ? (next.equals("default") ? null : "default") : parentName(parent, next);
        }
        YamlNode.Mapping merged = layers.pop();
        while (!layers.isEmpty()) {
            merged = merged.overlaid(layers.pop());
        }
        for (String setting : settings) {
            merged = merged.overlaid(setting(setting));
        }
        return RecordBinder.bind(merged, Recipe.class);
    }

    /**
     * Reads a recipe that {@link Recipe#toYaml} wrote; settings that did not exist then get what the program did at that time.
     *
     * @param name how messages call the text
     */
    public static Recipe parse(String yaml, String name) {
        YamlNode.Mapping older = read("default");
        for (String setting : BEFORE) {
            older = older.overlaid(setting(setting));
        }
        return RecordBinder.bind(older.overlaid(YamlReader.file(yaml, name)), Recipe.class);
    }

    /**
     * A recipe with the settings that the data set decides and nobody gave: which classes are countable, and whether class 0
     * may be erased.
     */
    public static Recipe forData(Recipe recipe, DatasetSpec spec) {
        YamlNode.Mapping filled = YamlReader.file(recipe.toYaml(), "recipe " + recipe.name());
        List<Integer> things = spec.things().stream().map(spec.classes()::indexOf).toList();
        int classes = spec.classes().size();
        if (recipe.loss().set().components().thingClasses() != null) {
            recipe.loss().set().components().thingClasses().forEach(c -> Check.that(c >= 0 && c < classes,
                "loss.thing_classes names class " + c + ", the data set '" + spec.name() + "' has the classes 0 to " + (classes - 1)));
        }
        List<Double> weights = recipe.loss().labelled().classWeightList();
        Check.that(weights == null || weights.size() == classes,
            "loss.class_weight_list has " + (weights == null ? 0 : weights.size()) + " values, the data set '" + spec.name() + "' has "
                + classes + " classes");
        // null stands for all but class 0
        if (recipe.loss().set().components().thingClasses() == null && !things.equals(IntStream.range(1, classes).boxed().toList())) {
            filled = filled.overlaid(setting("loss.thing_classes=" + things));
        }
        if (recipe.loss().masked().maskBackground() == null) {
            filled = filled.overlaid(setting("loss.mask_background=" + !spec.backgroundFirst()));
        }
        return RecordBinder.bind(filled, Recipe.class);
    }

    /** A recipe whose weights of classes are these. */
    public static Recipe withClassWeights(Recipe recipe, List<Double> weights) {
        return RecordBinder.bind(
            YamlReader.file(recipe.toYaml(), "recipe " + recipe.name()).overlaid(setting("loss.class_weight_list=" + weights)),
            Recipe.class);
    }

    /** Reads any record from a YAML file under the same strict rules. */
    public static <T extends Record> T readFile(Path file, Class<T> type) {
        return RecordBinder.bind(YamlReader.file(text(file), file.toString()), type);
    }

    private static String parentName(YamlNode parent, String child) {
        if (!(parent instanceof YamlNode.Scalar scalar) || scalar.text() == null) {
            throw HierVlException.config(parent.where() + ": 'extends' must name one recipe");
        }
        if (BUILT_IN.contains(scalar.text()) || BUILT_IN.contains(child)) {
            return scalar.text();
        }
        return Path.of(child).resolveSibling(scalar.text()).toString();
    }

    private static YamlNode.Mapping read(String nameOrFile) {
        if (FILES.contains(nameOrFile)) {
            return resource(nameOrFile);
        }
        if (BUILT_IN.contains(nameOrFile)) {
            return ofSplit(nameOrFile);
        }
        Path file = path(nameOrFile);
        InputFiles.requireRegular(file, HierVlException.Kind.DATA);
        if (!Files.isRegularFile(file)) {
            throw HierVlException
                .config("no recipe '" + nameOrFile + "': it is neither a YAML file nor one of " + String.join(", ", BUILT_IN)
                    + (nameOrFile.contains("/") || nameOrFile.contains(".") ? "" : NearMatches.hint(nameOrFile, BUILT_IN)));
        }
        return YamlReader.file(text(file), file.toString());
    }

    private static Path path(String name) {
        try {
            return Path.of(name);
        } catch (InvalidPathException e) {
            throw HierVlException.config("no recipe '" + name.replace('\0', ' ') + "': " + e.getReason());
        }
    }

    private static YamlNode.Mapping resource(String name) {
        return YamlReader.file(resourceText(name), "recipe " + name);
    }

    /** The text of a recipe that comes with the program. */
    static String resourceText(String name) {
        String resource = "/recipes/" + name + ".yaml";
        try (InputStream in = Recipes.class.getResourceAsStream(resource)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException("cannot read " + resource, e);
        }
    }

    /** voc-92: what {@code voc} says, the split, and what its {@code splits} say about it. */
    private static YamlNode.Mapping ofSplit(String name) {
        int dash = name.lastIndexOf('-');
        String file = name.substring(0, dash);
        String split = name.substring(dash + 1);
        String where = "recipe " + name;
        Map<String, YamlNode> entries = new LinkedHashMap<>();
        entries.put(EXTENDS, new YamlNode.Scalar(file, where));
        entries.put("name", new YamlNode.Scalar(name, where));
        entries.put("split", new YamlNode.Scalar(split, where));
        entries.put("paper", splits(file).entries().get(split));
        return new YamlNode.Mapping(entries, where);
    }

    static String text(Path file) {
        byte[] bytes = InputFiles.read(file, "a YAML file", MAX_YAML, HierVlException.Kind.DATA);
        try {
            String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
            return text.startsWith("\uFEFF") ? text.substring(1) : text;
        } catch (CharacterCodingException e) {
            throw HierVlException.config(file + ": not a text file in UTF-8");
        }
    }

    private static YamlNode.Mapping setting(String setting) {
        int equals = setting.indexOf('=');
        if (equals < 1 || !setting.substring(0, equals).strip().matches("\\w+(\\.\\w+)*")) {
            throw HierVlException.usage("--set " + setting + ": expected key=value, for example train.lr=2e-4");
        }
        String where = "--set " + setting;
        String[] keys = setting.substring(0, equals).strip().split("\\.");
        YamlNode node = YamlReader.value(setting.substring(equals + 1), where);
        for (int i = keys.length - 1; i >= 0; i--) {
            node = new YamlNode.Mapping(Map.of(keys[i], node), where);
        }
        return (YamlNode.Mapping) node;
    }
}
