package io.hiervl.data;

import io.hiervl.HierVlException;
import io.hiervl.Progress;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Makes reproducible labelled and unlabelled lists out of one list. */
public final class SplitMaker {
    private SplitMaker() {
    }

    /** The two halves, each in the order of the source. */
    public record Split(List<Sample> labelled, List<Sample> unlabelled) {
        /**
         * Writes labeled.txt and unlabeled.txt; the folder is made if needed.
         *
         * @throws HierVlException a list cannot be written
         */
        public void write(Path folder) {
            write(folder.resolve("labeled.txt"), labelled);
            write(folder.resolve("unlabeled.txt"), unlabelled);
        }

        private static void write(Path file, List<Sample> samples) {
            StringBuilder text = new StringBuilder();
            for (Sample s : samples) {
                String separator = s.image().contains(" ") || s.hasMask() && s.mask().contains(" ") ? "\t" : " ";
                text.append(s.image()).append(s.hasMask() ? separator + s.mask() : "").append('\n');
            }
            try {
                Files.createDirectories(file.toAbsolutePath().getParent());
                Files.writeString(file, text, StandardCharsets.UTF_8);
            } catch (IOException e) {
                throw HierVlException.environment("cannot write " + file + ": " + e, e);
            }
        }
    }

    /**
     * Splits a list.
     *
     * @param labelled how many samples keep their labels, at least 1 and at most the list's size
     * @param balanced take images of the class that is rarest among those chosen so far; reads all masks
     * @param seed     equal seeds give equal splits
     */
    public static Split split(Dataset dataset, SplitList source, int labelled, boolean balanced, long seed, Progress progress) {
        if (labelled < 1 || labelled > source.size()) {
            throw HierVlException.usage("cannot choose " + labelled + " of the " + source.size() + " samples of " + source.file());
        }
        int[] order = Shuffle.permutation(source.size(), Shuffle.random(seed));
        boolean[] chosen = balanced ? balanced(dataset, source, order, labelled, progress) : new boolean[source.size()];
        for (int i = 0; !balanced && i < labelled; i++) {
            chosen[order[i]] = true;
        }
        List<Sample> kept = new ArrayList<>();
        List<Sample> rest = new ArrayList<>();
        for (int i = 0; i < chosen.length; i++) {
            (chosen[i] ? kept : rest).add(source.samples().get(i));
        }
        return new Split(kept, rest);
    }

    private static boolean[] balanced(Dataset dataset, SplitList source, int[] order, int labelled, Progress progress) {
        dataset.requireMasks(source);
        int classes = dataset.spec().classes().size();
        boolean[][] present = new boolean[source.size()][];
        int[] total = new int[classes];
        for (int i = 0; i < present.length; i++) {
            present[i] = present(dataset, source.samples().get(i), classes);
            for (int c = 0; c < classes; c++) {
                total[c] += present[i][c] ? 1 : 0;
            }
            progress.update(i + 1, present.length, source.samples().get(i).mask());
        }
        boolean[] chosen = new boolean[source.size()];
        int[] count = new int[classes];
        for (int n = 0; n < labelled; n++) {
            int next = next(order, chosen, present, count, total);
            chosen[next] = true;
            for (int c = 0; c < classes; c++) {
                count[c] += present[next][c] ? 1 : 0;
            }
        }
        return chosen;
    }

    /** The first free image, in random order, with the rarest class that still has one; else the first free image. */
    private static int next(int[] order, boolean[] chosen, boolean[][] present, int[] count, int[] total) {
        List<Integer> rarest = new ArrayList<>();
        for (int c = 0; c < count.length; c++) {
            if (count[c] < total[c]) {
                rarest.add(c);
            }
        }
        rarest.sort(Comparator.<Integer>comparingInt(c -> count[c]).thenComparingInt(c -> total[c]).thenComparingInt(c -> c));
        int wanted = rarest.isEmpty() ? -1 : rarest.get(0);
        for (int i : order) {
            if (!chosen[i] && (wanted < 0 || present[i][wanted])) {
                return i;
            }
        }
        throw new IllegalStateException("no image is left");
    }

    private static boolean[] present(Dataset dataset, Sample sample, int classes) {
        long[] counts = dataset.readLabels(sample).histogram();
        boolean[] present = new boolean[classes];
        for (int c = 0; c < classes; c++) {
            present[c] = counts[c] > 0;
        }
        return present;
    }
}
