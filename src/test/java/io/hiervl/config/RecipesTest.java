package io.hiervl.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;

class RecipesTest {
    static final List<String> builtIn = Recipes.BUILT_IN;

    @TempDir
    Path dir;

    @ParameterizedTest
    @FieldSource("builtIn")
    void aResolvedRecipeReadsBackEqual(String name) throws IOException {
        Recipe recipe = Recipes.load(name, List.of());
        assertEquals(name, recipe.name());
        Path file = Files.writeString(dir.resolve("resolved.yaml"), recipe.toYaml());
        assertEquals(recipe, Recipes.load(file.toString(), List.of()));
    }

    /** Rates and times left count these; a supervised run reads no unlabelled images, whatever its batch says. */
    @Test
    void aSupervisedStepHasLabelledImagesAlone() {
        List<String> batch = List.of("train.batch_labelled=3", "train.batch_unlabelled=5");
        assertEquals(8, Recipes.load("tiny", batch).train().images(4, 5, 10));
        assertEquals(3 * 10 + 5 * 7,
            Recipes.load("tiny", List.of(batch.get(0), batch.get(1), "train.unlabelled_from=0.3")).train().images(0, 10, 10));
        assertEquals(3, Recipes.load("tiny", List.of(batch.get(0), batch.get(1), "train.method=supervised")).train().images(4, 5, 10));
    }

    @Test
    void aRecipeGivesOnlyWhatDiffers() throws IOException {
        Path file = write("extends: tiny\nmodel:\n  dim: 96\n  taps: [0, 1, 2, 3]\nloss: {prompt_epsilon: 1e-12}\n");
        Recipe recipe = Recipes.load(file.toString(), List.of());
        Recipe tiny = Recipes.load("tiny", List.of());
        assertEquals(96, recipe.model().queries().dim());
        assertEquals(List.of(0, 1, 2, 3), recipe.model().tower().taps());
        assertEquals(1e-12, recipe.loss().prompt().promptEpsilon());
        assertEquals(tiny.model().decoders().nDec(), recipe.model().decoders().nDec());
        assertEquals(tiny.train(), recipe.train());
    }

    /** A setting that somebody gave is never taken from the data set. */
    @Test
    void theDataSetDecidesOnlyWhatNobodyGave() throws IOException {
        DatasetSpec pets = new DatasetSpec("pets",
            new DatasetSpec.Meanings(List.of("cat", "dog", "grass"), null, null, List.of("cat", "dog"), null, null),
            new DatasetSpec.Masks(null, null, null), new DatasetSpec.Layout(null, null), null);
        Recipe open = Recipes.forData(Recipes.load("tiny", List.of()), pets);
        assertEquals(true, open.loss().masked().maskBackground());
        assertEquals(List.of(0, 1), open.loss().set().components().thingClasses());
        Path file = write("extends: tiny\nloss: {mask_background: false, thing_classes: [1]}\n");
        Recipe given = Recipes.forData(Recipes.load(file.toString(), List.of()), pets);
        assertEquals(false, given.loss().masked().maskBackground());
        assertEquals(List.of(1), given.loss().set().components().thingClasses());
        assertEquals(given, Recipes.forData(given, pets));
        Recipe far = Recipes.load("tiny", List.of("loss.thing_classes=[1, 99]"));
        assertTrue(assertThrows(HierVlException.class, () -> Recipes.forData(far, pets)).getMessage()
            .contains("names class 99, the data set 'pets' has the classes 0 to 2"));
        Recipe usual = Recipes.forData(Recipes.load("tiny", List.of()), DatasetSpec.of("pets", List.of("background", "cat")));
        assertEquals(false, usual.loss().masked().maskBackground());
        assertNull(usual.loss().set().components().thingClasses());
    }

    @Test
    void aValueInPlaceOfAGroupIsNamedEvenUnderASetting() throws IOException {
        Path file = write("extends: tiny\ntrain: 5\n");
        HierVlException e = assertThrows(HierVlException.class, () -> Recipes.load(file.toString(), List.of("train.steps=1")));
        assertEquals(file + ":2: 'train' is a group of settings, found '5'", e.getMessage());
    }

    @Test
    void settingsWithoutAKeyAreUsageErrors() {
        for (String setting : List.of("foo", "=1", ".=1", "train..lr=1", "train.=1")) {
            HierVlException e = assertThrows(HierVlException.class, () -> Recipes.load("tiny", List.of(setting)), setting);
            assertEquals(HierVlException.Kind.USAGE, e.kind(), setting);
        }
        assertEquals(0.5, Recipes.load("tiny", List.of(" train.lr =0.5")).train().optimiser().lr());
    }

    @Test
    void brokenYamlIsExplained() throws IOException {
        assertTrue(failure(write("a: 'open\n")).contains("ends inside a quoted text or a bracket"));
        assertTrue(failure(write("a: {b: [1\n")).contains("ends inside a quoted text or a bracket"));
        assertTrue(failure(write("a: 1\n---\nb: 2\n")).contains("one is allowed"));
        assertTrue(failure(write("name: !!java.lang.String x\n")).contains("not allowed"));
    }

    @Test
    void filesExtendFilesBesideThem() throws IOException {
        Files.writeString(dir.resolve("base.yaml"), "train: {seed: 7}\n");
        Path file = write("extends: base.yaml\ntrain: {steps: 3}\n");
        assertEquals(7, Recipes.load(file.toString(), List.of()).train().seed());
        Files.writeString(dir.resolve("base.yaml"), "extends: r.yaml\n");
        assertTrue(failure(file).contains("circle"));
    }

    /** A network that was saved before there was a residual mask head has none, whatever is today's default. */
    @Test
    void savedRecipesKeepTheStructureOfTheirTime() {
        String today = Recipes.load("default", List.of("model.mask_head=residual", "model.zero_init_decoder=true")).toYaml();
        assertEquals(ModelConfig.MaskHead.RESIDUAL, Recipes.parse(today, "saved").model().output().maskHead());
        String older = today.lines().filter(l -> !l.contains("mask_head:") && !l.contains("zero_init_")).collect(Collectors.joining("\n"));
        ModelConfig model = Recipes.parse(older, "saved").model();
        assertEquals(ModelConfig.MaskHead.MLP, model.output().maskHead());
        assertEquals(new ModelConfig.ZeroInit(false, false, false), model.zeroInit());
    }

    @Test
    void settingsOfTheCommandLineWin() {
        Recipe recipe = Recipes.load("tiny", List.of("train.lr=1e-3", "model.gate_mode=GT", "train.seed=3", "train.seed=4"));
        assertEquals(1e-3, recipe.train().optimiser().lr());
        assertEquals(ModelConfig.GateMode.GT, recipe.model().gate().mode());
        assertEquals(4, recipe.train().seed());
        HierVlException e = assertThrows(HierVlException.class, () -> Recipes.load("tiny", List.of("train.sed=3")));
        assertTrue(e.getMessage().contains("--set train.sed=3") && e.getMessage().contains("did you mean 'train.seed'"), e.getMessage());
        assertEquals(2, assertThrows(HierVlException.class, () -> Recipes.load("tiny", List.of("seed"))).kind().exitCode());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', value = {
        "model:\\n  dimm: 64                     | r.yaml:2 ~~~model.dimm~~~ did you mean",
        "train:\\n  lr: fast                      | r.yaml:2 train.lr number",
        "train:\\n  steps: 1.5                    | r.yaml:2 train.steps whole",
        "train:\\n  steps: 1\\n  steps: 2         | r.yaml:3 duplicate line~ ~2",
        "model:\\n  gate_mode: both               | r.yaml:2 gt, pred, mix",
        "model:\\n  no_object: yes                | r.yaml:2 true~ ~or~ ~false",
        "model:\\n\\tdim: 3                       | r.yaml:2 YAML",
        "model: !!javax.script.ScriptEngineManager [1] | r.yaml:1 tag",
        "model: &a {dim: 64}\\ntrain: *a          | alias",
        "model:\\n  dim: null                     | model.dim needs",
        "model:\\n  dim: 60                       | r.yaml model.dim multiple",
        "model: 3                                  | r.yaml:1 group",
        "extends: [a]                              | r.yaml:1 extends",
        "- 1                                       | r.yaml top"})
    void mistakesAreNamedWithTheirLine(String yaml, String expected) throws IOException {
        String message = failure(write(yaml.replace("\\n", "\n").replace("\\t", "\t") + "\n"));
        for (String part : expected.split(" ")) {
            assertTrue(message.contains(part.replace("~ ~", " ").replace("~", "").strip()), message + " lacks " + part);
        }
    }

    @Test
    void anUnknownRecipeListsTheKnown() {
        HierVlException e = assertThrows(HierVlException.class, () -> Recipes.load("tyni", List.of()));
        assertEquals(3, e.kind().exitCode());
        assertTrue(e.getMessage().contains("'tiny'"), e.getMessage());
    }

    @Test
    void numbersDoNotDependOnTheLocale() {
        Locale before = Locale.getDefault();
        try {
            Locale.setDefault(Locale.forLanguageTag("tr-TR"));
            Recipe recipe = Recipes.load("tiny", List.of("model.trainable=ATTN_POS_ONLY"));
            assertTrue(recipe.toYaml().contains("trainable: attn_pos_only") && recipe.toYaml().contains("threshold: 0.95"),
                recipe.toYaml());
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void differencesAreNamed() {
        Recipe a = Recipes.load("tiny", List.of());
        Recipe b = Recipes.load("tiny", List.of("model.dim=128", "train.seed=1"));
        assertEquals("model.dim: 64 -> 128; train.seed: 0 -> 1", b.differenceFrom(a));
        assertNotEquals("", a.differenceFrom(b));
        assertEquals("", a.differenceFrom(a));
        assertThrows(HierVlException.class, () -> a.requireSameModel(b, "checkpoint"));
    }

    private String failure(Path file) {
        HierVlException e = assertThrows(HierVlException.class, () -> Recipes.load(file.toString(), List.of()));
        assertEquals(3, e.kind().exitCode());
        return e.getMessage();
    }

    private Path write(String yaml) throws IOException {
        return Files.writeString(dir.resolve("r.yaml"), yaml);
    }
}
