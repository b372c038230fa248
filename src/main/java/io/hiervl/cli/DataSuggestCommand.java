package io.hiervl.cli;

import io.hiervl.Folders;
import io.hiervl.HierVlException;
import io.hiervl.OffHeap;
import io.hiervl.Progress;
import io.hiervl.clip.ClipBundle;
import io.hiervl.clip.ClipEmbedder;
import io.hiervl.clip.ClipPreprocess;
import io.hiervl.data.ClassCounts;
import io.hiervl.data.Dataset;
import io.hiervl.data.Sample;
import io.hiervl.data.SplitList;
import io.hiervl.eval.Uncertainty;
import io.hiervl.image.Photo;
import io.hiervl.predict.Segmenter;
import io.hiervl.predict.labels.LabelFiles;
import io.hiervl.suggest.Candidate;
import io.hiervl.suggest.Suggestion;
import io.hiervl.suggest.Suggestions;
import io.hiervl.suggest.Weights;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Says which unlabelled photos to label next. */
@Command(name = "suggest", mixinStandardHelpOptions = true,
    description = "Chooses unlabelled photos whose labels would teach most: where the model is unsure, classes are rare, photos are new.",
    footer = {"",
        "Writes suggested.txt (a list), suggested.csv (scores and reasons) and suggested.png (the photos with the model's classes).",
        "docs/suggest.md says how it chooses and what that is worth."})
final class DataSuggestCommand implements Callable<Integer> {
    private final Console console;

    @Option(names = "--model", required = true, paramLabel = "PATH", description = "Run folder, checkpoint folder or exported file.")
    Path model;

    @Option(names = "--data", required = true, paramLabel = "DIR", description = "Data set.")
    Path data;

    @Option(names = "--count", defaultValue = "20", paramLabel = "N", description = "Photos to choose; default: 20.")
    int count;

    @Option(names = "--labeled", paramLabel = "F", description = "List of labelled photos; default: the data set's.")
    Path labelled;

    @Option(names = "--unlabeled", paramLabel = "F", description = "List to choose from; default: the data set's.")
    Path unlabelled;

    @Option(names = "--clip", paramLabel = "DIR",
        description = "CLIP bundle whose image embeddings say which photos are alike; default: the model's classes in each quarter.")
    Path clip;

    @Option(names = "--weights", paramLabel = "E,D,R,V", split = ",",
        description = "Weights of entropy, disagreement, rarity and variety; default: 0.5,0.5,0.5,1.")
    double[] weights;

    @Option(names = "--out", paramLabel = "DIR", description = "Folder to write to; default: suggested in the current folder.")
    Path out = Path.of("suggested");

    @Option(names = "--as", split = ",", paramLabel = "FORM",
        description = "Also write the model's classes of these photos for correction in a tool: coco, labelme, cvat, label-studio or png.")
    List<String> forms = List.of();

    @Mixin
    WindowOptions windows;

    @Option(names = "--json", description = "Write one JSON document.")
    boolean json;

    DataSuggestCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        Weights w = weights();
        forms.stream().filter(f -> !LabelFiles.FORMS.contains(f)).findFirst().ifPresent(f -> {
            throw HierVlException.usage("--as is '" + f + "', known are " + String.join(", ", LabelFiles.FORMS));
        });
        Dataset dataset = Dataset.open(data);
        SplitList known = labelled == null ? dataset.list("labeled") : dataset.list(labelled);
        List<Sample> samples = unlabelledOf(dataset, known);
        Folders.require(out, "suggestions");
        Models.announce(model, console);
        try (Segmenter segmenter = windows.limit(Models.segmenter(model, windows::blended))) {
            if (!segmenter.classNames().equals(dataset.spec().classes())) {
                throw HierVlException.data("the model " + model + " has the classes " + segmenter.classNames() + ", the data set has "
                    + dataset.spec().classes());
            }
            Looks looks = new Looks(dataset, segmenter, clip);
            List<float[]> there = looks.embeddings(known.samples(), console.progress("labelled"));
            List<Candidate> candidates = looks.candidates(samples, console.progress("unlabelled"));
            List<Suggestion> chosen = new Suggestions(candidates, dataset.spec().classes(), shares(dataset, known), there).choose(count, w);
            new SuggestionFiles(out, dataset, segmenter, forms).write(samples, candidates, chosen);
            report(candidates, chosen);
        }
        return 0;
    }

    private Weights weights() {
        if (count < 1) {
            throw HierVlException.usage("--count is " + count + ", it must be at least 1");
        }
        if (weights == null) {
            return Weights.USUAL;
        }
        if (weights.length != 4) {
            throw HierVlException
                .usage("--weights has " + weights.length + " numbers, expected four: entropy, disagreement, rarity, variety");
        }
        return new Weights(weights[0], weights[1], weights[2], weights[3]);
    }

    /** Unlabelled photos without those that are labelled too. */
    private List<Sample> unlabelledOf(Dataset dataset, SplitList known) {
        SplitList all = unlabelled == null ? dataset.list("unlabeled") : dataset.list(unlabelled);
        Set<Path> taken = new HashSet<>();
        known.samples().forEach(s -> taken.add(s.imagePath().toAbsolutePath().normalize()));
        List<Sample> left = all.samples().stream().filter(s -> !taken.contains(s.imagePath().toAbsolutePath().normalize())).toList();
        if (left.isEmpty()) {
            throw HierVlException
                .data("every photo of " + all.file() + " is in " + known.file() + " already; there is nothing to choose from");
        }
        return left;
    }

    private double[] shares(Dataset dataset, SplitList known) {
        ClassCounts counts = ClassCounts.of(dataset, dataset.requireMasks(known), Progress.NONE);
        double[] shares = new double[dataset.spec().classes().size()];
        double sum = 0;
        for (int k = 0; k < shares.length; k++) {
            shares[k] = counts.total(k);
            sum += shares[k];
        }
        for (int k = 0; k < shares.length; k++) {
            shares[k] /= Math.max(1, sum);
        }
        return shares;
    }

    private void report(List<Candidate> candidates, List<Suggestion> chosen) {
        if (json) {
            console.json(chosen.stream().map(s -> ClipCommand.ordered("image", candidates.get(s.index()).image(), "score", s.score(),
                "entropy", candidates.get(s.index()).entropy(), "disagreement", candidates.get(s.index()).disagreement(), "rarity_rank",
                s.rarity(), "distance", s.distance(), "reason", s.reason())).toList());
        } else {
            for (int i = 0; i < chosen.size(); i++) {
                Suggestion s = chosen.get(i);
                console.println(String.format(Locale.ROOT, "%3d  %s: %s", i + 1, candidates.get(s.index()).image(), s.reason()));
            }
        }
        console.note(chosen.size() + " of " + candidates.size() + " photos chosen; see " + out.resolve(SuggestionFiles.SHEET));
    }

    /** What model and CLIP see in photos. */
    private static final class Looks {
        private final Dataset dataset;
        private final Segmenter segmenter;
        private final ClipEmbedder embedder;
        private final ClipPreprocess preprocess;

        Looks(Dataset dataset, Segmenter segmenter, Path clip) {
            this.dataset = dataset;
            this.segmenter = segmenter;
            ClipBundle bundle = clip == null ? null : ClipBundle.open(clip);
            this.embedder = bundle == null ? null : new ClipEmbedder(bundle.weights(), bundle.preprocessing().eot());
            this.preprocess = bundle == null ? null : new ClipPreprocess(bundle.preprocessing());
        }

        List<float[]> embeddings(List<Sample> samples, Progress progress) {
            List<float[]> rows = new ArrayList<>();
            for (Sample s : samples) {
                Photo photo = dataset.load(s, false).photo();
                rows.add(embedder == null ? Uncertainty.of(segmenter.images(), photo).layout() : clip(photo));
                progress.update(rows.size(), samples.size(), "");
                OffHeap.tidy();
            }
            return rows;
        }

        List<Candidate> candidates(List<Sample> samples, Progress progress) {
            List<Candidate> out = new ArrayList<>();
            for (Sample s : samples) {
                Photo photo = dataset.load(s, false).photo();
                Uncertainty u = Uncertainty.of(segmenter.images(), photo);
                long[] pixels = u.labels().histogram();
                double[] shares = new double[segmenter.classNames().size()];
                for (int k = 0; k < shares.length; k++) {
                    shares[k] = (double) pixels[k] / u.labels().values().length;
                }
                out.add(new Candidate(s.image(), u.entropy(), u.disagreement(), shares, embedder == null ? u.layout() : clip(photo)));
                progress.update(out.size(), samples.size(), "");
                OffHeap.tidy();
            }
            return out;
        }

        private float[] clip(Photo photo) {
            return embedder.embedImages(preprocess.apply(List.of(photo))).dup('c').data().asFloat();
        }
    }
}
