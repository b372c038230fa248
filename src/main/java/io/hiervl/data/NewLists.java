package io.hiervl.data;

import io.hiervl.HierVlException;
import io.hiervl.Progress;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** The lists of a new data set: labelled, unlabelled and validation photos. */
public final class NewLists {
    /** Their file names, in the order of the parts. */
    public static final List<String> FILES = List.of("labeled.txt", "unlabeled.txt", "val.txt");

    /** List of photos that were kept for tests. */
    static final String TEST = "test.txt";

    private NewLists() {
    }

    /** What is said about the guess of {@link ThingGuess}. */
    public static String things(List<String> things) {
        return things.isEmpty()
            ? "no class shows several separate areas in one photo, so none counts as an object ('things:' in dataset.yaml)"
            : "classes with several separate areas in one photo count as objects: " + String.join(", ", things)
                + " ('things:' in dataset.yaml changes it)";
    }

    /** How many of the photos with masks are kept for validation: at least one stays for training. */
    public static int held(int labelled, DatasetInit.Options options) {
        return options.validation() == 0 ? 0 : Math.min(Math.max(1, (int) Math.round(options.validation() * labelled)), labelled - 1);
    }

    /**
     * How many of the rest keep their labels.
     *
     * @throws HierVlException more are wanted than there are
     */
    public static int kept(int rest, DatasetInit.Options options) {
        if (options.labels() > rest) {
            throw HierVlException.usage("cannot keep " + options.labels() + " labels: " + rest
                + " photos with masks are left for training");
        }
        return options.labels() == 0 ? rest : options.labels();
    }

    /** Role to file, with remarks on lists that are missing. */
    public static Map<String, String> names(boolean unlabelled, boolean validation, List<String> notes) {
        Map<String, String> lists = new LinkedHashMap<>(Map.of("labeled", "labeled.txt"));
        if (unlabelled) {
            lists.put("unlabeled", "unlabeled.txt");
        } else {
            notes.add("every photo has a mask, so nothing is unlabelled: keep fewer labels (--labels N), "
                + "or train with --set train.method=supervised");
        }
        if (validation) {
            lists.put("val", "val.txt");
        } else {
            notes.add("no photo is kept for validation, so training measures nothing at its end");
        }
        return lists;
    }

    /**
     * Chooses and writes the lists.
     *
     * @param given photos for validation and tests that somebody has chosen; none: {@code held} are drawn
     * @return lines of the three lists
     */
    public static List<Integer> write(Dataset dataset, List<Sample> samples, ExportSplit given, int held, int kept,
                                      DatasetInit.Options options, Undo undo) {
        List<Sample> masked = samples.stream().filter(Sample::hasMask).toList();
        Set<Sample> test = samples.stream().filter(s -> given.test().contains(s.imagePath())).collect(Collectors.toSet());
        Set<Sample> val = given.exists()
            ? samples.stream().filter(s -> given.validation().contains(s.imagePath())).collect(Collectors.toSet())
            : held == 0 ? Set.of() : Set.copyOf(SplitMaker.split(dataset, masked, held, false, options.seed(), Progress.NONE).labelled());
        List<Sample> train = samples.stream().filter(s -> !val.contains(s) && !test.contains(s)).toList();
        // Few labels should show every class.
        SplitMaker.Split split = SplitMaker.split(dataset, train, kept, options.labels() > 0, options.seed(), Progress.NONE);
        List<List<Sample>> parts = List.of(split.labelled(), split.unlabelled(), samples.stream().filter(val::contains).toList());
        for (int i = 0; i < FILES.size(); i++) {
            if (!parts.get(i).isEmpty()) {
                SplitList.write(undo.made(dataset.root().resolve(FILES.get(i))), parts.get(i));
            }
        }
        List<Sample> tests = samples.stream().filter(test::contains).toList();
        if (!tests.isEmpty()) {
            SplitList.write(undo.made(dataset.root().resolve(TEST)), tests);
        }
        return parts.stream().map(List::size).toList();
    }
}
