package io.hiervl.config;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The class list that a labelling tool puts beside photos and masks: such a folder is no benchmark, whatever its subfolders are called. */
final class OwnClasses {
    private static final List<String> NAMES = List.of("class_names.txt", "labelmap.txt", "labels.txt", "classes.txt", "_classes.csv",
        "obj.names", "meta.json");

    private OwnClasses() {
    }

    /** Null if there is none. */
    static Path find(Path folder) {
        return NAMES.stream().map(folder::resolve).filter(Files::isRegularFile).findFirst().orElse(null);
    }
}
