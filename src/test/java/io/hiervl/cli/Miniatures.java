package io.hiervl.cli;

import io.hiervl.image.LabelMap;
import io.hiervl.image.LabelMaps;
import io.hiervl.image.Palette;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.function.IntUnaryOperator;
import javax.imageio.ImageIO;

/**
 * A few images in the folder layout of each benchmark, with labels in every encoding it comes in. Photos are 96x64, the left
 * half of every label map is one class and the right half another, with a border of pixels without a label.
 */
final class Miniatures {
    static final int W = 96;
    static final int H = 64;
    /** Columns without a label between the halves. */
    static final int BORDER = 4;

    private final Path root;

    Miniatures(Path root) {
        this.root = root;
    }

    /** A noisy photo; the extension decides about JPEG or PNG. */
    void photo(String name, long seed) throws IOException {
        Path file = root.resolve(name);
        Files.createDirectories(file.getParent());
        BufferedImage image = new BufferedImage(W, H, seed % 5 == 4 ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_INT_RGB);
        Random random = new Random(seed);
        Graphics2D g = image.createGraphics();
        for (int i = 0; i < 40; i++) {
            g.setColor(new Color(random.nextInt(0x1000000)));
            g.fillOval(random.nextInt(W), random.nextInt(H), 5 + random.nextInt(30), 5 + random.nextInt(30));
        }
        g.dispose();
        if (!ImageIO.write(image, name.endsWith(".png") ? "png" : "jpg", file.toFile())) {
            throw new IOException("no writer for " + name);
        }
    }

    /** Class indices of a sample; -1 has no label. */
    static int[] labels(int left, int right) {
        int[] out = new int[W * H];
        for (int i = 0; i < out.length; i++) {
            int x = i % W;
            out[i] = x < (W - BORDER) / 2 ? left : x < (W + BORDER) / 2 ? -1 : right;
        }
        return out;
    }

    /** Writes an index PNG; {@code value} turns class indices and -1 into values of the file. */
    void mask(String name, int[] labels, IntUnaryOperator value) throws IOException {
        Path file = root.resolve(name);
        Files.createDirectories(file.getParent());
        LabelMaps.write(LabelMap.of(Arrays.stream(labels).map(value).toArray(), W, H), Palette.voc(), file);
    }

    /** An index PNG of 4 bits a pixel. */
    void fourBits(String name, int[] labels, int none) throws IOException {
        byte[] grey = new byte[16];
        BufferedImage image = new BufferedImage(W, H, BufferedImage.TYPE_BYTE_BINARY, new IndexColorModel(4, 16, grey, grey, grey));
        for (int i = 0; i < labels.length; i++) {
            image.getRaster().setSample(i % W, i / W, 0, labels[i] < 0 ? none : labels[i]);
        }
        ImageIO.write(image, "png", root.resolve(name).toFile());
    }

    /** A mask of colours. */
    void colours(String name, int[] labels, IntUnaryOperator rgb) throws IOException {
        Path file = root.resolve(name);
        Files.createDirectories(file.getParent());
        BufferedImage image = new BufferedImage(W, H, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < labels.length; i++) {
            image.setRGB(i % W, i / W, rgb.applyAsInt(labels[i]));
        }
        ImageIO.write(image, "png", file.toFile());
    }

    void text(String name, String... lines) throws IOException {
        Path file = root.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, String.join("\n", lines) + "\n");
    }
}
