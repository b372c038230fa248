package io.hiervl.config;

import io.hiervl.HierVlException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Finds the description of a data folder: its own {@code dataset.yaml}, or a built-in one for a layout that is known. */
public final class DatasetSpecs {
    /** The file's name in a data folder. */
    public static final String FILE = "dataset.yaml";
    /** Descriptions that come with the program. */
    public static final List<String> BUILT_IN = List.of("voc", "coco", "ade20k", "cityscapes");

    private static final String EXTENDS = "extends";
    /** A root can be given one or two folders too high, as archives unpack: VOCdevkit/VOC2012, ADEChallengeData2016. */
    private static final int DEPTH = 2;
    private static final int LOOKED_AT = 1000;

    private DatasetSpecs() {
    }

    /**
     * Reads the description of a folder. A dataset.yaml may say {@code extends: voc} and give only what differs from a
     * built-in description. Without a dataset.yaml, the folder's layout decides which built-in one it is.
     *
     * @throws HierVlException no folder, no description, or a wrong one (file and line named)
     */
    public static DatasetSpec read(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw HierVlException.data("the data folder " + folder + (Files.exists(folder) ? " is a file" : " does not exist"));
        }
        Path file = folder.resolve(FILE);
        if (Files.exists(file)) {
            return RecordBinder.bind(extended(YamlReader.file(Recipes.text(file), file.toString())), DatasetSpec.class);
        }
        String known = recognise(folder);
        if (known != null) {
            return builtIn(known);
        }
        throw HierVlException.data(folder + " has no " + FILE + " (name, classes, lists) and is not the folder of "
            + String.join(", ", BUILT_IN) + hint(folder) + "; 'hiervl data init' makes one");
    }

    /** One of {@link #BUILT_IN}. */
    public static DatasetSpec builtIn(String name) {
        if (!BUILT_IN.contains(name)) {
            throw HierVlException.config("no data set '" + name + "' is built in; known are " + String.join(", ", BUILT_IN));
        }
        return RecordBinder.bind(resource(name), DatasetSpec.class);
    }

    private static YamlNode.Mapping extended(YamlNode.Mapping own) {
        YamlNode parent = own.entries().get(EXTENDS);
        if (parent == null) {
            return own;
        }
        if (!(parent instanceof YamlNode.Scalar scalar) || !BUILT_IN.contains(scalar.text())) {
            throw HierVlException.config(parent.where() + ": 'extends' must name one of " + String.join(", ", BUILT_IN));
        }
        Map<String, YamlNode> entries = new LinkedHashMap<>(own.entries());
        entries.remove(EXTENDS);
        return resource(scalar.text()).overlaid(new YamlNode.Mapping(entries, own.where()));
    }

    private static YamlNode.Mapping resource(String name) {
        String resource = "/datasets/" + name + ".yaml";
        try (InputStream in = DatasetSpecs.class.getResourceAsStream(resource)) {
            return YamlReader.file(new String(in.readAllBytes(), StandardCharsets.UTF_8), "data set " + name);
        } catch (IOException e) {
            throw new IllegalStateException("cannot read " + resource, e);
        }
    }

    private static String recognise(Path folder) {
        return BUILT_IN.stream().filter(name -> {
            FileRules files = builtIn(name).files();
            return !files.layout().isEmpty() && files.layout().stream().allMatch(f -> Files.isDirectory(folder.resolve(f)))
                && OwnClasses.find(folder) == null && (files.evidence().isEmpty() || files.evidence().entrySet().stream()
                    .anyMatch(e -> holds(folder.resolve(e.getKey()), e.getValue())));
        }).findFirst().orElse(null);
    }

    /** Whether one of the first files of a folder has a name like this. */
    private static boolean holds(Path folder, String pattern) {
        try (var files = Files.list(folder)) {
            return files.limit(LOOKED_AT).anyMatch(f -> f.getFileName().toString().matches(pattern));
        } catch (IOException e) {
            return false;
        }
    }

    private static String hint(Path folder) {
        Path own = OwnClasses.find(folder);
        if (own != null) {
            return "; " + own.getFileName() + " lists classes of its own: 'hiervl data import " + folder
                + " --out DIR' makes a data set of what labelling tools export";
        }
        try (var below = Files.walk(folder, DEPTH)) {
            return below.filter(f -> !f.equals(folder) && Files.isDirectory(f) && recognise(f) != null).findFirst()
                .map(f -> "; " + f + " looks like " + recognise(f)).orElse("");
        } catch (IOException | java.io.UncheckedIOException e) {
            return "";
        }
    }
}
