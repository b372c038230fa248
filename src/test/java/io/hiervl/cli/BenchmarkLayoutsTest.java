package io.hiervl.cli;

import static io.hiervl.cli.Miniatures.BORDER;
import static io.hiervl.cli.Miniatures.H;
import static io.hiervl.cli.Miniatures.W;
import static io.hiervl.cli.Miniatures.labels;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.hiervl.config.DatasetSpecs;
import io.hiervl.config.LabelRules;
import io.hiervl.image.LabelMap;
import io.hiervl.image.LabelMaps;
import io.hiervl.image.Palette;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The four benchmarks as people have them on disk, with the published lists' names, through check, a few steps of the
 * benchmark's own recipe with a network of toy size, eval and predict.
 */
class BenchmarkLayoutsTest {
    private static final int HALF = (W - BORDER) / 2 * H;

    @TempDir
    Path dir;
    private Path root;
    private Miniatures mini;

    @BeforeEach
    void folder() throws IOException {
        root = Files.createDirectories(dir.resolve("root"));
        mini = new Miniatures(root);
    }

    /** Pixels of the classes that occur in the labelled list, after a check without any problem that stops training. */
    private Map<String, Long> check(Object... words) throws Exception {
        List<Object> all = new ArrayList<>(List.of("data", "check", root, "--json"));
        all.addAll(List.of(words));
        Cli cli = Cli.run(all.toArray());
        assertEquals(0, cli.exit(), cli.out() + cli.err());
        Map<String, Long> pixels = new TreeMap<>();
        for (JsonNode f : cli.json().get("frequencies")) {
            if (f.get("pixels").asLong() > 0) {
                pixels.put(f.get("name").asText(), f.get("pixels").asLong());
            }
        }
        for (JsonNode p : cli.json().get("problems")) {
            assertTrue(List.of("class without labels", "no mask").contains(p.get("problem").asText()), p.toString());
        }
        assertTrue(Files.size(root.resolve(".hiervl/samples.png")) > 0);
        return pixels;
    }

    /** Two steps of the recipe, then eval and predict; the settings that the data set decides are those of the run. */
    private String train(String recipe, String photo, int labelled, int unlabelled) throws Exception {
        Path toy = Files.writeString(dir.resolve("toy.yaml"), "extends: " + recipe + """

            model: {dim: 32, visual_queries: 4, heads: 4, n_enc: 1, n_dec: 1, enc_ffn: 32, dec_ffn: 32, cm_dim: 8, norm_groups: 8,
              text_prompt_tokens: 4, visual_prompt_tokens: 0, precision: fp32}
            loss: {sample_points: 64}
            train: {steps: 2, warmup: 1, batch_labelled: 2, batch_unlabelled: 2, micro_batch: 2, crop: 64, log_every: 1}
            eval: {crop: 64, stride: 32, short_side: 64}
            """);
        Path run = dir.resolve("run");
        Cli trained = Cli.run("train", "--recipe", toy, "--data", root, "--clip", "graphs/tiny-clip", "--out", run, "--json");
        assertEquals(0, trained.exit(), trained.err());
        assertEquals(2, trained.json().get("steps").asInt());
        assertEquals(2, trained.json().at("/eval/images").asInt());
        assertTrue(trained.err().contains(labelled + " labelled images, " + unlabelled + " unlabelled, 2 steps; the paper reports mIoU "),
            trained.err());
        assertTrue(trained.err().contains("not the published lists"), trained.err());
        Cli eval = Cli.run("eval", "--model", run, "--data", root, "--json");
        assertEquals(0, eval.exit(), eval.err());
        assertEquals(2, eval.json().get("images").asInt());
        Cli predicted = Cli.run("predict", "--model", run, root.resolve(photo), "--out", dir.resolve("predictions"), "--json");
        assertEquals(0, predicted.exit(), predicted.err());
        assertEquals(1, predicted.json().size());
        return Files.readString(run.resolve("resolved.yaml"));
    }

    /** VOCdevkit/VOC2012: palette PNGs, RGB masks of the same palette; no masks for the photos that SBD added. */
    @Test
    void voc() throws Exception {
        for (int i = 0; i < 8; i++) {
            mini.photo("JPEGImages/2007_00000" + i + ".jpg", i);
        }
        int[] catDog = labels(8, 12);
        mini.mask("SegmentationClass/2007_000000.png", catDog, v -> v < 0 ? 255 : v);
        mini.colours("SegmentationClass/2007_000001.png", catDog, v -> v < 0 ? 0xE0E0C0 : Palette.voc().colour(v));
        mini.fourBits("SegmentationClass/2007_000002.png", labels(8, 12), 0);
        mini.mask("SegmentationClass/2007_000006.png", labels(0, 20), v -> v < 0 ? 255 : v);
        mini.mask("SegmentationClass/2007_000007.png", labels(0, 19), v -> v < 0 ? 255 : v);
        mini.text("splits/pascal/92/labeled.txt", line("JPEGImages/2007_00000", "SegmentationClass/2007_00000", 0, 1, 2));
        mini.text("splits/pascal/92/unlabeled.txt", line("JPEGImages/2007_00000", "SegmentationClass/2007_00000", 3, 4, 5));
        mini.text("splits/pascal/val.txt", line("JPEGImages/2007_00000", "SegmentationClass/2007_00000", 6, 7));
        assertEquals(Map.of("background", (long) BORDER * H, "cat", 3L * HALF, "dog", 3L * HALF), check("--recipe", "voc-92"));
        String resolved = train("voc-92", "JPEGImages/2007_000006.jpg", 3, 3);
        assertTrue(resolved.contains("thing_classes: null") && resolved.contains("mask_background: false"), resolved);
    }

    private static String[] line(String image, String mask, int... numbers) {
        String[] lines = new String[numbers.length];
        for (int i = 0; i < lines.length; i++) {
            lines[i] = image + numbers[i] + ".jpg " + mask + numbers[i] + ".png";
        }
        return lines;
    }

    private void cocoPhotos() throws IOException {
        for (int i = 0; i < 6; i++) {
            mini.photo("train2017/00000000000" + i + ".jpg", i);
        }
        mini.photo("val2017/000000000006.jpg", 6);
        mini.photo("val2017/000000000007.jpg", 7);
        mini.text("splits/coco/1_512/labeled.txt", line("train2017/00000000000", "masks/00000000000", 0, 1));
        mini.text("splits/coco/val.txt", line("val2017/00000000000", "masks/00000000000", 6, 7));
    }

    private static String instances(String part, int... images) {
        List<String> heads = new ArrayList<>();
        List<String> annotations = new ArrayList<>();
        int middle = (W - BORDER) / 2;
        for (int i : images) {
            heads.add("{\"id\":" + (100 + i) + ",\"file_name\":\"00000000000" + i + ".jpg\",\"width\":" + W + ",\"height\":" + H + "}");
            annotations.add("{\"segmentation\":[[0,0," + middle + ",0," + middle + "," + H + ",0," + H + "]],\"image_id\":" + (100 + i)
                + ",\"category_id\":17,\"id\":" + i + "}");
            annotations.add(
                "{\"segmentation\":{\"counts\":[" + (W + BORDER) / 2 * H + "," + HALF + "],\"size\":[" + H + "," + W + "]},\"iscrowd\":1,"
                    + "\"image_id\":" + (100 + i) + ",\"category_id\":47,\"id\":" + (50 + i) + "}");
        }
        return "{\"info\":{\"description\":\"" + part + "\"},\"images\":[" + String.join(",", heads) + "],\"annotations\":["
            + String.join(",", annotations)
            + "],\"categories\":[{\"id\":17,\"name\":\"cat\"},{\"id\":47,\"name\":\"cup\"}]}";
    }

    /** The download: no masks, instances with polygons and run lengths; unlabelled are all other photos. */
    @Test
    void cocoFromAnnotations() throws Exception {
        cocoPhotos();
        mini.text("annotations/instances_train2017.json", instances("train", 0, 1, 2, 3, 4, 5));
        mini.text("annotations/instances_val2017.json", instances("val", 6, 7));
        Path split = root.resolve("splits/coco/1_512");
        Cli none = Cli.run("train", "--recipe", "coco-1_512", "--data", root, "--clip", "graphs/tiny-clip", "--out", dir.resolve("x"));
        assertEquals(3, none.exit());
        assertTrue(none.err().contains("no list 'unlabeled' for the split '1_512'") && none.err().contains("hiervl data split"),
            none.err());
        assertEquals(0,
            Cli.run("data", "split", root, "--part", "train", "--labeled", split.resolve("labeled.txt"), "--out", split).exit());
        assertEquals(4, Files.readAllLines(split.resolve("unlabeled.txt")).size());
        assertEquals(Map.of("background", 2L * BORDER * H, "cat", 2L * HALF, "cup", 2L * HALF), check("--split", "1_512"));
        train("coco-1_512", "val2017/000000000006.jpg", 2, 4);
    }

    /** The index PNGs that UniMatch distributes. */
    @Test
    void cocoFromRenderedMasks() throws Exception {
        cocoPhotos();
        for (int i : new int[] {0, 1, 6, 7}) {
            mini.mask("masks/00000000000" + i + ".png", labels(16, 80), v -> v < 0 ? 255 : v);
        }
        mini.text("splits/coco/1_512/unlabeled.txt", line("train2017/00000000000", "masks/00000000000", 2, 3));
        assertEquals(Map.of("cat", 2L * HALF, "toothbrush", 2L * HALF), check("--split", "1_512"));
    }

    /** Raw masks: 0 is other and classes begin with 1; then the same masks already reduced. */
    @Test
    void ade20k() throws Exception {
        int[] wallFlag = labels(0, 149);
        for (int i = 0; i < 6; i++) {
            mini.photo("images/training/ADE_train_0000000" + i + ".jpg", i);
            mini.mask("annotations/training/ADE_train_0000000" + i + ".png", wallFlag, v -> v + 1);
        }
        for (int i = 1; i < 3; i++) {
            mini.photo("images/validation/ADE_val_0000000" + i + ".jpg", 10 + i);
            mini.mask("annotations/validation/ADE_val_0000000" + i + ".png", labels(3, 4), v -> v + 1);
        }
        mini.text("splits/ade20k/1_128/labeled.txt",
            line("images/training/ADE_train_0000000", "annotations/training/ADE_train_0000000", 0, 1, 2));
        mini.text("splits/ade20k/1_128/unlabeled.txt",
            line("images/training/ADE_train_0000000", "annotations/training/ADE_train_0000000", 3, 4, 5));
        mini.text("splits/ade20k/val.txt", line("images/validation/ADE_val_0000000", "annotations/validation/ADE_val_0000000", 1, 2));
        Map<String, Long> expected = Map.of("wall", 3L * HALF, "flag", 3L * HALF);
        assertEquals(expected, check("--recipe", "ade20k-1_128"));
        String resolved = train("ade20k-1_128", "images/validation/ADE_val_00000001.jpg", 3, 3);
        assertTrue(resolved.contains("thing_classes: [0, 1, 2,") && resolved.contains("mask_background: true"), resolved);
        for (int i = 0; i < 6; i++) {
            mini.mask("annotations/training/ADE_train_0000000" + i + ".png", wallFlag, v -> v < 0 ? 255 : v);
        }
        for (int i = 1; i < 3; i++) {
            mini.mask("annotations/validation/ADE_val_0000000" + i + ".png", labels(3, 4), v -> v < 0 ? 255 : v);
        }
        assertEquals(expected, check("--recipe", "ade20k-1_128", "--fresh"));
    }

    /** The download has labelIds only, the published lists name labelTrainIds; one city has those. */
    @Test
    void cityscapes() throws Exception {
        LabelRules.Variant ids = DatasetSpecs.builtIn("cityscapes").labels().variants().get(0);
        int[] idOf = new int[19];
        ids.map().forEach((id, train) -> {
            if (train < 19) {
                idOf[train] = id;
            }
        });
        int[] roadCar = labels(0, 13);
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            String part = i < 6 ? "train" : "val";
            String city = i % 2 == 0 ? "aachen" : "zurich";
            String name = part + "/" + city + "/" + city + "_00000" + i + "_000019_";
            mini.photo("leftImg8bit/" + name + "leftImg8bit.png", i);
            if (i == 1) {
                mini.mask("gtFine/" + name + "gtFine_labelTrainIds.png", roadCar, v -> v < 0 ? 255 : v);
            } else {
                mini.mask("gtFine/" + name + "gtFine_labelIds.png", roadCar, v -> v < 0 ? 4 : idOf[v]);
            }
            lines.add("leftImg8bit/" + name + "leftImg8bit.png gtFine/" + name + "gtFine_labelTrainIds.png");
        }
        mini.text("splits/cityscapes/1_30/labeled.txt", lines.subList(0, 3).toArray(new String[0]));
        mini.text("splits/cityscapes/1_30/unlabeled.txt", lines.subList(3, 6).toArray(new String[0]));
        mini.text("splits/cityscapes/val.txt", lines.subList(6, 8).toArray(new String[0]));
        assertEquals(Map.of("road", 3L * HALF, "car", 3L * HALF), check("--recipe", "cityscapes-1_30"));
        // Without any published list: paired by city folders and file names.
        assertEquals(0,
            Cli.run("data", "split", root, "--part", "train", "--labels", 2, "--balanced", "--out", dir.resolve("made")).exit());
        List<String> made = new ArrayList<>(Files.readAllLines(dir.resolve("made/labeled.txt")));
        made.addAll(Files.readAllLines(dir.resolve("made/unlabeled.txt")));
        assertEquals(lines.subList(0, 6), made.stream().sorted(java.util.Comparator.comparingInt(lines::indexOf)).toList());
        String resolved = train("cityscapes-1_30", "leftImg8bit/val/aachen/aachen_000006_000019_leftImg8bit.png", 3, 3);
        assertTrue(resolved.contains("thing_classes: [11, 12, 13, 14, 15, 16, 17, 18]") && resolved.contains("confidence: pixelavg"),
            resolved);
    }

    /** The README's five minutes: folders in, a trained model out. */
    @Test
    void ownFolders() throws Exception {
        for (int i = 0; i < 8; i++) {
            mini.photo("photos/p" + i + ".jpg", i);
        }
        for (int i = 0; i < 4; i++) {
            mini.mask("masks/p" + i + ".png", labels(0, 1), v -> v < 0 ? 0 : v == 1 ? 255 : 0);
        }
        Path own = dir.resolve("own");
        Cli init = Cli.run("data", "init", root.resolve("photos"), root.resolve("masks"), "road", "--out", own, "--val", "0.5");
        assertEquals(0, init.exit(), init.err());
        assertTrue(init.out().contains("2 classes, 2 labelled, 4 unlabelled, 2 validation photos"), init.out());
        root = own;
        Map<String, Long> pixels = check();
        assertEquals(2L * HALF, pixels.get("road"));
        Cli trained = Cli.run("train", "--recipe", "tiny", "--data", own, "--out", dir.resolve("run"), "--json", "--set", "train.steps=2",
            "--set", "train.warmup=1", "--set", "train.batch_labelled=2", "--set", "train.batch_unlabelled=2", "--set", "model.n_dec=1");
        assertEquals(0, trained.exit(), trained.err());
        assertEquals(2, trained.json().at("/eval/images").asInt());
        LabelMap map = LabelMaps.read(dir.resolve("root/masks/p0.png"));
        assertEquals(255, map.at(W - 1, 0), "masks stay as they were");
    }
}
