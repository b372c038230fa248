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
 * The data set of a world in VOC layout: {@code JPEGImages} (PNG photos, so that they are reproduced exactly),
 * {@code SegmentationClass} (palette PNG with borders of 255), {@code dataset.yaml}, {@code val.txt} {@code test.txt} and for
 * each label count {@code splits/N/labeled.txt} and {@code unlabeled.txt} in UniMatch's format. The labelled lists are nested, the
 * unlabelled list is the same for all counts, and every class has enough pixels in the smallest labelled list. In {@code splits/200}
 * all unlabelled images are labelled, which shows how far labels go. Choices are made on the validation list, figures are reported
 * on the test list.
 */
public final class SynthDataset {
    /** The seed of {@code datasets/tiny}. */
    public static final long DEFAULT_SEED = 7;
    private static final int UNLABELED = 200;
    static final int VALIDATION = 100;
    /** Images that no choice was made on: figures are reported on them. */
    static final int TEST = 100;
    /** Pixels with which a class counts as seen in an image. */
    private static final int SEEN = 20;
    /** Draws of the smallest labelled list come after all scenes. */
    private static final long FIRST = 1_000_000;

    private final World world;
    private final long seed;

    public SynthDataset(World world, long seed) {
        this.world = world;
        this.seed = seed;
    }

    /** The largest label count. */
    private int labeled() {
        return world.labels().get(world.labels().size() - 1);
    }

    /** Number of the first validation scene. */
    int firstValidation() {
        return labeled() + UNLABELED;
    }

    /** Writes the data set into the folder; fails with exit code 6 if that is not possible. */
    public void write(Path folder, Progress progress) {
        Folders.create(folder.resolve("JPEGImages"));
        Folders.create(folder.resolve("SegmentationClass"));
        int labeled = labeled();
        int train = firstValidation();
        int total = train + VALIDATION + TEST;
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < total; i++) {
            String name =
                i < train ? name("train", i) : i < train + VALIDATION ? name("val", i - train) : name("test", i - train - VALIDATION);
            writeImage(folder, name, scene(i));
            lines.add("JPEGImages/" + name + " SegmentationClass/" + name);
            progress.update(i + 1, total, name);
        }
        for (int count : world.labels()) {
            split(folder, count, lines.subList(0, count), lines.subList(labeled, train));
        }
        split(folder, UNLABELED, lines.subList(labeled, train), lines.subList(labeled, train));
        writeLines(folder.resolve("val.txt"), lines.subList(train, train + VALIDATION));
        writeLines(folder.resolve("test.txt"), lines.subList(train + VALIDATION, total));
        writeLines(folder.resolve("dataset.yaml"), yaml());
    }

    private static void split(Path folder, int count, List<String> labeled, List<String> unlabeled) {
        Path split = folder.resolve("splits").resolve(Integer.toString(count));
        Folders.create(split);
        writeLines(split.resolve("labeled.txt"), labeled);
        writeLines(split.resolve("unlabeled.txt"), unlabeled);
    }

    private static String name(String group, int i) {
        return String.format(Locale.ROOT, "%s_%03d.png", group, i);
    }

    /**
     * Scene number i: the labelled ones of the largest count, then 200 unlabelled, then 100 validation, then 100 test. Those of the
     * smallest count are the first draw in which every class is seen often enough.
     */
    Scene scene(int i) {
        if (i < world.labels().get(0)) {
            return firstLabeled()[i];
        }
        return (i < firstValidation() ? world.scenes() : world.validationScenes()).render(Rng.of(seed, i));
    }

    private Scene[] firstLabeled;

    private Scene[] firstLabeled() {
        if (firstLabeled == null) {
            firstLabeled = world.textured() ? dealt() : drawn();
        }
        return firstLabeled;
    }

    private Scene[] drawn() {
        for (int draw = 0;; draw++) {
            Scene[] scenes = new Scene[world.labels().get(0)];
            for (int i = 0; i < scenes.length; i++) {
                scenes[i] = world.scenes().render(Rng.of(seed, FIRST + (long) draw * scenes.length + i));
            }
            if (coversAllClasses(scenes)) {
                return scenes;
            }
        }
    }

    /** Where classes are too many for luck, every scene is dealt two of them, and every class is dealt equally often. */
    private Scene[] dealt() {
        int classes = world.classes().size() - 1;
        Scene[] scenes = new Scene[world.labels().get(0)];
        Rng deck = Rng.of(seed, FIRST - 1);
        List<Integer> cards = new ArrayList<>();
        while (cards.size() < 2 * scenes.length) {
            Arrays.stream(deck.permutation(classes)).forEach(c -> cards.add(c + 1));
        }
        for (int i = 0; i < scenes.length; i++) {
            List<Integer> own = cards.subList(2 * i, 2 * i + 2);
            for (int draw = 0; scenes[i] == null; draw++) {
                Rng rng = Rng.of(seed, FIRST + (long) draw * scenes.length + i);
                Scene scene = world.scenes().render(rng, world.layout().things(rng), own);
                int[] pixels = pixels(scene);
                if (own.stream().allMatch(c -> pixels[c] >= world.coverage().pixels() / world.coverage().images())) {
                    scenes[i] = scene;
                }
            }
        }
        return scenes;
    }

    private boolean coversAllClasses(Scene[] scenes) {
        int classes = world.classes().size();
        int[] pixels = new int[classes];
        int[] images = new int[classes];
        for (Scene scene : scenes) {
            int[] here = pixels(scene);
            for (int c = 0; c < classes; c++) {
                pixels[c] += here[c];
                images[c] += here[c] >= SEEN ? 1 : 0;
            }
        }
        return Arrays.stream(pixels).allMatch(n -> n >= world.coverage().pixels())
            && Arrays.stream(images).allMatch(n -> n >= world.coverage().images());
    }

    /** Pixels of each class in a scene. */
    private int[] pixels(Scene scene) {
        int[] here = new int[world.classes().size()];
        Arrays.stream(masks(scene)).filter(l -> l < here.length).forEach(l -> here[l]++);
        return here;
    }

    /** The label map as the data set has it: a border around things would leave nothing of thin ones. */
    int[] masks(Scene scene) {
        return world.layout().bordered() ? scene.labelsWithBorder() : scene.labels();
    }

    private void writeImage(Path folder, String name, Scene scene) {
        int n = scene.size();
        BufferedImage photo = new BufferedImage(n, n, BufferedImage.TYPE_3BYTE_BGR);
        byte[] rgb = scene.rgb();
        for (int i = 0; i < n * n; i++) {
            photo.setRGB(i % n, i / n, (rgb[3 * i] & 255) << 16 | (rgb[3 * i + 1] & 255) << 8 | rgb[3 * i + 2] & 255);
        }
        Images.writePng(photo, folder.resolve("JPEGImages").resolve(name));
        Images.writePng(VocPalette.image(masks(scene), n), folder.resolve("SegmentationClass").resolve(name));
    }

    private static void writeLines(Path file, List<String> lines) {
        AtomicFile.write(file, String.join("\n", lines) + "\n");
    }

    private List<String> yaml() {
        List<String> y = new ArrayList<>(List.of(
            "# Made by: hiervl data synth" + (world.equals(World.TINY) ? "" : " --world " + world.name()) + " --seed " + seed,
            "# Small rendered scenes. " + world.claim(),
            "name: " + world.name(),
            "classes:"));
        world.classes().forEach(c -> y.add("  - " + c));
        y.add("ignore: 255");
        y.add("# Colours of the classes in pictures of predictions.");
        y.add("palette: [[0, 0, 0], "
            + world.colours().stream().map(c -> String.format(Locale.ROOT, "[%.0f, %.0f, %.0f]", c.r(), c.g(), c.b()))
                .collect(Collectors.joining(", "))
            + "]");
        y.add("# What the frozen CLIP is asked for each class, in the template \"a photo of a ...\".");
        y.add("concepts:");
        for (Map.Entry<String, List<String>> e : world.concepts().entrySet()) {
            y.add("  " + e.getKey() + ": " + e.getValue().stream().collect(Collectors.joining(", ", "[", "]")));
        }
        y.add("lists:");
        y.add("  labeled: splits/" + world.labels().get(0) + "/labeled.txt");
        y.add("  unlabeled: splits/" + world.labels().get(0) + "/unlabeled.txt");
        y.add("  val: val.txt");
        return y;
    }
}
