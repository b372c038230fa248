package io.hiervl.data;

import io.hiervl.HierVlException;
import io.hiervl.Progress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Makes reproducible labelled and unlabelled lists. */
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
        void write(Path folder) {
            SplitList.write(folder.resolve("labeled.txt"), labelled);
            SplitList.write(folder.resolve("unlabeled.txt"), unlabelled);
        }
    }

    /**
     * Splits samples; those without a mask are unlabelled anyway.
     *
     * @param labelled how many samples keep their labels, at least 1 and at most as many as have masks
     * @param balanced take images of the class that is rarest among those chosen so far; reads all masks
     * @param seed     equal seeds give equal splits
     */
    public static Split split(Dataset dataset, List<Sample> source, int labelled, boolean balanced, long seed, Progress progress) {
        long masks = source.stream().filter(Sample::hasMask).count();
        if (labelled < 1 || labelled > masks) {
            throw HierVlException
                .usage("cannot choose " + labelled + " labelled images: " + masks + " of " + source.size() + " have a mask");
        }
        int[] order =
            Arrays.stream(Shuffle.permutation(source.size(), Shuffle.random(seed))).filter(i -> source.get(i).hasMask()).toArray();
        boolean[] chosen = balanced ? balanced(dataset, source, order, labelled, progress) : new boolean[source.size()];
        for (int i = 0; !balanced && i < labelled; i++) {
            chosen[order[i]] = true;
        }
        List<Sample> kept = new ArrayList<>();
        List<Sample> rest = new ArrayList<>();
        for (int i = 0; i < chosen.length; i++) {
            (chosen[i] ? kept : rest).add(source.get(i));
        }
        return new Split(kept, rest);
    }

    /** Samples whose photos none of the lists names: COCO's unlabelled images are all that are not labelled. */
    public static List<Sample> others(List<Sample> source, List<SplitList> lists) {
        Set<Path> named = new HashSet<>();
        lists.forEach(l -> l.samples().forEach(s -> named.add(s.imagePath().normalize())));
        return source.stream().filter(s -> !named.contains(s.imagePath().normalize())).toList();
    }

    private static boolean[] balanced(Dataset dataset, List<Sample> source, int[] order, int labelled, Progress progress) {
        dataset.drawMasks(source);
        int classes = dataset.spec().classes().size();
        boolean[][] present = new boolean[source.size()][];
        int[] total = new int[classes];
        int read = 0;
        for (int i : order) {
            present[i] = present(dataset, source.get(i), classes);
            for (int c = 0; c < classes; c++) {
                total[c] += present[i][c] ? 1 : 0;
            }
            progress.update(++read, order.length, source.get(i).mask());
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
