package io.hiervl.cli;

import io.hiervl.eval.ConfusionMatrix;
import io.hiervl.eval.Segmentation;
import io.hiervl.eval.WordTrial;
import io.hiervl.image.LabelMap;
import io.hiervl.image.Photo;
import io.hiervl.predict.Prediction;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/** What {@code clip try} found. */
final class ClipTryResult {
    /** Texts of different classes above this cosine are marked; photos rarely tell them apart. */
    private static final double NEAR = 0.9;

    /** A photo with what the tower saw. */
    record Shown(String name, Photo photo, WordTrial.Look look) {
    }

    final ClassWords words;
    final WordTrial trial;
    final List<Shown> shown;
    final double[][] cosines;
    final List<Segmentation> maps;
    private final List<String> all;
    private final int[] owner;
    private final double[] nearest;
    private final ConfusionMatrix matrix;
    private final List<WordTrial.Fit> fits;

    /** @param truth label maps of the photos; empty for none */
    ClipTryResult(ClassWords words, WordTrial trial, List<Shown> shown, List<LabelMap> truth) {
        this.words = words;
        this.trial = trial;
        this.shown = shown;
        this.all = trial.allWords();
        this.owner = trial.classes();
        this.cosines = trial.similarity();
        List<WordTrial.Look> looks = shown.stream().map(Shown::look).toList();
        this.maps = looks.stream().map(l -> trial.segment(l, trial.all())).toList();
        this.nearest = trial.nearest(looks);
        this.matrix = truth.isEmpty() ? null : trial.measure(looks, truth, trial.all());
        this.fits = truth.isEmpty() ? List.of() : trial.fits(looks, truth);
    }

    boolean measured() {
        return matrix != null;
    }

    List<String> classHeader() {
        return measured() ? List.of("class", "share", "confidence", "IoU") : List.of("class", "share", "confidence");
    }

    /** Per class its share of all pixels and mean confidence, and with masks its IoU. */
    List<List<String>> classRows() {
        double[] pixels = new double[words.names().size()];
        double[] sums = new double[pixels.length];
        double total = 0;
        for (Segmentation s : maps) {
            for (int i = 0; i < s.score().length; i++, total++) {
                pixels[s.labels().values()[i] & 255]++;
                sums[s.labels().values()[i] & 255] += s.score()[i];
            }
        }
        List<List<String>> rows = new ArrayList<>();
        for (int k = 0; k < pixels.length; k++) {
            List<String> row = new ArrayList<>(List.of(words.names().get(k), percent(pixels[k] / Math.max(1, total)),
                pixels[k] == 0 ? "-" : percent(sums[k] / pixels[k])));
            if (measured()) {
                row.add(percent(matrix.iou(k)));
            }
            rows.add(row);
        }
        return rows;
    }

    List<String> wordHeader() {
        return measured() ? List.of("class", "words", "nearest", "IoU alone", "mIoU") : List.of("class", "words", "nearest");
    }

    /** Every wording of classes that have several. */
    List<List<String>> wordRows() {
        List<List<String>> rows = new ArrayList<>();
        for (int j = 0; j < owner.length; j++) {
            if (words.words().get(owner[j]).size() > 1) {
                List<String> row = new ArrayList<>(List.of(words.names().get(owner[j]), all.get(j), percent(nearest[j])));
                int word = j;
                fits.stream().filter(f -> f.word() == word).findFirst().ifPresent(f -> {
                    row.add(percent(f.iou()));
                    row.add(percent(f.miou()));
                });
                rows.add(row);
            }
        }
        return rows;
    }

    /** Pairs of words of different classes whose texts are near, nearest first. */
    List<String> nearPairs() {
        record Near(double cosine, String line) {
        }
        List<Near> found = new ArrayList<>();
        for (int i = 0; i < owner.length; i++) {
            for (int j = i + 1; j < owner.length; j++) {
                if (owner[i] != owner[j] && cosines[i][j] >= NEAR) {
                    found.add(new Near(cosines[i][j], String.format(Locale.ROOT, "%.3f  '%s' and '%s'", cosines[i][j], all.get(i),
                        all.get(j))));
                }
            }
        }
        return found.stream().sorted((a, b) -> Double.compare(b.cosine, a.cosine)).limit(12).map(Near::line).toList();
    }

    /** The best choice of words: for each class the one with the highest IoU, or all where that is better. */
    private List<List<String>> best() {
        List<List<String>> out = new ArrayList<>();
        for (int k = 0; k < words.names().size(); k++) {
            int cls = k;
            WordTrial.Fit top = fits.stream().filter(f -> owner[f.word()] == cls).reduce((a, b) -> b.iou() > a.iou() ? b : a).orElse(null);
            out.add(top == null || matrix.iou(k) >= top.iou() ? words.words().get(k) : List.of(all.get(top.word())));
        }
        return out;
    }

    /** The lines for dataset.yaml. */
    String concepts() {
        StringBuilder yaml = new StringBuilder("concepts:\n");
        List<List<String>> best = best();
        for (int k = 0; k < best.size(); k++) {
            yaml.append("  ").append(quoted(words.names().get(k))).append(": [")
                .append(String.join(", ", best.get(k).stream().map(ClipTryResult::quoted).toList())).append("]\n");
        }
        return yaml.toString();
    }

    private static String quoted(String text) {
        return Console.document(text);
    }

    /** A prediction whose names carry their confidence, for legends. */
    Prediction prediction(int i) {
        Prediction plain = new Prediction(maps.get(i), words.names());
        List<String> names = new ArrayList<>(words.names());
        plain.areas().forEach(a -> names.set(a.index(), String.format(Locale.ROOT, "%s (%.0f%% sure)", a.name(), 100 * a.meanScore())));
        return new Prediction(maps.get(i), names);
    }

    List<String> lines() {
        List<String> out = new ArrayList<>();
        if (!shown.isEmpty()) {
            out.addAll(table(classHeader(), classRows()));
            if (measured()) {
                out.add("mIoU " + percent(matrix.meanIouOfPresent()) + " on " + shown.size() + " photos");
            }
        }
        if (!shown.isEmpty() && !wordRows().isEmpty()) {
            out.add("");
            out.addAll(table(wordHeader(), wordRows()));
        }
        out.add("");
        out.add(nearPairs().isEmpty() ? "no two classes have words nearer than " + NEAR
            : "words of different classes that are near (cosine " + NEAR + " or more); choose words that differ more:");
        out.addAll(nearPairs());
        return out;
    }

    private static List<String> table(List<String> header, List<List<String>> rows) {
        List<List<String>> all = new ArrayList<>(List.of(header));
        all.addAll(rows);
        int[] widths = IntStream.range(0, header.size())
            .map(c -> all.stream().mapToInt(r -> c < r.size() ? r.get(c).length() : 0).max().orElse(0)).toArray();
        return all.stream().map(r -> {
            StringBuilder line = new StringBuilder();
            for (int c = 0; c < r.size(); c++) {
                line.append(String.format(Locale.ROOT, (c < 2 && !header.get(c).equals("share") ? "%-" : "%") + widths[c] + "s  ",
                    r.get(c)));
            }
            return line.toString().stripTrailing();
        }).toList();
    }

    Map<String, Object> json() {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("photos", shown.size());
        out.put("classes", objects(classHeader(), classRows()));
        if (measured()) {
            out.put("miou", matrix.meanIouOfPresent());
            out.put("concepts", IntStream.range(0, words.names().size()).boxed().collect(java.util.stream.Collectors.toMap(
                k -> words.names().get(k), best()::get, (a, b) -> a, LinkedHashMap::new)));
        }
        out.put("words", objects(wordHeader(), wordRows()));
        out.put("texts", all);
        out.put("cosines", cosines);
        return out;
    }

    private static List<Map<String, String>> objects(List<String> header, List<List<String>> rows) {
        return rows.stream().map(r -> {
            Map<String, String> row = new LinkedHashMap<>();
            for (int c = 0; c < r.size(); c++) {
                row.put(header.get(c), r.get(c));
            }
            return row;
        }).toList();
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f", 100 * share);
    }
}
