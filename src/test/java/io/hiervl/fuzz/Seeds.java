package io.hiervl.fuzz;

import io.hiervl.backbone.Backbones;
import io.hiervl.checkpoint.Checkpoint;
import io.hiervl.checkpoint.CheckpointStore;
import io.hiervl.clip.ClipArchitecture;
import io.hiervl.clip.ClipWeights;
import io.hiervl.clip.RandomClip;
import io.hiervl.config.Recipe;
import io.hiervl.config.Recipes;
import io.hiervl.export.ExportFormat;
import io.hiervl.export.ExportMeta;
import io.hiervl.export.ExportSource;
import io.hiervl.export.ModelExport;
import io.hiervl.graph.ParameterStore;
import io.hiervl.image.ClipNormalize;
import io.hiervl.model.HierVlNetwork;
import io.hiervl.model.ImageTowers;
import io.hiervl.model.NetworkParameters;
import io.hiervl.op.SameDiffOps;
import io.hiervl.predict.TrainedModel;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import javax.imageio.ImageIO;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.opencv.global.opencv_imgcodecs;
import org.bytedeco.opencv.opencv_core.Mat;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Undamaged files of every kind, as small as they can be. */
final class Seeds {
    static final List<String> CLASSES = List.of("sky", "sea", "sand");
    private static final ClipArchitecture CLIP = ClipArchitecture.of(16, 4, 2, 8, 32, 16, 1, 2, 16, 120, 16);
    private static final ImageTowers TOWERS = ImageTowers.of(Backbones.ofClip(CLIP,
        new ClipNormalize(new float[] {0.5f, 0.4f, 0.3f}, new float[] {0.2f, 0.3f, 0.25f})));
    private static final Recipe RECIPE =
        Recipes.load("tiny", List.of("model.dim=16", "model.n_enc=1", "model.n_dec=1", "model.enc_ffn=16", "model.dec_ffn=16",
            "model.cm_dim=4", "model.visual_queries=0", "model.norm_groups=4", "model.heads=2", "eval.crop=32", "eval.stride=32"));

    private final Path root;

    Seeds(Path root) {
        this.root = root;
    }

    /** A run folder with one checkpoint; returns the checkpoint's folder. */
    Path checkpoint() {
        SameDiffOps.start();
        return save(network(), embeddings()).folder();
    }

    private Checkpoint save(ParameterStore store, INDArray t) {
        Map<String, Object> details = TrainedModel.details(RECIPE, TOWERS,
            List.of(List.of(1, 2, 3), List.of(4, 5, 6), List.of(7, 8, 9)));
        return new CheckpointStore(root.resolve("run"), 2).save(5, io.hiervl.checkpoint.Hashes.of(RECIPE.toYaml()), CLASSES,
            TrainedModel.arrays(TOWERS, store, t),
            details);
    }

    private static ParameterStore network() {
        ClipWeights weights = RandomClip.weights(CLIP, new Random(1));
        return NetworkParameters.create(RECIPE.model(), weights, CLASSES.size(), 4, new int[] {1, 2, 3, 4}, DataType.FLOAT, new Random(2));
    }

    private static INDArray embeddings() {
        Nd4j.getRandom().setSeed(3);
        INDArray t = Nd4j.rand(DataType.FLOAT, CLASSES.size(), 16).subi(0.5);
        return t.diviColumnVector(t.norm2(1));
    }

    Path export(ExportFormat format) {
        SameDiffOps.start();
        Path file = root.resolve("model-" + format.label() + (format == ExportFormat.ONNX ? ".onnx" : ".sd"));
        ExportMeta meta =
            ExportMeta.of(CLASSES, List.of(new int[] {0, 0, 0}, new int[] {9, 9, 9}, new int[] {7, 7, 7}), new double[] {0.5, 0.4, 0.3},
                new double[] {0.2, 0.3, 0.25}, 32, 32, 8, Map.of("stride", "32"));
        ModelExport.write(file, new ExportSource(new HierVlNetwork(RECIPE.model(), TOWERS, CLASSES.size()), network(), embeddings(), meta),
            format);
        return file;
    }

    /** The file as versions before the checksum wrote it: same length, other version, no mark. */
    Path older(Path file) throws IOException {
        String text = new String(Files.readAllBytes(file), java.nio.charset.StandardCharsets.ISO_8859_1);
        text = text.replace("hiervl.sha256=", "hiervl-sha256=").replace("\"version\" : 2", "\"version\" : 1").replace("\"format\" : 2",
            "\"format\" : 1");
        Files.write(file, text.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
        return file;
    }

    Path clip() {
        Path folder = root.resolve("clip");
        RandomClip.bundle(ClipArchitecture.of(16, 4, 2, 8, 32, 16, 1, 2, 16, 180, 16), 0, folder);
        return folder;
    }

    /** A photo in a format by its extension; WebP by OpenCV, the others by Java. */
    Path photo(String extension) throws IOException {
        BufferedImage image = new BufferedImage(40, 30, BufferedImage.TYPE_INT_RGB);
        Random random = new Random(4);
        Graphics2D g = image.createGraphics();
        for (int i = 0; i < 20; i++) {
            g.setColor(new Color(random.nextInt(0x1000000)));
            g.fillOval(random.nextInt(40), random.nextInt(30), 5 + random.nextInt(15), 5 + random.nextInt(15));
        }
        g.dispose();
        Path file = root.resolve("photo." + extension);
        if (extension.equals("webp")) {
            Path png = photo("png");
            byte[] bytes = Files.readAllBytes(png);
            try (BytePointer data = new BytePointer(bytes); Mat encoded = new Mat(1, bytes.length, 0, data);
                 Mat decoded = opencv_imgcodecs.imdecode(encoded, 1); IntPointer none = new IntPointer(0)) {
                opencv_imgcodecs.imwrite(file.toString(), decoded, none);
            }
        } else if (!ImageIO.write(image, extension, file.toFile())) {
            throw new IOException("no writer for " + extension);
        }
        return file;
    }

    /** A data folder with one photo and a COCO file of its label map. */
    Path data() throws IOException {
        Path folder = root.resolve("data");
        Files.createDirectories(folder.resolve("images"));
        Files.copy(photo("jpg"), folder.resolve("images/a.jpg"));
        Files.writeString(folder.resolve("dataset.yaml"), """
            name: small
            classes: [background, cat, "a dog"]
            ignore: 255
            lists: {labeled: labeled.txt, val: labeled.txt}
            concepts: {cat: [a cat, a kitten]}
            palette: [[0, 0, 0], [1, 2, 3], [250, 251, 252]]
            files:
              annotations: [instances.json]
            """);
        Files.writeString(folder.resolve("labeled.txt"), "images/a.jpg\tmasks/a.png\n");
        Files.writeString(folder.resolve("instances.json"),
            """
                {"images": [{"id": 1, "file_name": "a.jpg", "width": 40, "height": 30}],
                 "categories": [{"id": 7, "name": "cat"}, {"id": 9, "name": "a dog"}],
                 "annotations": [
                  {"id": 1, "image_id": 1, "category_id": 7, "iscrowd": 0, "area": 100, "bbox": [5, 5, 20, 20],
                   "segmentation": [[5, 5, 25, 5, 25, 25, 5, 25]]},
                  {"id": 2, "image_id": 1, "category_id": 9, "iscrowd": 1, "segmentation": {"counts": [100, 50, 1050], "size": [30, 40]}}]}
                """);
        return folder;
    }

    Path recipe() throws IOException {
        Path file = root.resolve("mine.yaml");
        Files.writeString(file, """
            extends: tiny
            name: mine
            model:
              dim: 64
              taps: [0, 1, 2, 3]
              temperature: 0.5
            train:
              lr: 2e-4
              crop: 64
            """);
        return file;
    }
}
