package io.hiervl.data;

import io.hiervl.config.DatasetSpec;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.LabelMaps;
import io.hiervl.image.Palette;
import io.hiervl.image.Photo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/** Small data folders made by tests. */
final class Fixture {
    static final List<String> CLASSES = List.of("background", "cat", "dog");

    private Fixture() {
    }

    static DatasetSpec spec() {
        return DatasetSpec.of("test", CLASSES);
    }

    /** Writes images/NAME.png of noise and masks/NAME.png with the labels 0..2 and 255. */
    static void sample(Path root, String name, int w, int h, long seed) throws IOException {
        Files.createDirectories(root.resolve("images"));
        Files.createDirectories(root.resolve("masks"));
        Random random = new Random(seed);
        byte[] rgb = new byte[3 * w * h];
        random.nextBytes(rgb);
        int[] labels = new int[w * h];
        for (int i = 0; i < labels.length; i++) {
            int v = random.nextInt(4);
            labels[i] = v == 3 ? 255 : v;
        }
        Images.writePng(new Photo(rgb, w, h), root.resolve("images/" + name + ".png"));
        LabelMaps.write(LabelMap.of(labels, w, h), Palette.voc(), root.resolve("masks/" + name + ".png"));
    }

    static String line(String name) {
        return "images/" + name + ".png masks/" + name + ".png\n";
    }

    /** 3 labelled, 7 unlabelled without masks, 2 validation samples of about 50 x 40. */
    static Path folder(Path root) throws IOException {
        StringBuilder[] lists = {new StringBuilder(), new StringBuilder(), new StringBuilder()};
        for (int i = 0; i < 12; i++) {
            sample(root, "s" + i, 50 + i, 40 + i, i);
            lists[i < 3 ? 0 : i < 10 ? 1 : 2].append(i >= 3 && i < 10 ? "images/s" + i + ".png\n" : line("s" + i));
        }
        Files.writeString(root.resolve("labeled.txt"), lists[0]);
        Files.writeString(root.resolve("unlabeled.txt"), lists[1]);
        Files.writeString(root.resolve("val.txt"), lists[2]);
        Files.writeString(root.resolve("dataset.yaml"), """
            name: test
            classes: [background, cat, dog]
            lists: {labeled: labeled.txt, unlabeled: unlabeled.txt, val: val.txt}
            """);
        return root;
    }
}
