package io.hiervl.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.data.Dataset;
import io.hiervl.data.Sample;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.LabelMaps;
import io.hiervl.image.Palette;
import io.hiervl.image.Photo;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * From the export of a tool to a trained model with two commands. The photos are a phone's: stored lying, turned upright by their EXIF
 * entry. The tools label what they show. Each of the first four photos has a cat and a dog, the others have no label.
 */
class ImportToTrainTest {
    private static final int W = 48;
    private static final int H = 64;
    private static final int LABELLED = 4;
    private static final int PHOTOS = 6;
    private static final String CAT = "4,6,24,30";
    private static final String DOG = "26,40,46,60";

    @TempDir
    Path dir;

    /** A photo whose stored rows are the columns of what it shows. */
    private static byte[] phone(int seed) throws IOException {
        byte[] rgb = new byte[3 * W * H];
        new Random(seed).nextBytes(rgb);
        ByteArrayOutputStream plain = new ByteArrayOutputStream();
        ImageIO.write(Images.toBuffered(new Photo(rgb, H, W)), "jpg", plain);
        byte[] exif =
            {(byte) 0xFF, (byte) 0xE1, 0, 34, 'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1,
                0, 6, 0, 0, 0, 0, 0, 0};
        ByteArrayOutputStream turned = new ByteArrayOutputStream();
        turned.write(plain.toByteArray(), 0, 2);
        turned.write(exif);
        turned.write(plain.toByteArray(), 2, plain.size() - 2);
        return turned.toByteArray();
    }

    private static void write(Path file, byte[] bytes) throws IOException {
        Files.createDirectories(file.getParent());
        Files.write(file, bytes);
    }

    private static void text(Path file, String text) throws IOException {
        write(file, text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }

    private void photos(String folder) throws IOException {
        for (int i = 1; i <= PHOTOS; i++) {
            write(dir.resolve("export").resolve(folder).resolve("p" + i + ".jpg"), phone(i));
        }
    }

    private static int[] box(String text) {
        return Stream.of(text.split(",")).mapToInt(Integer::parseInt).toArray();
    }

    private static String corners(String box, String start, String between, String end) {
        int[] b = box(box);
        return IntStream.of(0, 1, 2, 3).mapToObj(i -> start + (i == 1 || i == 2 ? b[2] : b[0]) + between + (i >= 2 ? b[3] : b[1]) + end)
            .collect(Collectors.joining(end.isEmpty() ? between.equals(",") ? ";" : "," : ","));
    }

    private static String each(int count, java.util.function.IntFunction<String> one, String between) {
        return IntStream.rangeClosed(1, count).mapToObj(one).collect(Collectors.joining(between));
    }

    private static Photo mask() {
        byte[] values = new byte[W * H];
        for (int c = 1; c <= 2; c++) {
            int[] b = box(c == 1 ? CAT : DOG);
            for (int y = b[1]; y < b[3]; y++) {
                for (int x = b[0]; x < b[2]; x++) {
                    values[y * W + x] = (byte) c;
                }
            }
        }
        return LabelMaps.colours(new LabelMap(values, W, H),
            Palette.of(List.of(List.of(0, 0, 0), List.of(250, 50, 83), List.of(51, 221, 255))));
    }

    private void masks(String folder, String suffix, int from, int to) throws IOException {
        for (int i = from; i <= to; i++) {
            Path file = dir.resolve("export").resolve(folder).resolve("p" + i + suffix);
            Files.createDirectories(file.getParent());
            Images.writePng(mask(), file);
        }
    }

    private static final String LABELMAP =
        "# label:color_rgb:parts:actions\nbackground:0,0,0::\ncat:250,50,83::\ndog:51,221,255::\n";

    /** Writes an export and returns what the user gives to the command. */
    private Path export(String tool) throws IOException {
        Path export = dir.resolve("export");
        switch (tool) {
            case "labelme" -> {
                photos("");
                for (int i = 1; i <= LABELLED; i++) {
                    text(export.resolve("p" + i + ".json"),
                        "{\"version\":\"5.4.1\",\"shapes\":[{\"label\":\"cat\",\"shape_type\":\"polygon\","
                            + "\"points\":[" + corners(CAT, "[", ",", "]") + "]},{\"label\":\"dog\",\"shape_type\":\"polygon\",\"points\":["
                            + corners(DOG, "[", ",", "]") + "]}],\"imagePath\":\"p" + i + ".jpg\",\"imageData\":null,\"imageHeight\":" + H
                            + ",\"imageWidth\":" + W + "}");
                }
            }
            case "cvat-xml" -> {
                photos("images");
                text(export.resolve("annotations.xml"), "<?xml version=\"1.0\" encoding=\"utf-8\"?><annotations><version>1.1</version>"
                    + each(LABELLED, i -> "<image id=\"" + i + "\" name=\"p" + i + ".jpg\" width=\"" + W + "\" height=\"" + H + "\">"
                        + "<polygon label=\"cat\" points=\"" + corners(CAT, "", ",", "")
                        + "\" z_order=\"0\"/><polygon label=\"dog\" points=\""
                        + corners(DOG, "", ",", "") + "\" z_order=\"0\"/></image>", "")
                    + "</annotations>");
            }
            case "cvat-masks.zip" -> {
                photos("JPEGImages");
                masks("SegmentationClass", ".png", 1, LABELLED);
                text(export.resolve("labelmap.txt"), LABELMAP);
                return zipped(export);
            }
            case "label-studio" -> {
                photos("images");
                text(export.resolve("project.json"), "[" + each(LABELLED, i -> "{\"id\":" + i + ",\"data\":{\"image\":"
                    + "\"/data/upload/3/0a1b2c3d-p" + i + ".jpg\"},\"annotations\":[{\"result\":[" + studio(CAT, "cat") + ","
                    + studio(DOG, "dog") + "]}]}", ",") + "]");
            }
            case "coco" -> {
                photos("images");
                text(export.resolve("instances.json"), "{\"images\":[" + each(LABELLED, i -> "{\"id\":" + i + ",\"file_name\":\"p" + i
                    + ".jpg\",\"width\":" + W + ",\"height\":" + H + "}", ",") + "],\"categories\":[{\"id\":1,\"name\":\"cat\"},{\"id\":2,"
                    + "\"name\":\"dog\"}],\"annotations\":[" + each(2 * LABELLED, n -> "{\"id\":" + n + ",\"image_id\":" + (n + 1) / 2
                        + ",\"category_id\":" + (n % 2 == 1 ? 1 : 2) + ",\"segmentation\":[["
                        + corners(n % 2 == 1 ? CAT : DOG, "", ",", "").replace(';', ',') + "]]}", ",")
                    + "]}");
            }
            case "supervisely" -> {
                photos("ds/img");
                text(export.resolve("meta.json"), "{\"classes\":[{\"title\":\"cat\",\"shape\":\"polygon\",\"color\":\"#FF0000\"},"
                    + "{\"title\":\"dog\",\"shape\":\"bitmap\",\"color\":\"#00FF00\"}]}");
                int[] dog = box(DOG);
                BufferedImage bitmap = new BufferedImage(dog[2] - dog[0], dog[3] - dog[1], BufferedImage.TYPE_INT_ARGB);
                for (int i = 0; i < bitmap.getWidth() * bitmap.getHeight(); i++) {
                    bitmap.setRGB(i % bitmap.getWidth(), i / bitmap.getWidth(), 0xFFFFFFFF);
                }
                ByteArrayOutputStream png = new ByteArrayOutputStream();
                try (DeflaterOutputStream zlib = new DeflaterOutputStream(png)) {
                    ImageIO.write(bitmap, "png", zlib);
                }
                for (int i = 1; i <= LABELLED; i++) {
                    text(export.resolve("ds/ann/p" + i + ".jpg.json"), "{\"size\":{\"height\":" + H + ",\"width\":" + W + "},\"objects\":["
                        + "{\"classTitle\":\"cat\",\"geometryType\":\"polygon\",\"points\":{\"exterior\":["
                        + corners(CAT, "[", ",", "]")
                        + "],\"interior\":[]}},{\"classTitle\":\"dog\",\"geometryType\":\"bitmap\",\"bitmap\":{\"origin\":[" + dog[0] + ","
                        + dog[1] + "],\"data\":\"" + Base64.getEncoder().encodeToString(png.toByteArray()) + "\"}}]}");
                }
            }
            case "roboflow" -> {
                for (String part : List.of("train", "valid", "test")) {
                    int from = part.equals("train") ? 1 : part.equals("valid") ? 3 : 4;
                    int to = part.equals("train") ? 2 : from;
                    for (int i = from; i <= to; i++) {
                        write(export.resolve(part).resolve("p" + i + ".jpg"), phone(i));
                        BufferedImage indices = new BufferedImage(W, H, BufferedImage.TYPE_BYTE_GRAY);
                        BufferedImage colours = Images.toBuffered(mask());
                        for (int p = 0; p < W * H; p++) {
                            int rgb = colours.getRGB(p % W, p / W) & 0xFFFFFF;
                            indices.getRaster().setSample(p % W, p / W, 0, rgb == 0 ? 0 : rgb == 0xFA3253 ? 1 : 2);
                        }
                        Images.writePng(indices, export.resolve(part).resolve("p" + i + "_mask.png"));
                    }
                    text(export.resolve(part).resolve("_classes.csv"), "Pixel Value, Class\n0, background\n1, cat\n2, dog\n");
                }
                write(export.resolve("train/p5.jpg"), phone(5));
                write(export.resolve("train/p6.jpg"), phone(6));
            }
            default -> {
                photos("JPEGImages");
                masks("SegmentationClass", ".png", 1, LABELLED);
                text(export.resolve("labelmap.txt"), LABELMAP);
                text(export.resolve("ImageSets/Segmentation/train.txt"), "p1\np2\np3\n");
                text(export.resolve("ImageSets/Segmentation/val.txt"), "p4\n");
            }
        }
        return export;
    }

    private static String studio(String box, String label) {
        int[] b = box(box);
        return String.format(java.util.Locale.ROOT, "{\"original_width\":%d,\"original_height\":%d,\"image_rotation\":0,"
            + "\"type\":\"rectanglelabels\",\"value\":{\"x\":%f,\"y\":%f,\"width\":%f,\"height\":%f,\"rotation\":0,"
            + "\"rectanglelabels\":[\"%s\"]}}", W, H, 100.0 * b[0] / W, 100.0 * b[1] / H, 100.0 * (b[2] - b[0]) / W,
            100.0 * (b[3] - b[1]) / H, label);
    }

    private Path zipped(Path folder) throws IOException {
        Path zip = dir.resolve("task.zip");
        try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(zip)); Stream<Path> all = Files.walk(folder)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                out.putNextEntry(new ZipEntry(folder.relativize(file).toString().replace('\\', '/')));
                out.write(Files.readAllBytes(file));
                out.closeEntry();
            }
        }
        return zip;
    }

    private static Cli train(Path set, Path out, Object... more) {
        List<Object> words = new ArrayList<>(List.of("train", "--recipe", "tiny", "--data", set, "--clip", "graphs/tiny-clip", "--out", out,
            "--no-eval"));
        for (String setting : List.of("train.steps=1", "train.warmup=0", "train.log_every=1", "train.batch_labelled=1",
            "train.batch_unlabelled=1", "model.n_dec=1", "loss.sample_points=1024")) {
            words.add("--set");
            words.add(setting);
        }
        words.addAll(List.of(more));
        return Cli.run(words.toArray());
    }

    @ParameterizedTest
    @ValueSource(strings = {"labelme", "cvat-xml", "cvat-masks.zip", "label-studio", "coco", "supervisely", "roboflow", "voc"})
    void twoCommands(String tool) throws IOException {
        Path source = export(tool);
        Path set = dir.resolve("set");
        Cli imported = Cli.run("data", "import", source, "--out", set);
        assertEquals(0, imported.exit(), imported.err());
        Dataset data = Dataset.open(set);
        assertEquals(List.of("background", "cat", "dog"), data.spec().classes());
        int seen = 0;
        for (String list : List.of("labeled.txt", "val.txt", "test.txt")) {
            if (!Files.exists(set.resolve(list))) {
                continue;
            }
            for (Sample s : data.list(set.resolve(list)).samples()) {
                LabelMap map = data.load(s, true).labels();
                assertEquals(W + "x" + H, map.width() + "x" + map.height(), s.image());
                assertEquals(20 * 24, map.histogram()[1], s.image());
                assertEquals(20 * 20, map.histogram()[2], s.image());
                assertEquals(2, map.at(30, 50));
                seen++;
            }
        }
        assertEquals(LABELLED, seen);
        if (tool.equals("roboflow")) {
            assertTrue(Files.readString(set.resolve("val.txt")).contains("valid/p3.jpg"));
            assertTrue(Files.readString(set.resolve("test.txt")).contains("test/p4.jpg"));
            assertEquals(2, Files.readAllLines(set.resolve("labeled.txt")).size());
        } else if (tool.equals("voc")) {
            assertTrue(Files.readString(set.resolve("val.txt")).contains("p4.jpg"));
        }
        Cli check = Cli.run("data", "check", set);
        assertEquals(0, check.exit(), check.out());
        Cli trained = train(set, dir.resolve("run"));
        assertEquals(0, trained.exit(), trained.err());
        assertTrue(trained.out().contains("finished after step 1"), trained.out());
    }

    /** Other classes and another size; then more steps than it was made for; what is no model has exit code 4. */
    @Test
    void aModelIsTrainedFurtherAndForOtherClasses() throws IOException {
        Path set = dir.resolve("set");
        assertEquals(0, Cli.run("data", "import", export("voc"), "--out", set).exit());
        Path run = dir.resolve("run");
        assertEquals(0, train(set, run).exit());
        Cli longer = train(set, run, "--resume", "--set", "train.steps=2");
        assertEquals(0, longer.exit(), longer.err());
        assertTrue(longer.err().contains("the run was made for 1 steps and goes on from step 1 to 2"), longer.err());
        Path other = dir.resolve("other");
        Files.createDirectories(other);
        try (Stream<Path> all = Files.list(set)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                Files.writeString(other.resolve(file.getFileName()), Files.readString(file).replace("\"dog\"", "\"boat\""));
            }
        }
        Cli started = train(other, dir.resolve("second"), "--init-from", run, "--set", "model.n_dec=2");
        assertEquals(0, started.exit(), started.err());
        assertTrue(started.err().contains("parameters are taken: "), started.err());
        assertTrue(started.err().contains("the classes that both models have (background, cat)"), started.err());
        assertTrue(started.err().contains("are not taken: query_decoder.layers.1"), started.err());
        Cli none = train(other, dir.resolve("third"), "--init-from", set);
        assertEquals(4, none.exit(), none.err());
        Cli missing = train(other, dir.resolve("third"), "--init-from", dir.resolve("runn"));
        assertEquals(4, missing.exit());
        assertTrue(missing.err().contains("did you mean " + run), missing.err());
        assertTrue(Files.notExists(dir.resolve("third/checkpoints")));
        Cli again = Cli.run("predict", "--model", dir.resolve("second"), photosInFolders(), "--out", dir.resolve("photos/out"));
        assertEquals(0, again.exit(), again.err());
        for (int i = 0; i < 2; i++) {
            for (String name : List.of("x", "x-2", "a/x", "b/deep/x")) {
                assertTrue(Files.exists(dir.resolve("photos/out").resolve(name + ".png")), name);
                assertTrue(Files.exists(dir.resolve("photos/out").resolve(name + ".json")), name);
            }
            try (Stream<Path> all = Files.walk(dir.resolve("photos/out"))) {
                assertEquals(15, all.filter(Files::isRegularFile).count());
            }
            assertEquals(0, Cli.run("predict", "--model", dir.resolve("second"), dir.resolve("photos"), "--out",
                dir.resolve("photos/out")).exit());
        }
    }

    /** Masks of a data set are no photos; a damaged photo is named and the others are done; labels tell namesakes apart. */
    @Test
    void whatPredictTakes() throws IOException {
        Path set = dir.resolve("set");
        assertEquals(0, Cli.run("data", "import", export("voc"), "--out", set).exit());
        Path run = dir.resolve("run");
        assertEquals(0, train(set, run).exit());
        Path own = dir.resolve("own");
        text(own.resolve("dataset.yaml"), "name: own\nclasses: [background, cat, dog]\n");
        write(own.resolve("images/a.jpg"), phone(1));
        write(own.resolve("images/b.jpg"), phone(2));
        Files.createDirectories(own.resolve("masks"));
        LabelMaps.write(LabelMap.filled(W, H, 1), Palette.voc(), own.resolve("masks/a.png"));
        LabelMaps.write(LabelMap.filled(W, H, 1), Palette.voc(), own.resolve("masks/c.png"));
        text(own.resolve("labeled.txt"), "images/a.jpg masks/a.png\n");
        text(own.resolve("unlabeled.txt"), "images/b.jpg\n");
        Cli data = Cli.run("predict", "--model", run, own, "--out", dir.resolve("p1"), "--json");
        assertEquals(0, data.exit(), data.err());
        assertEquals(2, data.out().split("\"image\"", -1).length - 1, data.out());
        assertTrue(data.err().contains("2 masks in it are passed over"), data.err());
        Cli lists = Cli.run("predict", "--model", run, set, "--out", dir.resolve("p2"), "--json");
        assertEquals(0, lists.exit(), lists.err());
        assertTrue(lists.err().contains("photos of its lists are taken"), lists.err());

        write(dir.resolve("d3/x.jpg"), phone(6));
        write(dir.resolve("d3/in/y.jpg"), phone(7));
        Cli inside = Cli.run("predict", "--model", run, dir.resolve("d3"), "--out", dir.resolve("d3/in"));
        assertTrue(inside.exit() == 0 && inside.err().contains("1 photo in the folder of the predictions"), inside.err());
        byte[] cut = java.util.Arrays.copyOf(phone(3), phone(3).length * 2 / 3);
        cut[cut.length - 2] = (byte) 0xFF;
        cut[cut.length - 1] = (byte) 0xD9;
        write(dir.resolve("d1/x.jpg"), phone(4));
        write(dir.resolve("d2/x.jpg"), phone(5));
        write(dir.resolve("d2/y.jpg"), cut);
        write(dir.resolve("d2/z.tif"), floatTiff());
        Cli two = Cli.run("predict", "--model", run, dir.resolve("d1"), dir.resolve("d2"), "--out", dir.resolve("p3"), "--as",
            "coco,cvat,label-studio,png");
        assertEquals(3, two.exit(), two.err());
        assertTrue(two.err().contains("d2/y.jpg is damaged inside"), two.err());
        assertTrue(two.err().contains("--photo-range own takes") && !two.err().contains("dataset.yaml takes"), two.err());
        for (String file : List.of("coco/annotations.json", "cvat/annotations.xml", "label-studio/tasks.json",
            "png/ImageSets/Segmentation/default.txt")) {
            String labels = Files.readString(dir.resolve("p3").resolve(file));
            assertTrue(labels.contains("d1/x") && labels.contains("d2/x"), file + ": " + labels);
        }
        Cli back = Cli.run("data", "import", dir.resolve("p3/coco"), "--images", dir, "--out", dir.resolve("again"));
        assertEquals(0, back.exit(), back.err());
    }

    /** One pixel of 32-bit floating point. */
    private static byte[] floatTiff() {
        int[][] entries = {{256, 1}, {257, 1}, {258, 32}, {259, 1}, {262, 1}, {273, 138}, {277, 1}, {278, 1}, {279, 4}, {339, 3}};
        ByteBuffer b = ByteBuffer.allocate(142).order(ByteOrder.LITTLE_ENDIAN);
        b.putShort((short) 0x4949).putShort((short) 42).putInt(8).putShort((short) entries.length);
        for (int[] e : entries) {
            b.putShort((short) e[0]).putShort((short) 3).putInt(1).putInt(e[1]);
        }
        return b.putInt(0).putInt(0).putFloat(138, 0.5f).array();
    }

    private Path photosInFolders() throws IOException {
        // The last one has no room for an ending.
        for (String name : List.of("x.jpg", "x.jpeg", "a/x.jpg", "b/deep/x.jpg", "c/" + "l".repeat(250) + ".jpg")) {
            write(dir.resolve("photos").resolve(name), phone(name.hashCode()));
        }
        return dir.resolve("photos");
    }
}
