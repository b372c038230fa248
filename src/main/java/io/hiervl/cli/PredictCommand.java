package io.hiervl.cli;

import io.hiervl.Folders;
import io.hiervl.HierVlException;
import io.hiervl.OffHeap;
import io.hiervl.Progress;
import io.hiervl.config.PhotoRules;
import io.hiervl.eval.Ahead;
import io.hiervl.image.Images;
import io.hiervl.image.Orientation;
import io.hiervl.image.Photo;
import io.hiervl.predict.Prediction;
import io.hiervl.predict.PredictionFiles;
import io.hiervl.predict.Segmenter;
import io.hiervl.predict.labels.LabelFiles;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Segments photos. */
@Command(name = "predict", mixinStandardHelpOptions = true,
    description = "Segments photos: an index PNG with palette, an overlay and a JSON with class areas for each.",
    footer = {"", "A photo that cannot be read is named and left out; the others are done and the exit code is 3.",
        "Photos of subfolders are written to subfolders of the same name.",
        "Photos of the same name get NAME-2 and so on; the JSON says which photo a file belongs to."})
final class PredictCommand implements Callable<Integer> {
    private static final long SLOW_NANOS = 2_000_000_000L;

    private final Console console;

    @Option(names = "--model", required = true, paramLabel = "PATH", description = "Run folder, checkpoint folder or exported file.")
    Path model;

    @Parameters(arity = "1..*", paramLabel = "IMAGE", description = "Photos, or folders, which are taken with their subfolders.")
    List<Path> images;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Folder to write to.")
    Path out;

    @Option(names = "--photo-range", defaultValue = "type", paramLabel = "type|own",
        description = "What is white in photos of more than 8 bits: the largest number of their type (default), "
            + "or the largest value of each file.")
    PhotoRules.Range range;

    @Option(names = "--as", split = ",", paramLabel = "FORM",
        description = "Also write labels for correction in a tool, in a folder of the form's name: coco, labelme, cvat, "
            + "label-studio or png (CVAT's and VOC's masks).")
    List<String> forms = List.of();

    @Mixin
    WindowOptions windows;

    @Option(names = "--json", description = "Write one JSON document with the areas of all photos.")
    boolean json;

    /** Names in labels of photos that have namesakes in other folders. */
    private Map<Path, String> namesakes = Map.of();

    PredictCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        PhotoFiles chosen = PhotoFiles.of(images, out);
        List<PhotoFiles.Found> photos = chosen.photos();
        namesakes = chosen.namesakes();
        chosen.notes().forEach(n -> console.note("note: " + n));
        forms.stream().filter(f -> !LabelFiles.FORMS.contains(f)).findFirst().ifPresent(f -> {
            throw HierVlException.usage("--as is '" + f + "', known are " + String.join(", ", LabelFiles.FORMS));
        });
        Folders.require(out, "predictions");
        List<Map<String, Object>> documents = new ArrayList<>();
        List<String> failures = new ArrayList<>();
        Progress progress = console.progress("predict");
        Models.announce(model, console);
        try (Segmenter segmenter = windows.limit(Models.segmenter(model, windows::blended));
             Ahead<Read> ahead = new Ahead<>(photos.size(), i -> read(photos.get(i)))) {
            PredictionFiles files = new PredictionFiles(out, segmenter.palette());
            List<String> misread = forms.isEmpty() ? List.of() : LabelFiles.misread(segmenter.classNames());
            if (!misread.isEmpty()) {
                console.warn("warning: in labels the names " + String.join(", ", misread) + " mean no class or the background; "
                    + "tools and 'hiervl data import' do not read them back; other names in dataset.yaml before training would help");
            }
            List<LabelFiles> labels = forms.stream().map(f -> LabelFiles.of(f, out, segmenter.classNames(), segmenter.palette())).toList();
            while (documents.size() < photos.size()) {
                List<Read> group = group(segmenter, ahead, photos.size() - documents.size());
                List<Photo> found = group.stream().map(Read::photo).filter(Objects::nonNull).toList();
                List<Prediction> predictions = found.isEmpty() ? List.of() : segmenter.predict(found, inside(group.get(0).file.path()));
                int next = 0;
                for (Read r : group) {
                    documents.add(r.failure == null ? write(files, labels, r, predictions.get(next++)) : failed(r, failures));
                    progress.update(documents.size(), photos.size(), "");
                }
                OffHeap.tidy();
            }
            labels.forEach(LabelFiles::finish);
        }
        if (json) {
            console.json(documents);
        }
        if (!failures.isEmpty()) {
            throw HierVlException
                .data(String.format(Locale.ROOT, "%d of %d photos could not be segmented; the lines above name them", failures.size(),
                    photos.size()));
        }
        return 0;
    }

    /** The photo, its classes, and the overlay of four bytes. */
    private static final int PIXEL_BYTES = 8;

    /** A decoded photo, or what is wrong with it. */
    private record Read(PhotoFiles.Found file, Photo photo, HierVlException failure) {
    }

    private Read read(PhotoFiles.Found file) {
        Path path = file.path();
        try {
            byte[] bytes = Images.readBytes(path);
            Images.requireUndamaged(bytes, path.toString());
            Images.requireHeap(bytes, path.toString(), PIXEL_BYTES);
            Photo stored = Images.decode(bytes, path.toString(), Images.MAX_PIXELS, range == PhotoRules.Range.OWN);
            String damage = Images.hiddenDamage(bytes, stored);
            if (damage != null) {
                console.note("note: " + path + " may be damaged: " + damage);
            }
            Photo photo = Orientation.of(bytes).upright(stored);
            String dark = Images.nearlyBlack(photo, bytes, path.toString());
            if (dark != null) {
                console.note("note: " + path + " " + ownSetting(dark));
            }
            return new Read(file, photo, null);
        } catch (HierVlException e) {
            if (e.kind() != HierVlException.Kind.DATA) {
                throw e;
            }
            return new Read(file, null, HierVlException.data(ownSetting(e.getMessage())));
        }
    }

    /** What a data set says in its description is an option of this command. */
    private static String ownSetting(String message) {
        return message.replace("'photos: {range: own}' in dataset.yaml takes", "--photo-range own takes");
    }

    /** The next photos that go through the network together: one, or several small ones. */
    private static List<Read> group(Segmenter segmenter, Ahead<Read> ahead, int left) {
        List<Read> group = new ArrayList<>();
        List<Photo> good = new ArrayList<>();
        while (group.size() < left && (good.isEmpty() ? group.isEmpty() : segmenter.joins(good))) {
            Read r = ahead.next();
            group.add(r);
            if (r.photo != null) {
                good.add(r.photo);
            }
        }
        return group;
    }

    /** Progress within a photo, for those that take long. */
    private Progress inside(Path path) {
        Progress line = console.progress("windows of " + path.getFileName());
        long start = System.nanoTime();
        return (done, total, note) -> {
            if (System.nanoTime() - start > SLOW_NANOS) {
                line.update(done, total, note);
            }
        };
    }

    private Map<String, Object> failed(Read read, List<String> failures) {
        failures.add(read.failure.getMessage());
        console.note("hiervl: " + read.failure.getMessage());
        return ClipCommand.ordered("image", read.file.path().toString(), "error", read.failure.getMessage());
    }

    private Map<String, Object> write(PredictionFiles files, List<LabelFiles> labels, Read read, Prediction prediction) {
        Path photo = read.file.path();
        List<Path> written = files.write(read.file.below(), photo, read.photo, prediction);
        String stem = out.relativize(written.get(2)).toString().replace('\\', '/').replaceFirst("\\.json$", "");
        labels.forEach(l -> l.add(photo, namesakes.getOrDefault(photo, stem), prediction.labels()));
        if (!json) {
            console.println(photo + ": " + String.join(", ", prediction.areas().stream()
                .map(a -> String.format(Locale.ROOT, "%s %.1f %%", a.name(), 100 * a.fraction())).toList()) + " -> " + written.get(1));
        }
        Map<String, Object> document = prediction.json(photo.toString());
        document.put("files", written.stream().map(Path::toString).toList());
        return document;
    }
}
