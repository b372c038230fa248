package io.hiervl.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The paper's runs: hiervl sections 8.3 (table), 9.1, 9.5, 9.6 and 10. */
class BenchmarkRecipesTest {
    @ParameterizedTest
    @CsvSource(delimiter = ' ', value = {
        "voc-92 92 10490 104880 87.1", "voc-183 183 10399 103920 88.2", "voc-366 366 10216 102160 88.6", "voc-732 732 9850 98480 89.2",
        "voc-1464 1464 9118 91120 89.9",
        "coco-1_512 232 118055 147560 54.5", "coco-1_256 463 117824 147280 56.7", "coco-1_128 925 117362 146700 57.5",
        "coco-1_64 1849 116438 145540 59.1", "coco-1_32 3697 114590 143230 59.9",
        "ade20k-1_128 158 20052 100240 34.0", "ade20k-1_64 316 19894 99440 38.8", "ade20k-1_32 632 19578 97880 39.8",
        "ade20k-1_16 1263 18947 94720 41.6", "ade20k-1_8 2526 17684 88400 43.3",
        "cityscapes-1_30 100 2875 83760 78.0", "cityscapes-1_16 186 2789 83760 79.0", "cityscapes-1_8 372 2603 83760 80.4",
        "cityscapes-1_4 744 2231 83760 81.1", "cityscapes-1_2 1488 1487 83760 81.3"})
    void everySplitStatesDataStepsAndThePapersNumber(String name, int labelled, int unlabelled, int steps, double miou) {
        Recipe recipe = Recipes.load(name, List.of());
        assertEquals(name, recipe.name());
        assertEquals(name.substring(name.indexOf('-') + 1), recipe.source().split());
        assertEquals(new Published(labelled, unlabelled, steps, miou, recipe.source().paper().list()), recipe.source().paper());
        assertEquals(12, recipe.source().paper().list().length());
        assertEquals(steps, recipe.train().stepsFor(unlabelled));
        assertEquals(8, recipe.train().batch().batchLabelled());
        assertEquals(8, recipe.train().batch().batchUnlabelled());
    }

    @ParameterizedTest
    @CsvSource(delimiter = ' ', value = {
        "voc 1e-4 PIXELWISE CONCEPTS RATIO 512 256 512", "coco 4e-4 PIXELWISE NAMES LONG_SIDE 512 256 0",
        "ade20k 4e-4 PIXELWISE NAMES RATIO 512 256 512", "cityscapes 5e-5 PIXELAVG CONCEPTS LONG_SIDE 801 400 0"})
    void settingsAreThePapersPerDataSet(String name, double lr, LossConfig.Confidence confidence, Recipe.Guidance guidance,
                                        AugmentationConfig.ScaleMode scale, int crop, int stride, int shortSide) {
        Recipe r = Recipes.load(name, List.of());
        assertEquals(lr, r.train().optimiser().lr());
        assertEquals(0.1, r.train().optimiser().vitMultiplier());
        assertEquals(4.0, r.train().optimiser().newMultiplier());
        assertEquals(confidence, r.loss().consistency().confidence());
        assertEquals(0.95, r.loss().consistency().threshold());
        assertEquals(guidance, r.guidance());
        assertEquals(scale, r.augment().geometry().scaleMode());
        assertEquals(crop, r.train().batch().crop());
        assertEquals(crop, r.eval().crop());
        assertEquals(stride, r.eval().stride());
        assertEquals(shortSide, r.eval().shortSide());
        assertEquals(EvalConfig.Window.CLAMPED, r.eval().window());
        assertNull(r.source().split());
        assertNull(r.source().paper());
    }

    @Test
    void splitsCanBeExtendedLikeAnyRecipe(@TempDir Path dir) throws IOException {
        var file = Files.writeString(dir.resolve("mine.yaml"), "extends: ade20k-1_64\nname: mine\ntrain: {crop: 256}\n");
        Recipe r = Recipes.load(file.toString(), List.of());
        assertEquals("1_64", r.source().split());
        assertNotNull(r.source().paper());
        assertEquals(256, r.train().batch().crop());
        assertEquals(4e-4, r.train().optimiser().lr());
    }
}
