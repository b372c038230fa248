package io.hiervl.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.Progress;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Masks, label maps and names that would be read as something else without a word. */
class MaskHabitsTest {
    @TempDir
    Path dir;
    private Path photos;
    private Path masks;

    @BeforeEach
    void folders() throws IOException {
        photos = Files.createDirectories(dir.resolve("photos"));
        masks = Files.createDirectories(dir.resolve("masks"));
    }

    private void photo(String name) throws IOException {
        ImageIO.write(new BufferedImage(20, 16, BufferedImage.TYPE_INT_RGB), "png", photos.resolve(name + ".png").toFile());
    }

    /** A grey picture with one value in its upper half. */
    private static BufferedImage grey(int value, int height) {
        BufferedImage image = new BufferedImage(20, height, BufferedImage.TYPE_BYTE_GRAY);
        for (int i = 0; i < 20 * height / 2; i++) {
            image.getRaster().setSample(i % 20, i / 20, 0, value);
        }
        return image;
    }

    private void mask(String name, BufferedImage image) throws IOException {
        photo(name);
        ImageIO.write(image, "png", masks.resolve(name + ".png").toFile());
    }

    private static Path tiff(Path file, BufferedImage... pages) throws IOException {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("tiff").next();
        try (ImageOutputStream out = ImageIO.createImageOutputStream(file.toFile())) {
            writer.setOutput(out);
            writer.prepareWriteSequence(null);
            for (BufferedImage page : pages) {
                writer.writeToSequence(new IIOImage(page, null, null), null);
            }
            writer.endWriteSequence();
        } finally {
            writer.dispose();
        }
        return file;
    }

    private DatasetInit.Result init(String... classes) {
        return DatasetInit.write(photos, masks, ClassNames.parse(Arrays.asList(classes), "classes"), dir.resolve("set"),
            new DatasetInit.Options("mine", 0, 0, 0), Progress.NONE);
    }

    private String refusal(String... classes) {
        String message = assertThrows(HierVlException.class, () -> init(classes)).getMessage();
        assertFalse(Files.exists(dir.resolve("set")));
        return message;
    }

    @Test
    void aPageForEachClassIsRefusedAndAPreviewIsNone() throws IOException {
        photo("a");
        Path file = tiff(masks.resolve("a.tif"), grey(1, 16), grey(2, 16));
        String message = refusal("background", "cat", "dog");
        assertTrue(message.contains("a.tif has 2 pages; a label map has one"), message);
        tiff(file, grey(1, 16), grey(0, 8));
        assertEquals(1, init("background", "cat", "dog").sizes().get(0));
    }

    @Test
    void oneInSomeMasksAnd255InOthersIsRefused() throws IOException {
        mask("a", grey(1, 16));
        mask("b", grey(255, 16));
        String message = refusal("background", "cat");
        assertTrue(message.contains("a.png, and 255 in others, such as ") && message.contains("--ignore 255"), message);
        assertEquals(0, MaskSurvey.of(List.of(masks.resolve("a.png"), masks.resolve("b.png")),
            ClassNames.parse(List.of("background", "cat"), "classes"), Set.of(255), Progress.NONE).labels().map().size());
    }

    @Test
    void aMaskWithBothSaysThat255IsNoObject() throws IOException {
        mask("a", grey(1, 16));
        mask("b", grey(255, 16));
        BufferedImage both = grey(1, 16);
        both.getRaster().setSample(3, 15, 0, 255);
        mask("c", both);
        String notes = init("background", "cat").notes().toString();
        assertTrue(notes.contains("pixels with the value 255 are ignored"), notes);
    }

    @Test
    void blackOnATransparentGroundIsTheObject() throws IOException {
        BufferedImage drawn = new BufferedImage(20, 16, BufferedImage.TYPE_INT_ARGB);
        for (int i = 0; i < 60; i++) {
            drawn.setRGB(i % 20, i / 20, 0xFF000000);
        }
        mask("a", drawn);
        init("cat");
        Dataset set = Dataset.open(dir.resolve("set"));
        byte[] values = set.load(set.list("labeled").samples().get(0), true).labels().values();
        assertEquals(1, values[0]);
        assertEquals(0, values[values.length - 1]);
    }

    @Test
    void namesOfALabelMapAreNoIndicesAndNoComments() {
        ClassNames read = ClassNames.parse(List.of("# label:color_rgb:parts:actions", "background:0,0,0::", "2:128,0,0::",
            "1:0,128,0::", "#tag:128,128,0::", "light, red:0,0,128::arm,leg"), "labelmap.txt");
        assertEquals(List.of("background", "2", "1", "#tag", "light, red"), read.names());
        assertEquals(List.of(0, 128, 0), read.colours().get(2));
    }

    @DisabledOnOs(OS.WINDOWS)
    @ParameterizedTest
    @ValueSource(strings = {"a\tb", "a\nb", "a\\b"})
    void namesThatNoListCanHoldAreRefused(String name) throws IOException {
        mask("plain", grey(1, 16));
        mask(name, grey(1, 16));
        String message = refusal("background", "cat");
        assertTrue(message.contains("in its name, which no list can hold; rename the file"), message);
    }
}
