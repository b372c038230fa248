package io.hiervl.bench;

import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import io.hiervl.clip.ClipArchitecture;
import io.hiervl.clip.ClipBundle;
import io.hiervl.clip.ClipWeights;
import io.hiervl.clip.EotRule;
import io.hiervl.clip.Preprocessing;
import io.hiervl.clip.RandomClip;
import io.hiervl.config.Recipe;
import io.hiervl.config.Recipes;
import io.hiervl.text.BpeTokenizer;
import io.hiervl.text.TokenizerFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Stream;

/**
 * What is measured: the network's settings, the CLIP it starts from and the class names.
 *
 * @param recipe  settings; the crop is the side of images
 * @param clip    sizes of the towers, whose weights are random
 * @param classes names of one to three tokens, index order
 */
record Setup(Recipe recipe, ClipArchitecture clip, List<String> classes) {
    static final int VOC_CLASSES = 21;
    private static final int SEED = 0;

    /**
     * The full network on ViT-B/16.
     *
     * @param crop      side of images, a multiple of 32
     * @param batch     images run at a time
     * @param precision {@code fp32} or {@code bf16}
     * @param more      settings
     */
    static Setup vitB16(int crop, int classes, int batch, String precision, String... more) {
        List<String> settings = new ArrayList<>(List.of("train.crop=" + crop, "train.micro_batch=" + batch));
        settings.addAll(List.of(more));
        return new Setup(recipe(precision, settings.toArray(new String[0])), ClipArchitecture.vitB16(), names(classes));
    }

    /** A network of 64 channels on a tower of four blocks, for images of 64 pixels. */
    static Setup tiny(int batch, String precision) {
        // 80 token ids are what the letters of the class names and the template need.
        return new Setup(recipe(precision, "model.dim=64", "model.visual_queries=9", "model.heads=4", "model.n_enc=2", "model.n_dec=3",
            "model.enc_ffn=256", "model.dec_ffn=512", "model.cm_dim=16", "loss.sample_points=50176", "train.crop=64",
            "train.micro_batch=" + batch),
            ClipArchitecture.of(64, 4, 4, 8, 64, 64, 2, 4, 24, 80, 64), names(6));
    }

    private static Recipe recipe(String precision, String... settings) {
        List<String> all = new ArrayList<>(List.of(settings));
        all.add("model.precision=" + precision);
        all.add("train.steps=1000");
        return Recipes.load("default", all);
    }

    /** Names of one, two, three letters and so on; every letter is a token. */
    private static List<String> names(int n) {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            String name = String.valueOf((char) ('b' + i % 25));
            names.add(name + " x".repeat(i % 3) + (i < 25 ? "" : " " + (char) ('a' + i / 25)));
        }
        return names;
    }

    /** Patches along a side of an image. */
    int side() {
        return recipe.train().batch().crop() / clip.vision().patch();
    }

    Random random() {
        return new Random(SEED);
    }

    /** The CLIP with random weights and a tokenizer of single letters, in memory. */
    ClipBundle bundle() {
        ClipWeights weights = RandomClip.weights(clip, random());
        return new ClipBundle(Path.of("random"), weights, tokenizer(), new Preprocessing(Preprocessing.CLIP_MEAN, Preprocessing.CLIP_STD,
            clip.vision().image(), EotRule.HIGHEST), null, null, List.of());
    }

    private BpeTokenizer tokenizer() {
        try {
            Path folder = Files.createTempDirectory("hiervl-bench");
            try {
                int ids = TokenizerFiles.writeWordLevel(folder, List.of("a", "photo", "of"));
                if (ids > clip.text().vocab()) {
                    throw new IllegalStateException(String.format(Locale.ROOT, "%d token ids for a table of %d", ids, clip.text().vocab()));
                }
                return BpeTokenizer.load(folder);
            } finally {
                try (Stream<Path> files = Files.list(folder)) {
                    for (Path file : files.toList()) {
                        Files.delete(file);
                    }
                }
                Files.delete(folder);
            }
        } catch (IOException e) {
            throw HierVlException.environment("no temporary folder for the tokenizer: " + AtomicFile.reason(e), e);
        }
    }
}
