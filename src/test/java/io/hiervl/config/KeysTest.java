package io.hiervl.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import java.io.IOException;
import java.lang.annotation.Annotation;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Keys follow from components, and checks stand beside them. */
class KeysTest {
    /** All components of a recipe's settings by their keys. */
    private static Map<String, RecordComponent> settings() {
        Map<String, RecordComponent> all = new LinkedHashMap<>();
        collect(Recipe.class, all, new ArrayList<>());
        return all;
    }

    private static void collect(Class<?> type, Map<String, RecordComponent> all, List<Class<?>> records) {
        records.add(type);
        for (RecordComponent c : type.getRecordComponents()) {
            if (c.getType().isRecord()) {
                collect(c.getType(), all, records);
            } else {
                all.put(Keys.path(c), c);
            }
        }
    }

    @Test
    void recordsAreSmall() {
        List<Class<?>> records = new ArrayList<>();
        collect(Recipe.class, new LinkedHashMap<>(), records);
        for (Class<?> type : records) {
            assertTrue(type.getRecordComponents().length <= 10, type + " has " + type.getRecordComponents().length + " components");
        }
        assertEquals(records.size(), new TreeSet<>(records.stream().map(Class::getName).toList()).size(), "a record stands at one place");
    }

    /** The keys that a user writes are those of the recipe with all settings. */
    @Test
    void keysAreThoseOfTheDefaultRecipe() {
        List<String> written = new ArrayList<>();
        YamlNode.Mapping resolved = YamlReader.file(Recipes.defaults().toYaml(), "default");
        resolved.entries().forEach((key, node) -> {
            if (node instanceof YamlNode.Mapping section) {
                section.entries().keySet().forEach(k -> written.add(key + "." + k));
            } else {
                written.add(key);
            }
        });
        List<String> derived = new ArrayList<>(settings().keySet());
        derived.removeIf(k -> k.startsWith("paper."));
        written.remove("paper");
        assertEquals(written, derived);
        assertTrue(written
            .containsAll(List.of("loss.guidance_start", "loss.entropy", "loss.entropy_ramp", "loss.qt", "model.gate_mode", "train.ema")));
    }

    /** A constructor that gave its values to the check in another order would name another key. */
    @Test
    void everyCheckNamesItsOwnKey() {
        int checked = 0;
        for (Map.Entry<String, RecordComponent> setting : settings().entrySet()) {
            for (Annotation rule : setting.getValue().getAnnotations()) {
                String bad = rule instanceof Weight || rule instanceof AtLeast || rule instanceof Range || rule instanceof NotBelow ? "-7"
                    : rule instanceof Positive || rule instanceof OneOf ? "0" : null;
                if (bad != null) {
                    String given = setting.getKey() + "=" + bad;
                    HierVlException e = assertThrows(HierVlException.class, () -> Recipes.load("default", List.of(given)), given);
                    assertTrue(
                        e.getMessage().startsWith("--set " + given + ": " + setting.getKey() + " is " + bad)
                            && e.getMessage().contains("it must"),
                        e.getMessage());
                    checked++;
                }
            }
        }
        assertTrue(checked > 70, checked + " checks");
    }

    @Test
    void recordsMadeByHandAreCheckedToo() {
        HierVlException e = assertThrows(HierVlException.class, () -> new LossConfig.Guidance(0.1, -1, 0, 0, 0.9));
        assertEquals("loss.guidance_end is -1.0, it must be a finite number that is not negative", e.getMessage());
        assertThrows(HierVlException.class, () -> new AugmentationConfig.Cutmix(0.5, 0.3, 0.2, 0.3));
        assertThrows(HierVlException.class, () -> new EvalConfig(EvalConfig.Window.WHOLE, 8, 8, 0));
    }

    /** Sentences about several settings are written by hand; the keys in them must be keys. */
    @Test
    void messagesNameKeysThatExist() throws IOException {
        Pattern named = Pattern.compile("\\b(?:model|loss|augment|train|eval)\\.[a-z_0-9]+\\b(?!\\()");
        TreeSet<String> found = new TreeSet<>();
        try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
            for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
                Matcher text = Pattern.compile("\"(?:[^\"\\\\]|\\\\.)*\"").matcher(Files.readString(file));
                while (text.find()) {
                    Matcher key = named.matcher(text.group());
                    while (key.find()) {
                        found.add(key.group());
                    }
                }
            }
        }
        found.removeIf(k -> k.matches(".*\\.(json|yaml|csv|onnx)"));
        assertTrue(found.contains("model.heads") && found.contains("loss.thing_classes"), found.toString());
        found.removeAll(settings().keySet());
        assertEquals(List.of(), List.copyOf(found));
    }
}
