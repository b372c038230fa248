package io.hiervl.synth;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.Progress;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SynthDatasetTest {
    private static final Path COMMITTED = Path.of("datasets", "tiny");

    /** Text by bytes, pictures by pixels: the compressed bytes depend on the zlib of the Java that writes them. */
    @Test
    void committedFolderIsReproduced(@TempDir Path dir) throws IOException {
        new SynthDataset(World.TINY, SynthDataset.DEFAULT_SEED).write(dir, Progress.NONE);
        assertEquals(files(COMMITTED), files(dir));
        for (String name : files(dir)) {
            if (name.endsWith(".png")) {
                assertArrayEquals(samples(COMMITTED.resolve(name)), samples(dir.resolve(name)), name);
            } else {
                assertEquals(Files.readString(COMMITTED.resolve(name)), Files.readString(dir.resolve(name)), name);
            }
        }
    }

    @Test
    void anotherSeedGivesAnotherWorld() {
        Scene a = new SynthDataset(World.TINY, 1).scene(100);
        Scene b = new SynthDataset(World.TINY, 2).scene(100);
        assertTrue(!java.util.Arrays.equals(a.rgb(), b.rgb()));
    }

    @Test
    void listsAreNestedAndDisjoint() throws IOException {
        List<String> val = Files.readAllLines(COMMITTED.resolve("val.txt"));
        assertEquals(100, val.size());
        List<String> smaller = List.of();
        for (int n : World.TINY.labels()) {
            Path split = COMMITTED.resolve("splits").resolve(Integer.toString(n));
            List<String> labeled = Files.readAllLines(split.resolve("labeled.txt"));
            List<String> unlabeled = Files.readAllLines(split.resolve("unlabeled.txt"));
            assertEquals(n, labeled.size());
            assertEquals(200, unlabeled.size());
            assertEquals(smaller, labeled.subList(0, smaller.size()));
            Set<String> all = new HashSet<>(labeled);
            all.addAll(unlabeled);
            all.addAll(val);
            assertEquals(n + 300, all.size());
            smaller = labeled;
        }
    }

    @Test
    void smallestListShowsEveryClassAndMasksArePalettes() throws IOException {
        int[] pixels = new int[256];
        for (String line : Files.readAllLines(COMMITTED.resolve("splits/8/labeled.txt"))) {
            BufferedImage mask = ImageIO.read(COMMITTED.resolve(line.split(" ")[1]).toFile());
            IndexColorModel palette = (IndexColorModel) mask.getColorModel();
            assertEquals(0xFF800000, palette.getRGB(1));
            assertEquals(0xFFE0E0C0, palette.getRGB(255));
            for (int v : mask.getRaster().getSamples(0, 0, 64, 64, 0, (int[]) null)) {
                pixels[v]++;
            }
        }
        for (int c = 0; c < 7; c++) {
            assertTrue(pixels[c] >= 150, "class " + c + ": " + pixels[c] + " pixels");
        }
        assertTrue(pixels[255] > 100 && pixels[255] < pixels[0]);
        for (int v = 7; v < 255; v++) {
            assertEquals(0, pixels[v]);
        }
    }

    @Test
    void captionsSayWhatIsSeen() {
        Rng rng = new Rng(3);
        Set<String> words = Set.copyOf(World.TINY.words());
        SceneRenderer renderer = World.TINY.scenes();
        for (int i = 0; i < 200; i++) {
            Scene s = renderer.render(rng, i % 3);
            String caption = Captions.caption(World.TINY, s, rng);
            assertTrue(words.containsAll(List.of(caption.split(" "))), caption);
            for (Vocabulary.Colour ground : Vocabulary.GROUNDS) {
                assertTrue(!caption.contains(ground.name()) || ground.name().equals(s.ground()), caption);
            }
            assertTrue(World.TINY.phrases().containsAll(Captions.phrases(World.TINY, s)));
        }
    }

    private static Set<String> files(Path root) throws IOException {
        try (Stream<Path> walk = Files.walk(root)) {
            return walk.filter(Files::isRegularFile).map(p -> root.relativize(p).toString().replace('\\', '/'))
                // what a check of the folder keeps there
                .filter(name -> !name.startsWith(".hiervl/")).collect(Collectors.toSet());
        }
    }

    private static int[] samples(Path png) throws IOException {
        BufferedImage image = ImageIO.read(png.toFile());
        return image.getRaster().getPixels(0, 0, image.getWidth(), image.getHeight(), (int[]) null);
    }
}
