package io.hiervl.config;

import io.hiervl.HierVlException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Finds the description of a data folder: its own {@code dataset.yaml}, or a built-in one for a layout that is known. */
public final class DatasetSpecs {
    /** The file's name in a data folder. */
    public static final String FILE = "dataset.yaml";
    /** Descriptions that come with the program. */
    public static final List<String> BUILT_IN = List.of("voc");

    private DatasetSpecs() {
    }

    /**
     * Reads the description of a folder. Without a dataset.yaml, a folder with JPEGImages and SegmentationClass is
     * taken as Pascal VOC.
     *
     * @throws HierVlException no folder, no description, or a wrong one (file and line named)
     */
    public static DatasetSpec read(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw HierVlException.data("the data folder " + folder + (Files.exists(folder) ? " is a file" : " does not exist"));
        }
        Path file = folder.resolve(FILE);
        if (Files.exists(file)) {
            return Recipes.readFile(file, DatasetSpec.class);
        }
        if (Files.isDirectory(folder.resolve("JPEGImages")) && Files.isDirectory(folder.resolve("SegmentationClass"))) {
            return builtIn("voc");
        }
        throw HierVlException.data(folder + " has no " + FILE + " (name, classes, lists) and is not a known layout");
    }

    /** One of {@link #BUILT_IN}. */
    public static DatasetSpec builtIn(String name) {
        String resource = "/datasets/" + name + ".yaml";
        try (InputStream in = DatasetSpecs.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw HierVlException.config("no data set '" + name + "' is built in; known are " + String.join(", ", BUILT_IN));
            }
            return RecordBinder.bind(YamlReader.file(new String(in.readAllBytes(), StandardCharsets.UTF_8), "data set " + name), DatasetSpec.class);
        } catch (IOException e) {
            throw new IllegalStateException("cannot read " + resource, e);
        }
    }
}
