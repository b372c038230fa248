package io.hiervl.data;

import io.hiervl.AtomicFile;
import io.hiervl.config.DatasetSpecs;
import io.hiervl.config.DatasetYaml;
import io.hiervl.config.PhotoRules;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A data set that is understood and not yet written. */
public final class NewDataset {
    private final PictureFolders.Found found;
    private final ClassNames classes;
    private final MaskSurvey survey;
    private final ExportSplit split;
    private final List<String> notes;
    private final Path out;
    private final DatasetInit.Options options;
    private final int held;
    private final int kept;

    NewDataset(PictureFolders.Found found, ClassNames classes, MaskSurvey survey, ExportSplit split, List<String> notes, Path out,
               DatasetInit.Options options) {
        this.found = found;
        this.classes = classes;
        this.survey = survey;
        this.split = split;
        this.notes = notes;
        this.out = out;
        this.options = options;
        int labelled = masked() - split.test().size();
        this.held = split.exists() ? split.validation().size() : NewLists.held(labelled, options);
        this.kept = NewLists.kept(labelled - held, options);
    }

    private int masked() {
        return (int) found.pairs().masks().values().stream().filter(m -> !m.isEmpty()).count();
    }

    /** Number of classes. */
    public int classes() {
        return classes.names().size();
    }

    /** What was understood, for the user. */
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        int photos = found.pairs().masks().size();
        lines.add(masked() + " of " + photos + (photos == 1 ? " photo has" : " photos have") + " a mask");
        lines.addAll(survey.lines());
        return lines;
    }

    /**
     * Writes description and lists.
     *
     * @throws io.hiervl.HierVlException the folder cannot be written (exit 6); nothing is left then
     */
    public DatasetInit.Result write() {
        FolderPairs pairs = found.pairs();
        Map<String, String> lists =
            NewLists.names(pairs.masks().size() - split.test().size() - held > kept, held > 0, notes);
        try (Undo undo = new Undo(out)) {
            Path root = DatasetInit.folder(out);
            Map<String, String> folders = new LinkedHashMap<>();
            Map<String, String> prefixes = new LinkedHashMap<>();
            found.roots().forEach((name, folder) -> prefixes.put(name, DatasetInit.prefix(name, folder, root, folders)));
            Dataset dataset = Dataset.open(root, yaml(null, lists, folders).spec());
            Map<Path, Path> united = SeveralMasks.unite(pairs, dataset, undo, notes);
            List<Sample> samples = new ArrayList<>();
            pairs.masks().forEach((photo, masks) -> {
                Path one = united.getOrDefault(photo, masks.isEmpty() ? null : masks.get(0));
                String mask = one == null ? null : united.containsKey(photo) ? DatasetInit.slashes(root.relativize(one))
                    : name(one, false, prefixes);
                samples.add(new Sample(name(photo, true, prefixes), mask, photo, one, samples.size() + 1));
            });
            List<Path> masks = samples.stream().filter(Sample::hasMask).map(Sample::maskPath).toList();
            List<String> things = ThingGuess.of(masks, dataset.labels()::read, classes.names());
            notes.add(NewLists.things(things));
            List<Integer> sizes = NewLists.write(dataset, samples, split, held, kept, options, undo);
            AtomicFile.write(undo.made(root.resolve(DatasetSpecs.FILE)), yaml(things, lists, folders).text());
            undo.keep();
            return new DatasetInit.Result(out, sizes, List.copyOf(notes));
        }
    }

    private DatasetYaml yaml(List<String> things, Map<String, String> lists, Map<String, String> folders) {
        return new DatasetYaml("hiervl data init", options.name(), classes.names(), survey.ignore(), things, lists, survey.labels(),
            PhotoRules.PLAIN, folders);
    }

    private String name(Path file, boolean photo, Map<String, String> prefixes) {
        Map.Entry<String, Path> place = found.rootOf(file, photo);
        return prefixes.get(place.getKey()) + DatasetInit.slashes(place.getValue().relativize(file));
    }
}
