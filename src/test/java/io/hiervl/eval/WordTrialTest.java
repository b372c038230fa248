package io.hiervl.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.clip.ClipBundle;
import io.hiervl.config.EvalConfig;
import io.hiervl.image.ClipNormalize;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.LabelMaps;
import io.hiervl.image.Photo;
import io.hiervl.op.SameDiffOps;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class WordTrialTest {
    private static final Path TINY = Path.of("datasets/tiny");
    private static ClipBundle clip;

    @BeforeAll
    static void open() {
        SameDiffOps.start();
        clip = ClipBundle.open(Path.of("graphs/tiny-clip"));
    }

    private static Photo photo(int i) {
        return Images.readPhoto(TINY.resolve("JPEGImages/val_00" + i + ".png"));
    }

    private static LabelMap truth(int i) {
        return LabelMaps.read(TINY.resolve("SegmentationClass/val_00" + i + ".png"));
    }

    @Test
    void allWordsGiveTheGuidanceOfTheZeroShotModel() {
        List<List<String>> words = List.of(List.of("grass", "sand", "sky"), List.of("red thing"), List.of("blue thing"));
        WordTrial trial = new WordTrial(clip, words, 64);
        Segmentation own = trial.segment(trial.look(photo(1)), trial.all());
        Segmentation other = new ImageSegmenter(new ZeroShotModel(clip, words),
            new ClipNormalize(clip.preprocessing().mean(), clip.preprocessing().std()),
            new EvalConfig(EvalConfig.Window.WHOLE, 64, 64, 0)).segment(photo(1));
        assertEquals(64, photo(1).width());
        assertEquals(other.labels(), own.labels());
        for (int i = 0; i < 64 * 64; i++) {
            assertEquals(other.score()[i], own.score()[i], 1e-5);
        }
    }

    @Test
    void textsAreNearThemselvesAndWordsThatDoNotFitLose() {
        List<List<String>> words = List.of(List.of("grass", "sand", "sky", "brick", "asphalt"), List.of("red thing", "grass"),
            List.of("orange thing"), List.of("yellow thing"), List.of("green thing"), List.of("blue thing"), List.of("purple thing"));
        WordTrial trial = new WordTrial(clip, words, 0);
        double[][] cosines = trial.similarity();
        assertEquals(12, cosines.length);
        for (int i = 0; i < cosines.length; i++) {
            assertEquals(1, cosines[i][i], 1e-5);
        }
        assertEquals(1, cosines[0][6], 1e-5, "the same words");
        assertTrue(cosines[5][7] < 0.99, "red and orange differ");
        List<WordTrial.Look> looks = new ArrayList<>();
        List<LabelMap> truth = new ArrayList<>();
        for (int i = 1; i <= 8; i++) {
            looks.add(trial.look(photo(i)));
            truth.add(truth(i));
        }
        List<WordTrial.Fit> fits = trial.fits(looks, truth);
        WordTrial.Fit red = fits.stream().filter(f -> f.word() == 5).findFirst().orElseThrow();
        WordTrial.Fit grass = fits.stream().filter(f -> f.word() == 6).findFirst().orElseThrow();
        assertTrue(red.iou() > grass.iou() + 0.1, red + " " + grass);
        double sum = 0;
        for (double share : trial.nearest(looks)) {
            sum += share;
        }
        assertEquals(1, sum, 1e-9);
    }
}
