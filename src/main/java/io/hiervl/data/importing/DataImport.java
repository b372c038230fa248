package io.hiervl.data.importing;

import io.hiervl.AtomicFile;
import io.hiervl.Folders;
import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.config.DatasetSpecs;
import io.hiervl.config.DatasetYaml;
import io.hiervl.config.LabelRules;
import io.hiervl.config.PhotoRules;
import io.hiervl.data.ClassNames;
import io.hiervl.data.Dataset;
import io.hiervl.data.DatasetInit;
import io.hiervl.data.ExportSplit;
import io.hiervl.data.FolderListing;
import io.hiervl.data.NewLists;
import io.hiervl.data.PictureFolders;
import io.hiervl.data.Sample;
import io.hiervl.data.ThingGuess;
import io.hiervl.data.Undo;
import io.hiervl.image.LabelMap;
import io.hiervl.image.LabelMaps;
import io.hiervl.image.PhotoTypes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Makes a data set of the export of a labelling tool: a folder or the zip file itself. */
public final class DataImport {
    private static final List<ExportForm> FORMS = List.of(new CvatXmlForm(), new SuperviselyForm(), new LabelStudioForm(),
        new LabelMeForm(), new CocoForm());
    private static final String MASKS = "masks";
    private static final String SOURCE = "source";
    /** The name of exports that consist of mask pictures. */
    public static final String MASK_FORM = "masks";

    /**
     * What the user decides.
     *
     * @param form    of {@link #forms()}, null to find it by looking
     * @param images  folder of the photos, null if the export holds them
     * @param classes classes to use, in their order; null: those of the export, background first
     * @param empty   whether photos without any mark are labelled as background; else they are unlabelled
     * @param init    name, validation share, number of labels and seed
     */
    public record Choice(String form, Path images, ClassNames classes, boolean empty, boolean keepSplit, DatasetInit.Options init) {
    }

    private DataImport() {
    }

    private static final int LOOKED_AT = 20;
    private static final Set<String> PACKED = Set.of("zip", "tar", "gz", "tgz", "7z", "rar");

    /** Names of the forms. */
    public static List<String> forms() {
        List<String> all = new ArrayList<>(FORMS.stream().map(ExportForm::name).toList());
        all.add(MASK_FORM);
        return all;
    }

    /**
     * Writes the data set.
     *
     * @param source folder, zip file, or a single JSON or XML file
     * @param out    folder to make, or one without dataset.yaml and lists
     * @throws HierVlException nothing that can be imported (exit 3), or out cannot be written (exit 6); nothing is left then
     */
    public static DatasetInit.Result run(Path source, Path out, Choice choice, Progress progress) {
        if (!Files.exists(source)) {
            throw HierVlException.data(source + " does not exist");
        }
        DatasetInit.refuseExisting(out);
        try (Undo undo = new Undo(out)) {
            Path root = DatasetInit.folder(out);
            List<String> notes = new ArrayList<>();
            Path folder = open(source, root, undo, progress);
            FolderListing listing = FolderListing.deep(folder);
            List<Path> files = Files.isRegularFile(source) && !isZip(source) ? List.of(real(source)) : listing.files();
            notes.addAll(listing.notes());
            Path images = choice.images == null ? null : real(choice.images);
            String form = choice.form != null ? choice.form : recognise(source, files);
            notes.add("read as an export of the form " + form);
            if (form.equals(MASK_FORM)) {
                return masks(folder, files, out, images, choice, notes, undo, progress);
            }
            List<Path> others = files.stream().filter(PhotoTypes::isOther).toList();
            if (!others.isEmpty()) {
                notes.add(PhotoTypes.notRead(others));
            }
            ExportForm reader = FORMS.stream().filter(f -> f.name().equals(form)).findFirst()
                .orElseThrow(() -> HierVlException.usage("--from is '" + form + "', known are " + String.join(", ", forms())));
            List<Path> all = new ArrayList<>(listing.files());
            Path photoRoot = folder;
            if (images != null) {
                all = new ArrayList<>(FolderListing.deep(images).files());
                photoRoot = images;
            }
            Dropped dropped = new Dropped();
            Imported imported = reader.read(files, new PhotoFinder(all), dropped).checked(dropped);
            notes.addAll(dropped.sentences());
            if (imported.photos().isEmpty() && dropped.sentences().isEmpty()) {
                throw HierVlException.data(source + " holds nothing of the form " + form
                    + "; without --from the form is found by looking");
            }
            DatasetInit.Result made = new ShapeWriter(root, photoRoot, choice, notes, undo).write(imported, all, out, progress);
            undo.keep();
            return made;
        }
    }

    private static DatasetInit.Result masks(Path folder, List<Path> files, Path out, Path images, Choice choice,
                                            List<String> notes, Undo undo, Progress progress) {
        MaskFolders found = MaskFolders.find(folder, files, images);
        notes.add("classes are those of " + found.list());
        DatasetInit.Request request = new DatasetInit.Request(PictureFolders.of(found.photos(), found.masks()),
            choice.classes == null ? found.classes() : choice.classes, Set.of(), choice.keepSplit, choice.init);
        DatasetInit.Result made = DatasetInit.plan(request, out, files, progress).write();
        notes.addAll(made.notes());
        undo.keep();
        return new DatasetInit.Result(out, made.sizes(), List.copyOf(notes));
    }

    private static Path open(Path source, Path root, Undo undo, Progress progress) {
        if (!isZip(source)) {
            return real(Files.isDirectory(source) ? source : source.toAbsolutePath().getParent());
        }
        Path folder = undo.made(root.resolve(SOURCE));
        if (Files.exists(folder)) {
            throw HierVlException.environment(folder + " exists; nothing was written");
        }
        Folders.create(folder);
        Archive.unpack(source, folder, undo, progress);
        return folder;
    }

    private static boolean isZip(Path source) {
        return Files.isRegularFile(source) && PhotoTypes.extension(source).equals("zip");
    }

    private static Path real(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException e) {
            throw HierVlException.data(path + " cannot be read: " + AtomicFile.reason(e), e);
        }
    }

    private static String recognise(Path source, List<Path> files) {
        List<String> found = new ArrayList<>();
        FORMS.stream().filter(f -> f.recognises(files)).map(ExportForm::name).forEach(found::add);
        if (found.isEmpty() && MaskFolders.recognises(files)) {
            found.add(MASK_FORM);
        }
        if (found.isEmpty()) {
            JsonFiles.of(files).stream().limit(LOOKED_AT).forEach(JsonFiles::read); // says which one is damaged
            String almost = CocoForm.almost(files);
            Path packed = files.stream().filter(f -> PACKED.contains(PhotoTypes.extension(f))).findFirst().orElse(null);
            throw HierVlException.data(source
                + " is no export that is known: neither CVAT's XML, JSON of labelme, COCO, Label Studio or Supervisely, nor mask"
                + " pictures with a list of classes. " + (almost == null ? "" : almost)
                + (packed == null ? "" : "It holds the archive " + packed.getFileName()
                    + ": unpack that and import the result. ")
                + "--from names the form, 'hiervl data init' takes folders of photos and masks");
        }
        if (found.size() > 1) {
            throw HierVlException.data(source + " holds exports of several forms: " + String.join(", ", found)
                + "; choose one with --from");
        }
        return found.get(0);
    }

    /** Draws the marks of photos and writes the data set. */
    private static final class ShapeWriter {
        private final Path root;
        private final Path photoRoot;
        private final Choice choice;
        private final List<String> notes;
        private final Undo undo;
        private int unmarked;
        private Path firstUnmarked;

        ShapeWriter(Path root, Path photoRoot, Choice choice, List<String> notes, Undo undo) {
            this.root = root;
            this.photoRoot = photoRoot;
            this.choice = choice;
            this.notes = notes;
            this.undo = undo;
        }

        DatasetInit.Result write(Imported imported, List<Path> files, Path out, Progress progress) {
            LabelTable table = LabelTable.of(imported, choice.classes(), notes);
            Map<Path, Imported.Labelled> labelled = new LinkedHashMap<>();
            int without = 0;
            for (Imported.Labelled photo : imported.photos()) {
                if (photo.marks().isEmpty() && !choice.empty()) {
                    without++;
                    continue;
                }
                if (labelled.putIfAbsent(photo.photo(), photo) != null) {
                    throw HierVlException.data("the export labels the photo " + photo.photo() + " twice");
                }
            }
            if (without > 0) {
                notes.add(without + (without == 1 ? " photo has no mark and becomes" : " photos have no mark and become")
                    + " unlabelled; with --empty background they are labelled as background");
            }
            if (labelled.isEmpty()) {
                throw HierVlException.data("no photo of the export has a mark"
                    + (notes.isEmpty() ? "" : " (" + String.join("; ", notes) + ")")
                    + "; --images names the folder of the photos if they lie elsewhere");
            }
            Map<String, String> folders = new LinkedHashMap<>();
            String prefix = DatasetInit.prefix("images", photoRoot, root, folders);
            // A photo that an export holds as text was written while it was read.
            Set<Path> photos = new TreeSet<>(files.stream().filter(PhotoTypes::isPhoto).toList());
            photos.addAll(labelled.keySet());
            photos.stream().filter(p -> !p.startsWith(photoRoot)).findFirst().ifPresent(p -> {
                throw HierVlException.data("the photo " + p + " lies outside of " + photoRoot
                    + "; --images names the folder of all photos");
            });
            List<Sample> samples = samples(photos, labelled, table, prefix, progress);
            if (unmarked > 0) {
                String where =
                    unmarked + " of " + labelled.size() + " labelled photos have marks that cover no pixel, the first: " + firstUnmarked
                        + "; coordinates may be fractions where pixels or per cent are expected";
                if (unmarked == labelled.size()) {
                    throw HierVlException.data(where);
                }
                notes.add(where);
            }
            ExportSplit split = choice.keepSplit() ? ExportSplit.of(photoRoot, labelled.keySet(), files) : ExportSplit.NONE;
            if (split.exists()) {
                notes.add(split.note());
            }
            int left = labelled.size() - split.test().size();
            int held = split.exists() ? split.validation().size() : NewLists.held(left, choice.init());
            int kept = NewLists.kept(left - held, choice.init());
            Map<String, String> lists = NewLists.names(samples.size() - split.test().size() - held > kept, held > 0, notes);
            List<String> things = ThingGuess.of(samples.stream().filter(Sample::hasMask).map(Sample::maskPath).toList(),
                LabelMaps::read, table.classes());
            notes.add(NewLists.things(things));
            DatasetYaml yaml = new DatasetYaml("hiervl data import", choice.init().name(), table.classes(), LabelMap.IGNORE, things,
                lists, LabelRules.PLAIN, PhotoRules.PLAIN, folders);
            List<Integer> sizes = NewLists.write(Dataset.open(root, yaml.spec()), samples, split, held, kept, choice.init(), undo);
            AtomicFile.write(undo.made(root.resolve(DatasetSpecs.FILE)), yaml.text());
            return new DatasetInit.Result(out, sizes, List.copyOf(notes));
        }

        private List<Sample> samples(Set<Path> photos, Map<Path, Imported.Labelled> labelled, LabelTable table, String prefix,
                                     Progress progress) {
            Folders.create(undo.made(root.resolve(MASKS)));
            Set<Path> taken = new HashSet<>();
            Map<Path, Boolean> made = new HashMap<>();
            List<Sample> samples = new ArrayList<>();
            for (Path photo : photos) {
                Imported.Labelled marks = labelled.get(photo);
                String inside = DatasetInit.slashes(photoRoot.relativize(photo));
                Path mask = null;
                if (marks != null) {
                    String stem = inside.replaceFirst("\\.[^./]*$", "");
                    mask = root.resolve(MASKS).resolve(stem + ".png");
                    mask = taken.add(mask) ? mask : root.resolve(MASKS).resolve(inside + ".png");
                    parents(mask.getParent());
                    LabelMap drawn = table.draw(marks);
                    if (!marks.marks().isEmpty() && table.isUnmarked(drawn)) {
                        firstUnmarked = unmarked++ == 0 ? photo : firstUnmarked;
                    }
                    LabelMaps.writeGrey(drawn, undo.made(mask));
                    made.put(photo, true);
                    progress.update(made.size(), labelled.size(), inside);
                }
                samples.add(new Sample(prefix + inside, mask == null ? null : DatasetInit.slashes(root.relativize(mask)), photo, mask,
                    samples.size() + 1));
            }
            return samples;
        }

        private void parents(Path folder) {
            if (!Files.isDirectory(folder)) {
                parents(folder.getParent());
                Folders.create(undo.made(folder));
            }
        }
    }
}
