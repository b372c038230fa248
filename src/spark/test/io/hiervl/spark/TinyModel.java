package io.hiervl.spark;

import io.hiervl.Progress;
import io.hiervl.clip.ClipBundle;
import io.hiervl.config.Recipe;
import io.hiervl.config.Recipes;
import io.hiervl.data.Dataset;
import io.hiervl.image.Images;
import io.hiervl.image.Photo;
import io.hiervl.op.SameDiffOps;
import io.hiervl.train.StopSignal;
import io.hiervl.train.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A model of the embedded scenes, and photos for it. */
final class TinyModel {
    static final Path DATA = Path.of("datasets", "tiny").toAbsolutePath();
    private static final Path CLIP = Path.of("graphs", "tiny-clip").toAbsolutePath();
    /**
     * Very small, so that a step takes less time than Spark's own work. The rate is that of the default recipe: Adam makes a whole
     * step of the rate of any gradient, also of the rounding noise where the gradient is 0 by nature.
     */
    static final List<String> SETTINGS =
        List.of("train.batch_labelled=4", "train.batch_unlabelled=4", "train.warmup=0", "train.lr=1e-4", "model.n_enc=1",
            "model.n_dec=1", "model.dim=32", "model.enc_ffn=32", "model.dec_ffn=32", "loss.sample_points=4096");

    private TinyModel() {
    }

    /** Trains on this machine. */
    static Path train(Path run, int steps) {
        SameDiffOps.start();
        List<String> settings = new ArrayList<>(SETTINGS);
        settings.add("train.steps=" + steps);
        Recipe recipe = Recipes.load("tiny", settings);
        Dataset dataset = Dataset.open(DATA);
        new Trainer(recipe, dataset, dataset.list("labeled"), dataset.list("unlabeled"), ClipBundle.open(CLIP), run).train(false,
            new StopSignal(), Progress.NONE);
        return run;
    }

    /** Photos of squares, some in subfolders. */
    static void draw(Path folder, int n, int side) throws IOException {
        Random random = new Random(n);
        for (int i = 0; i < n; i++) {
            Path file = folder.resolve(i % 3 == 0 ? "part " + i % 7 : ".").resolve("photo " + i + ".png").normalize();
            Files.createDirectories(file.getParent());
            byte[] rgb = new byte[3 * side * side];
            byte[] colour = new byte[3];
            random.nextBytes(colour);
            int edge = 1 + random.nextInt(side - 1);
            for (int p = 0; p < side * side; p++) {
                for (int c = 0; c < 3; c++) {
                    rgb[3 * p + c] = p % side < edge && p / side < edge ? colour[c] : (byte) (90 + random.nextInt(20));
                }
            }
            Images.writePng(new Photo(rgb, side, side), file);
        }
    }
}
