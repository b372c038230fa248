package io.hiervl.cli;

import io.hiervl.AtomicFile;
import io.hiervl.Folders;
import io.hiervl.HierVlException;
import io.hiervl.OffHeap;
import io.hiervl.Progress;
import io.hiervl.clip.ClipBundle;
import io.hiervl.data.Dataset;
import io.hiervl.data.Pair;
import io.hiervl.data.Sample;
import io.hiervl.eval.WordTrial;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.Palette;
import io.hiervl.image.Photo;
import io.hiervl.op.SameDiffOps;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows what a frozen CLIP makes of names, before anything is labelled. */
@Command(name = "try", mixinStandardHelpOptions = true,
    description = "Shows what a frozen CLIP makes of class names on photos: pictures, shares, confidence, names that are near, wordings.",
    footer = {"", "Words of one class are separated by '|': --classes \"road|asphalt,car|automobile,sky\".",
        "With --data the photos of a list are taken, and their masks say how good each wording is."})
final class ClipTryCommand implements Callable<Integer> {
    private final Console console;

    @Option(names = "--clip", required = true, paramLabel = "DIR", description = "CLIP bundle.")
    Path clip;

    @Option(names = "--classes", paramLabel = "NAMES|FILE",
        description = "Names with commas between them, a class list, or a dataset.yaml; default: those of --data.")
    String classes;

    @Option(names = "--wording", paramLabel = "CLASS=WORDS", description = "More words for a class, separated by '|'; several times.")
    List<String> wordings = List.of();

    @Parameters(arity = "0..*", paramLabel = "PHOTO", description = "Photos, or folders whose photos are taken.")
    List<Path> photos = List.of();

    @Option(names = "--data", paramLabel = "DIR", description = "Data set with labelled photos, instead of photos.")
    Path data;

    @Option(names = "--list", paramLabel = "F", description = "List of its labelled photos; default: labeled.")
    Path list;

    @Option(names = "--limit", defaultValue = "12", paramLabel = "N", description = "Photos of the list, spread over it; default: 12.")
    int limit;

    @Option(names = "--side", defaultValue = "0", paramLabel = "N",
        description = "Short side of photos for the tower, in pixels; default: twice the tower's own.")
    int side;

    @Option(names = "--out", paramLabel = "DIR", description = "Folder for pictures and the page try.html.")
    Path out;

    @Option(names = "--write-concepts", paramLabel = "FILE",
        description = "Write the words that fit the masks best, as 'concepts' for dataset.yaml; needs --data.")
    Path concepts;

    @Option(names = "--json", description = "Write one JSON document.")
    boolean json;

    ClipTryCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        check();
        Dataset dataset = data == null ? null : Dataset.open(data);
        ClassWords words = (classes != null ? ClassWords.of(classes) : ClassWords.of(dataset.spec())).with(wordings);
        if (dataset != null && !words.names().equals(dataset.spec().classes())) {
            throw HierVlException.usage("--classes has other names than the data set " + data + ": its masks hold "
                + String.join(", ", dataset.spec().classes()) + "; leave --classes out and give words with --wording");
        }
        if (out != null) {
            Folders.require(out, "pictures");
        }
        if (concepts != null) {
            Folders.requireFile(concepts, "concepts");
        }
        SameDiffOps.start();
        console.begin("reading the CLIP " + clip);
        WordTrial trial = new WordTrial(ClipBundle.open(clip), words.words(), side);
        List<ClipTryResult.Shown> shown = new ArrayList<>();
        List<LabelMap> truth = new ArrayList<>();
        look(trial, dataset, shown, truth);
        ClipTryResult result = new ClipTryResult(words, trial, shown, truth);
        if (json) {
            console.json(result.json());
        } else {
            result.lines().forEach(console::println);
        }
        if (out != null) {
            boolean own = dataset == null || !words.colours().isEmpty();
            new ClipTryPage(result, Palette.of(own ? words.colours() : dataset.spec().pictureColours())).write(out);
            console.note("pictures in " + out.resolve(ClipTryPage.FILE));
        }
        if (concepts != null) {
            AtomicFile.write(AtomicFile.named(concepts), result.concepts());
            console.note("wrote " + concepts + "; put it into dataset.yaml");
        }
        return 0;
    }

    private void check() {
        if (classes == null && data == null) {
            throw HierVlException.usage("which names? give --classes, or --data with a data set");
        }
        if (data != null && !photos.isEmpty()) {
            throw HierVlException.usage("give either photos or --data");
        }
        if (list != null && data == null) {
            throw HierVlException.usage("--list needs --data");
        }
        if (concepts != null && data == null) {
            throw HierVlException.usage("--write-concepts needs masks to choose by: give --data");
        }
        if (limit < 1 || side < 0) {
            throw HierVlException.usage("--limit is " + limit + " and --side is " + side + "; at least 1 and 0 are possible");
        }
    }

    private void look(WordTrial trial, Dataset dataset, List<ClipTryResult.Shown> shown, List<LabelMap> truth) {
        Progress progress = console.progress("try");
        if (dataset == null) {
            PhotoFiles chosen =
                photos.isEmpty() ? new PhotoFiles(List.of(), List.of()) : PhotoFiles.of(photos, out == null ? Path.of("") : out);
            chosen.notes().forEach(n -> console.note("note: " + n));
            for (PhotoFiles.Found found : chosen.photos()) {
                Path p = found.path();
                Photo photo = Images.readUpright(p);
                shown.add(new ClipTryResult.Shown(p.getFileName().toString(), photo, trial.look(photo)));
                OffHeap.tidy();
                progress.update(shown.size(), chosen.photos().size(), "");
            }
            return;
        }
        List<Sample> samples = dataset.requireMasks(list == null ? dataset.list("labeled") : dataset.list(list)).samples();
        int n = Math.min(limit, samples.size());
        for (int i = 0; i < n; i++) {
            Sample s = samples.get((int) ((long) i * samples.size() / n));
            Pair pair = dataset.load(s, true);
            shown.add(new ClipTryResult.Shown(s.image(), pair.photo(), trial.look(pair.photo())));
            truth.add(pair.labels());
            OffHeap.tidy();
            progress.update(shown.size(), n, "");
        }
    }
}
