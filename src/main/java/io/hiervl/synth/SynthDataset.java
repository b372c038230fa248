package io.hiervl.synth;

import io.hiervl.AtomicFile;
import io.hiervl.Folders;
import io.hiervl.Progress;
import io.hiervl.image.Images;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The data set of the world in VOC layout: {@code JPEGImages} (PNG photos, so that they are reproduced exactly),
 * {@code SegmentationClass} (palette PNG with borders of 255), {@code dataset.yaml}, {@code val.txt} and for each label
 * count {@code splits/N/labeled.txt} and {@code unlabeled.txt} in UniMatch's format. The labelled lists are nested, the
 * unlabelled list is the same for all counts, and every class has enough pixels in the smallest labelled list.
 */
public final class SynthDataset {
    /** Label counts with a list each. */
    static final List<Integer> LABEL_COUNTS = List.of(8, 24, 72);
    /** The seed of {@code datasets/tiny}. */
    public static final long DEFAULT_SEED = 7;
    private static final int UNLABELED = 200;
    static final int VALIDATION = 100;
    static final int FIRST_VALIDATION = LABEL_COUNTS.get(2) + UNLABELED;
    /** Images that no choice was made on: figures are reported on them. */
    static final int TEST = 100;
    private static final int MIN_PIXELS_PER_CLASS = 150;
    private static final int MIN_IMAGES_PER_CLASS = 2;

    private final long seed;

    public SynthDataset(long seed) {
        this.seed = seed;
    }

    /** Writes the data set of this seed into the folder, which is created if needed. */
    static void write(Path folder, long seed) {
        new SynthDataset(seed).write(folder, Progress.NONE);
    }

    /** Writes the data set into the folder; fails with exit code 6 if that is not possible. */
    public void write(Path folder, Progress progress) {
        Folders.create(folder.resolve("JPEGImages"));
        Folders.create(folder.resolve("SegmentationClass"));
        int labeled = LABEL_COUNTS.get(LABEL_COUNTS.size() - 1);
        int train = labeled + UNLABELED;
        int total = train + VALIDATION + TEST;
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < total; i++) {
            String name = i < train ? name("train", i) : i < train + VALIDATION ? name("val", i - train) : name("test", i - train - VALIDATION);
            writeImage(folder, name, scene(i));
            lines.add("JPEGImages/" + name + " SegmentationClass/" + name);
            progress.update(i + 1, total, name);
        }
        for (int count : LABEL_COUNTS) {
            Path split = folder.resolve("splits").resolve(Integer.toString(count));
            Folders.create(split);
            writeLines(split.resolve("labeled.txt"), lines.subList(0, count));
            writeLines(split.resolve("unlabeled.txt"), lines.subList(labeled, train));
        }
        writeLines(folder.resolve("val.txt"), lines.subList(train, train + VALIDATION));
        writeLines(folder.resolve("test.txt"), lines.subList(train + VALIDATION, total));
        writeLines(folder.resolve("dataset.yaml"), yaml());
    }

    private static String name(String group, int i) {
        return String.format(Locale.ROOT, "%s_%03d.png", group, i);
    }

    /**
     * Scene number i: 0..71 labelled, then 200 unlabelled, then 100 validation, then 100 test. The first eight are the first draw in
     * which every class is seen in two images and in 150 pixels.
     */
    Scene scene(int i) {
        int first = LABEL_COUNTS.get(0);
        SceneRenderer renderer = SceneRenderer.standard();
        return i < first ? firstLabeled(renderer)[i] : renderer.render(Rng.of(seed, i));
    }

    private Scene[] firstLabeled;

    private Scene[] firstLabeled(SceneRenderer renderer) {
        for (int draw = 0; firstLabeled == null; draw++) {
            Scene[] scenes = new Scene[LABEL_COUNTS.get(0)];
            for (int i = 0; i < scenes.length; i++) {
                scenes[i] = renderer.render(Rng.of(seed, 1_000_000L + (long) draw * scenes.length + i));
            }
            if (coversAllClasses(scenes)) {
                firstLabeled = scenes;
            }
        }
        return firstLabeled;
    }

    private static boolean coversAllClasses(Scene[] scenes) {
        int classes = Vocabulary.classes().size();
        int[] pixels = new int[classes];
        int[] images = new int[classes];
        for (Scene scene : scenes) {
            int[] here = new int[classes];
            Arrays.stream(scene.labelsWithBorder()).filter(l -> l < classes).forEach(l -> here[l]++);
            for (int c = 0; c < classes; c++) {
                pixels[c] += here[c];
                images[c] += here[c] >= 20 ? 1 : 0;
            }
        }
        return Arrays.stream(pixels).allMatch(n -> n >= MIN_PIXELS_PER_CLASS)
            && Arrays.stream(images).allMatch(n -> n >= MIN_IMAGES_PER_CLASS);
    }

    private static void writeImage(Path folder, String name, Scene scene) {
        int n = scene.size();
        BufferedImage photo = new BufferedImage(n, n, BufferedImage.TYPE_3BYTE_BGR);
        byte[] rgb = scene.rgb();
        for (int i = 0; i < n * n; i++) {
            photo.setRGB(i % n, i / n, (rgb[3 * i] & 255) << 16 | (rgb[3 * i + 1] & 255) << 8 | rgb[3 * i + 2] & 255);
        }
        Images.writePng(photo, folder.resolve("JPEGImages").resolve(name));
        Images.writePng(VocPalette.image(scene.labelsWithBorder(), n), folder.resolve("SegmentationClass").resolve(name));
    }

    private static void writeLines(Path file, List<String> lines) {
        AtomicFile.write(file, String.join("\n", lines) + "\n");
    }

    private List<String> yaml() {
        List<String> y = new ArrayList<>(List.of(
            "# Made by: hiervl data synth --seed " + seed,
            "# Small rendered scenes. Classes differ by hue alone, seen under light of a random colour; shape and texture are noise.",
            "name: tiny",
            "classes:"));
        Vocabulary.classes().forEach(c -> y.add("  - " + c));
        y.add("ignore: 255");
        y.add("# Colours of the classes in pictures of predictions.");
        y.add("palette: [[0, 0, 0], "
            + Vocabulary.HUES.stream().map(c -> String.format(Locale.ROOT, "[%.0f, %.0f, %.0f]", c.r(), c.g(), c.b()))
                .collect(Collectors.joining(", "))
            + "]");
        y.add("# What the frozen CLIP is asked for each class, in the template \"a photo of a ...\".");
        y.add("concepts:");
        for (Map.Entry<String, List<String>> e : Vocabulary.concepts().entrySet()) {
            y.add("  " + e.getKey() + ": " + e.getValue().stream().collect(Collectors.joining(", ", "[", "]")));
        }
        y.add("lists:");
        y.add("  labeled: splits/" + LABEL_COUNTS.get(0) + "/labeled.txt");
        y.add("  unlabeled: splits/" + LABEL_COUNTS.get(0) + "/unlabeled.txt");
        y.add("  val: val.txt");
        return y;
    }
}
