package io.hiervl.cli;

import io.hiervl.HierVlException;
import io.hiervl.config.DatasetSpec;
import io.hiervl.config.DatasetSpecs;
import io.hiervl.data.ClassFile;
import io.hiervl.image.LabelMap;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Classes with the words that stand for them.
 *
 * @param names in index order
 * @param words for each class its words, the first is its name unless a description says otherwise
 * @param colours of the classes in pictures, from a data set's description; empty: VOC's
 */
record ClassWords(List<String> names, List<List<String>> words, List<List<Integer>> colours) {
    /**
     * Reads {@code road,car|automobile,sky}, a class list in a file, or a dataset.yaml.
     *
     * @throws HierVlException usage error: fewer than two classes, or one without a word
     */
    static ClassWords of(String given) {
        Path file = Path.of(given);
        if (Files.isDirectory(file)) {
            return of(DatasetSpecs.read(file));
        }
        if (Files.isRegularFile(file)) {
            return file.getFileName().toString().equals(DatasetSpecs.FILE) ? of(DatasetSpecs.read(file.toAbsolutePath().getParent()))
                : checked(ClassFile.read(file).names().stream().map(List::of).toList());
        }
        if (!given.contains(",")) {
            throw HierVlException.usage("--classes is '" + given + "', neither a file nor names with commas between them"
                + Nearest.hint(file, p -> Files.isRegularFile(p)));
        }
        return checked(Arrays.stream(given.split(",")).map(c -> Arrays.stream(c.split("\\|")).map(String::strip)
            .filter(w -> !w.isEmpty()).toList()).toList());
    }

    /** The classes and concepts of a data set. */
    static ClassWords of(DatasetSpec spec) {
        return new ClassWords(spec.classes(), IntStream.range(0, spec.classes().size()).mapToObj(spec::conceptsOf).toList(),
            spec.pictureColours());
    }

    private static ClassWords checked(List<List<String>> words) {
        Set<String> names = new HashSet<>();
        for (List<String> w : words) {
            if (w.isEmpty() || !names.add(w.get(0))) {
                throw HierVlException.usage("--classes has " + (w.isEmpty() ? "an empty name" : "'" + w.get(0) + "' twice"));
            }
        }
        if (words.size() < 2 || words.size() > LabelMap.MOST_CLASSES) {
            throw HierVlException.usage("--classes has " + words.size() + " names, it must have 2 to " + LabelMap.MOST_CLASSES);
        }
        return new ClassWords(words.stream().map(w -> w.get(0)).toList(), words, List.of());
    }

    /** With more words, {@code class=word|word} each. */
    ClassWords with(List<String> more) {
        List<List<String>> all = new ArrayList<>(words);
        for (String line : more) {
            int equals = line.indexOf('=');
            int k = equals < 0 ? -1 : names.indexOf(line.substring(0, equals).strip());
            if (k < 0) {
                throw HierVlException.usage("--wording is '" + line + "', expected CLASS=WORDS|WORDS with one of the classes "
                    + String.join(", ", names));
            }
            List<String> merged = new ArrayList<>(all.get(k));
            Arrays.stream(line.substring(equals + 1).split("\\|")).map(String::strip).filter(w -> !w.isEmpty() && !merged.contains(w))
                .forEach(merged::add);
            all.set(k, merged);
        }
        return new ClassWords(names, all, colours);
    }
}
