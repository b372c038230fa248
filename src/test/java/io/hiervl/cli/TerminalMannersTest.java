package io.hiervl.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.hiervl.config.Recipes;
import io.hiervl.config.Settings;
import io.hiervl.loss.Terms;
import io.hiervl.loss.View;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TerminalMannersTest {
    @TempDir
    Path dir;

    @Test
    void everySettingHasADefaultAMeaningAndValues() throws Exception {
        List<Settings.Setting> all = Settings.all();
        assertTrue(all.size() > 110, all.size() + " settings");
        all.forEach(s -> assertTrue(s.meaning().length() > 4 && !s.standard().isEmpty() && !s.values().isEmpty(), s.toString()));
        JsonNode one = Cli.run("settings", "train.ema", "--json").json();
        assertEquals(1, one.size());
        assertEquals("false", one.get(0).get("default").asText());
        assertEquals("true | false", one.get(0).get("values").asText());
        assertTrue(Cli.run("settings", "loss.threshold").out().contains("a number between 0 and 1"));
        Cli typo = Cli.run("settings", "train.stpes");
        assertEquals(2, typo.exit());
        assertTrue(typo.err().contains("did you mean 'train.steps'"), typo.err());
    }

    @Test
    void everyTermOfTheLossIsExplained() {
        Terms terms = Terms.of(Recipes.load("literal", List.of("model.no_object=false", "loss.self_train_set=true", "loss.pt_unmasked=1",
            "loss.qt_on_unlabelled=true")));
        List<String> names = new ArrayList<>();
        for (View view : View.values()) {
            terms.weights(view, 0.5).keySet()
                .forEach(n -> names.add(view.name("").isEmpty() ? n : n.substring(0, n.length() - view.name("").length())));
        }
        assertTrue(names.size() > 15, names.toString());
        assertEquals(List.of(), names.stream().filter(n -> !LogTerms.MEANINGS.containsKey(n)).toList());
        assertTrue(Cli.run("terms").out().contains("mask_ratio"));
    }

    @Test
    void recipesCompletionAndHelpAreCommands() {
        String recipes = Cli.run("recipes").out();
        assertTrue(recipes.contains("photos\n    For own photos") && recipes.contains("voc-92"), recipes);
        assertTrue(Cli.run("completion").out().contains("complete -F _complete_hiervl"));
        assertEquals(Cli.run("train", "--help").out(), Cli.run("help", "train").out());
    }

    @Test
    void aSettingGivenAsAnOptionIsExplained() {
        Cli cli = Cli.run("train", "--epochs", "10", "--out", dir.resolve("x"));
        assertEquals(2, cli.exit());
        assertTrue(cli.err().contains("--set train.epochs=10"), cli.err());
    }

    @Test
    void aModelOrClipThatIsNotThereNamesTheNearest() throws Exception {
        Files.createDirectories(dir.resolve("mine/checkpoints"));
        Cli model = Cli.run("predict", "--model", dir.resolve("mime"), "photo.png", "--out", dir.resolve("out"));
        assertEquals(4, model.exit());
        assertTrue(model.err().contains("no such model; did you mean " + dir.resolve("mine") + "?"), model.err());
        Cli clip = Cli.run("train", "--recipe", "tiny", "--clip", "graphs/tiny-clop", "--out", dir.resolve("run"));
        assertEquals(4, clip.exit());
        assertTrue(clip.err().contains("no such CLIP folder; did you mean") && clip.err().contains("tiny-clip"), clip.err());
        Cli resume = Cli.run("train", "--recipe", "tiny", "--resume", "--out", dir.resolve("run"));
        assertEquals(4, resume.exit());
        assertTrue(resume.err().contains("leave out --resume"), resume.err());
    }

    @Test
    void linesFitTheTerminal() {
        assertEquals("train [##########..........] 50/100 left 0:50  loss 1.2", ProgressLine.line("train", 50, 100, "loss 1.2", 0, 50, 60));
        assertEquals("train 50/100 left 0:50  loss 1.2", ProgressLine.line("train", 50, 100, "loss 1.2", 0, 50, 40));
        assertEquals("train 50/100 left 0", ProgressLine.line("train", 50, 100, "loss 1.2", 0, 50, 20));
    }

    @Test
    void quietLeavesResultsAlone() {
        Cli loud = Cli.run("data", "check", "datasets/tiny");
        Cli quiet = Cli.run("data", "check", "datasets/tiny", "--quiet");
        assertEquals(loud.exit(), quiet.exit());
        assertFalse(quiet.out().isEmpty());
        assertEquals("", quiet.err());
    }

    @Test
    void silenceIsBrokenAfterNineSeconds() {
        Pulse pulse = new Pulse(line -> {});
        pulse.doing("building graphs");
        long now = System.nanoTime();
        assertTrue(pulse.due(now + TimeUnit.SECONDS.toNanos(2)).startsWith("building graphs ... at work for 0:02"));
        pulse.spoken();
        assertNull(pulse.due(now + TimeUnit.SECONDS.toNanos(2)));
        assertTrue(pulse.due(System.nanoTime() + TimeUnit.SECONDS.toNanos(10)).startsWith("building graphs"));
        // a service that waits for requests does nothing
        pulse.rest();
        assertNull(pulse.due(System.nanoTime() + TimeUnit.SECONDS.toNanos(100)));
        pulse.doing("stopping");
        assertTrue(pulse.due(System.nanoTime() + TimeUnit.SECONDS.toNanos(10)).startsWith("stopping"));
    }

    /** A whole run without a recipe: plan, training, verdict, report, and the run that goes on. */
    @Test
    void ownPhotosArePlannedAndJudged() throws Exception {
        Path run = dir.resolve("run");
        Cli trained = Cli.run("train", "--data", "datasets/tiny", "--out", run, "--minutes", "0.05");
        assertEquals(0, trained.exit(), trained.err());
        assertTrue(trained.err().contains("guidance: the frozen CLIP has mIoU"), trained.err());
        assertTrue(trained.err().contains("plan: train.crop=") && trained.err().contains("labelled photos a step"), trained.err());
        assertTrue(trained.err().contains("commonest class everywhere") && trained.err().contains("would help most"), trained.err());
        assertTrue(trained.out().contains("report.html"), trained.out());
        String resolved = Files.readString(run.resolve("resolved.yaml"));
        assertTrue(resolved.startsWith("# plan: train.crop=") && resolved.contains("dataset: \"datasets/tiny\""), resolved);
        String page = Files.readString(run.resolve("report.html"));
        assertTrue(page.contains("Command: hiervl train --data datasets/tiny") && page.contains("Verdict") && page.contains("precision"),
            page.substring(0, 3000));
        assertTrue(Files.readString(run.resolve("metrics.csv")).contains("val_miou"));
        assertFalse(Files.exists(run.resolve(".plan")));
        Cli eval = Cli.run("eval", "--model", run, "--data", "datasets/tiny", "--json");
        assertEquals(0, eval.exit(), eval.err());
        assertTrue(eval.err().contains("the best checkpoint, step"), eval.err());
        Cli again = Cli.run("train", "--data", "datasets/tiny", "--out", run, "--resume", "--no-eval");
        assertEquals(0, again.exit(), again.err());
        assertFalse(again.err().contains("plan:"), again.err());
    }

    @Test
    void exportsAreNotWrittenOver() throws Exception {
        Path file = dir.resolve("model.sd");
        Files.writeString(file, "mine");
        Cli cli = Cli.run("export", "--model", dir, "--format", "samediff", "--out", file);
        assertEquals(2, cli.exit());
        assertTrue(cli.err().contains("--force"), cli.err());
        assertEquals("mine", Files.readString(file));
    }
}
