package io.hiervl.fuzz;

import io.hiervl.Progress;
import io.hiervl.clip.ClipBundle;
import io.hiervl.clip.ClipCheck;
import io.hiervl.config.DatasetSpecs;
import io.hiervl.config.Recipes;
import io.hiervl.data.Dataset;
import io.hiervl.data.Pair;
import io.hiervl.data.SplitList;
import io.hiervl.export.ExportFormat;
import io.hiervl.export.ExportedModel;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMaps;
import io.hiervl.image.Photo;
import io.hiervl.predict.Segmenter;
import io.hiervl.text.BpeTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** All kinds of files that a user, a colleague or the network may hand to the program. */
final class Families {
    static final List<String> NAMES =
        List.of("checkpoint", "manifest", "sd", "stock", "onnx", "clip-vision", "clip-text", "png", "jpeg", "tiff", "bmp", "webp",
            "mask", "old-manifest", "dataset", "recipe", "list", "vocabulary", "merges", "config", "preprocessor", "coco");

    /**
     * Files without a checksum run in a process of their own each, which takes seconds: {@code -Dfuzz.families=old-sd,old-stock,old-onnx}.
     */
    static final List<String> SLOW = List.of("old-sd", "old-stock", "old-onnx");

    private final Seeds seeds;
    private Path clip;
    private Path data;
    private Path checkpoint;
    private int loaded;

    Families(Path root) {
        this.seeds = new Seeds(root);
    }

    Family of(String name) throws IOException {
        return switch (name) {
            case "checkpoint" -> new Family(name, checkpoint().resolve("arrays.safetensors"), true, this::predictCheckpoint);
            case "manifest" -> new Family(name, checkpoint().resolve("manifest.json"), true, this::predictCheckpoint);
            case "sd" -> exported(name, ExportFormat.SAMEDIFF);
            case "stock" -> exported(name, ExportFormat.SAMEDIFF_STOCK);
            case "onnx" -> exported(name, ExportFormat.ONNX);
            case "clip-vision" -> new Family(name, clip().resolve("onnx/vision_model.onnx"), false, this::openClip);
            case "clip-text" -> new Family(name, clip().resolve("onnx/text_model.onnx"), false, this::openClip);
            case "config" -> new Family(name, clip().resolve("config.json"), false, this::openClip);
            case "preprocessor" -> new Family(name, clip().resolve("preprocessor_config.json"), false, this::openClip);
            case "vocabulary" -> new Family(name, clip().resolve("vocab.json"), false, this::tokenize);
            case "merges" -> new Family(name, clip().resolve("merges.txt"), false, this::tokenize);
            case "png" -> photo(name, seeds.photo("png"));
            case "jpeg" -> photo(name, seeds.photo("jpg"));
            case "tiff" -> photo(name, seeds.photo("tif"));
            case "bmp" -> photo(name, seeds.photo("bmp"));
            case "webp" -> photo(name, seeds.photo("webp"));
            case "old-manifest" -> new Family(name, seeds.older(checkpoint().resolve("manifest.json")), false, this::predictCheckpoint);
            case "old-sd" -> older(exported(name, ExportFormat.SAMEDIFF));
            case "old-stock" -> older(exported(name, ExportFormat.SAMEDIFF_STOCK));
            case "old-onnx" -> older(exported(name, ExportFormat.ONNX));
            case "mask" -> mask(name);
            case "dataset" -> new Family(name, data().resolve("dataset.yaml"), false, () -> DatasetSpecs.read(data));
            case "list" ->
                new Family(name, data().resolve("labeled.txt"), false, () -> SplitList.parse(data.resolve("labeled.txt"), data).toString());
            case "coco" -> new Family(name, data().resolve("instances.json"), false, this::drawCoco);
            case "recipe" -> recipe(name);
            default -> throw new IllegalArgumentException("no family '" + name + "', known are " + NAMES);
        };
    }

    private Family older(Family family) throws IOException {
        return new Family(family.name(), seeds.older(family.file()), false, family.subject());
    }

    private Path checkpoint() {
        checkpoint = checkpoint == null ? seeds.checkpoint() : checkpoint;
        return checkpoint;
    }

    private Path clip() {
        clip = clip == null ? seeds.clip() : clip;
        return clip;
    }

    private Path data() throws IOException {
        data = data == null ? seeds.data() : data;
        return data;
    }

    private Object predictCheckpoint() {
        try (Segmenter s = Segmenter.load(checkpoint)) {
            return Arrays.hashCode(s.predict(Photo.black(32, 32)).segmentation().score()) + s.classNames().toString()
                + s.palette().colours(4);
        }
    }

    private Family exported(String name, ExportFormat format) {
        Path file = seeds.export(format);
        return new Family(name, file, true, () -> {
            try (ExportedModel model = ExportedModel.load(file)) {
                return Arrays.hashCode(model.scores(new float[3 * 32 * 32], 32, 32)) + model.meta().toJson();
            }
        });
    }

    /** Every eighth bundle that can be opened also runs in ONNX Runtime. */
    private Object openClip() {
        ClipBundle bundle = ClipBundle.open(clip);
        double sum = bundle.weights().arrays().values().stream().mapToDouble(a -> a.sumNumber().doubleValue()).sum();
        String facts = bundle.weights().architecture() + Arrays.toString(bundle.preprocessing().mean())
            + Arrays.toString(bundle.preprocessing().std());
        if (loaded++ % 8 == 0) {
            ClipCheck.run(bundle, Progress.NONE);
        }
        return facts + sum;
    }

    private Object tokenize() {
        BpeTokenizer tokenizer = BpeTokenizer.load(clip);
        return Arrays.toString(tokenizer.withSpecials("two cats on a boat, 7", 16)) + tokenizer.highestId();
    }

    private static Family photo(String name, Path file) {
        return new Family(name, file, false, () -> {
            Photo photo = Images.readUpright(file);
            return photo.width() + "x" + photo.height() + Arrays.hashCode(photo.rgb());
        });
    }

    private Family mask(String name) throws IOException {
        Path file = seeds.photo("png").resolveSibling("mask.png");
        LabelMaps.write(io.hiervl.image.LabelMap.filled(40, 30, 2), io.hiervl.image.Palette.voc(), file);
        return new Family(name, file, false, () -> Arrays.hashCode(LabelMaps.read(file).values()));
    }

    private Object drawCoco() {
        Dataset dataset = Dataset.open(data);
        try {
            delete(data.resolve(".hiervl-cache"));
            SplitList list = dataset.list("labeled");
            dataset.requireMasks(list);
            Pair pair = dataset.load(list.samples().get(0), true);
            return Arrays.hashCode(pair.labels().values());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void delete(Path folder) throws IOException {
        if (Files.isDirectory(folder)) {
            List<Path> files = new ArrayList<>();
            try (var all = Files.walk(folder)) {
                all.forEach(files::add);
            }
            for (int i = files.size() - 1; i >= 0; i--) {
                Files.delete(files.get(i));
            }
        }
    }

    private Family recipe(String name) throws IOException {
        Path file = seeds.recipe();
        return new Family(name, file, false, () -> Recipes.load(file.toString(), List.of()).toYaml());
    }
}
