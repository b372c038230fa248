package io.hiervl.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import io.hiervl.InputFiles;
import io.hiervl.config.PlainYaml;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Class lists in files: text, tables, JSON and YAML, told apart by what they hold. */
public final class ClassFile {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long LARGEST = 64L << 20;

    private ClassFile() {
    }

    /** @throws HierVlException no text, or no list of class names; the message names the line */
    public static ClassNames read(Path file) {
        String name = file.toString();
        String text;
        InputFiles.requireRegular(file, HierVlException.Kind.DATA);
        try {
            if (Files.size(file) > LARGEST) {
                throw HierVlException.data(name + " has " + Files.size(file) + " bytes and is no list of class names");
            }
            text = Files.readString(file, StandardCharsets.UTF_8).replace("\uFEFF", "");
        } catch (IOException e) {
            throw HierVlException.data(name + " cannot be read: " + AtomicFile.reason(e), e);
        }
        if (text.isBlank()) {
            throw HierVlException.data(name + " is empty; expected one class a line");
        }
        List<ClassEntry> entries = entries(text, name);
        if (entries.isEmpty()) {
            throw HierVlException.data(name + " names no class: it holds comments alone; expected one class a line");
        }
        if (entries.stream().allMatch(e -> e.name().matches("-?[\\d.]+"))) {
            throw HierVlException.data(name + " holds numbers and no names; CLIP reads names, expected one class a line such as 'cat'");
        }
        return ClassNames.of(entries, name);
    }

    private static List<ClassEntry> entries(String text, String name) {
        String start = text.strip();
        String lower = name.toLowerCase(Locale.ROOT);
        if (lower.endsWith(".json") || start.startsWith("{") || start.startsWith("[")) {
            return json(text, name);
        }
        boolean yaml = lower.endsWith(".yaml") || lower.endsWith(".yml") || text.lines().anyMatch(l -> l.matches("(names|classes)\\s*:.*"))
            || text.lines().filter(l -> !l.isBlank() && !l.startsWith("#")).allMatch(l -> l.startsWith("- ")) && text.lines()
                .anyMatch(l -> l.startsWith("- "));
        return yaml && !start.isEmpty() ? ClassTree.read(PlainYaml.read(text, name), name) : ClassText.read(text.lines().toList(), name);
    }

    private static List<ClassEntry> json(String text, String name) {
        try {
            return ClassTree.read(JSON.readValue(text, Object.class), name);
        } catch (JsonProcessingException e) {
            String line = e.getLocation() == null ? "" : ":" + e.getLocation().getLineNr();
            throw HierVlException.data(name + line + ": not valid JSON: " + JsonFault.of(e), e);
        }
    }
}
