package io.hiervl.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Class lists as tools write them. */
class ClassListsTest {
    private static final List<String> NAMES = List.of("background", "cat", "dog");
    private static final List<List<Integer>> COLOURS = List.of(List.of(0, 0, 0), List.of(64, 0, 0), List.of(0, 128, 0));

    @TempDir
    Path dir;

    private ClassNames read(String name, String text) throws IOException {
        return ClassFile.read(Files.writeString(dir.resolve(name), text));
    }

    private String refusal(String name, String text) {
        HierVlException e = assertThrows(HierVlException.class, () -> read(name, text));
        assertTrue(e.kind() == HierVlException.Kind.DATA || e.kind() == HierVlException.Kind.USAGE, e.getMessage());
        return e.getMessage();
    }

    @ParameterizedTest
    @ValueSource(strings = {"0 background\n1 cat\n2 dog", "0: background\r\n1: cat\r\n2: dog\r\n", "background,0\ncat,1\ndog,2",
        "2 dog\n0 background\n1 cat",
        "# classes\nbackground\ncat\n\ndog", "name\nbackground\ncat\ndog", "Pixel Value, Class\n0, background\n1, cat\n2, dog",
        "\uFEFFbackground\ncat\ndog",
        "__ignore__\n_background_\ncat\ndog", "- background\n- cat\n- dog", "background: 0\ncat: 1\ndog: 2",
        "\"background\"\n\"cat\"\n\"dog\"",
        "id;name\n1;cat\n0;background\n2;dog", "0. background\n1. cat\n2. dog", "// made by hand\nbackground\ncat\ndog",
        "255 ignore\n0 background\n1 cat\n2 dog",
        "-1 __ignore__\n0 _background_\n1 cat\n2 dog", "background\ncat # a pet\ndog // another", "background,cat,dog\n",
        "background; cat; dog", "background\u00A0\n\u200Bcat\ndog", "background\n\u202Ecat\n\u2066dog\u2069",
        "id\tname\n0\tbackground\n1\tcat\n2\tdog"})
    void plainListsGiveTheirNames(String text) throws IOException {
        ClassNames classes = read("list.txt", text);
        assertEquals(NAMES, classes.names());
        assertEquals(List.of(), classes.colours());
    }

    @ParameterizedTest
    @ValueSource(strings = {"background 0 0 0\ncat 64 0 0\ndog 0 128 0", "0 0 0\tbackground\n64 0 0\tcat\n0 128 0\tdog",
        "# label:color_rgb:parts:actions\nbackground:0,0,0::\ncat:64,0,0::\ndog:0,128,0::",
        "background (0, 0, 0)\ncat (64, 0, 0)\ndog (0, 128, 0)",
        "\"background\",0,0,0\n\"cat\",64,0,0\n\"dog\",0,128,0", "r,g,b,name\n0,0,0,background\n64,0,0,cat\n0,128,0,dog",
        "id,name,r,g,b\n0,background,0,0,0\n1,cat,64,0,0\n2,dog,0,128,0",
        "name,r,g,b,a\nbackground,0,0,0,255\ncat,64,0,0,255\ndog,0,128,0,255",
        "background #000000\ncat #400000\ndog #008000", "#000000 background\n#400000 cat\n#008000 dog",
        "1 cat 64 0 0\n0 background 0 0 0\n2 dog 0 128 0",
        "background 0 0 0 255\ncat 64 0 0 255\ndog 0 128 0 255", "0 background [0, 0, 0]\n1 cat [64, 0, 0]\n2 dog [0, 128, 0]",
        "name,color\nbackground,#000000\ncat,#400000\ndog,#008000"})
    void listsWithColoursGiveBoth(String text) throws IOException {
        ClassNames classes = read("list.csv", text);
        assertEquals(NAMES, classes.names());
        assertEquals(COLOURS, classes.colours());
    }

    @ParameterizedTest
    @ValueSource(strings = {"[\"background\", \"cat\", \"dog\"]", "{\"0\": \"background\", \"2\": \"dog\", \"1\": \"cat\"}",
        "{\"id2label\": {\"0\": \"background\", \"1\": \"cat\", \"2\": \"dog\"}, \"label2id\": {}}",
        "{\"background\": 0, \"cat\": 1, \"dog\": 2}",
        "[{\"id\": 2, \"name\": \"dog\"}, {\"id\": 0, \"name\": \"background\"}, {\"id\": 1, \"name\": \"cat\"}]",
        "{\"classes\": [{\"title\": \"background\"}, {\"title\": \"cat\"}, {\"title\": \"dog\"}]}"})
    void jsonIsReadByItsForm(String text) throws IOException {
        assertEquals(NAMES, read("list.json", text).names());
    }

    @ParameterizedTest
    @ValueSource(strings = {"names:\n  0: background\n  1: cat\n  2: dog\n", "path: x\nnc: 3\nnames: [background, cat, dog]\n",
        "names: ['background', 'cat', 'dog']"})
    void yoloListsAreRead(String text) throws IOException {
        assertEquals(NAMES, read("data.yaml", text).names());
        assertEquals(NAMES, read("data.txt", text).names());
    }

    @Test
    void coloursOfOtherFormsAreRead() throws IOException {
        assertEquals(COLOURS, read("a.json", "{\"background\": [0, 0, 0], \"cat\": [64, 0, 0], \"dog\": [0, 128, 0]}").colours());
        ClassNames ignored = read("b.txt", "cat 64 0 0\ndog 0 128 0\nvoid 224 224 192");
        assertEquals(List.of("cat", "dog"), ignored.names());
        assertEquals(List.of(List.of(224, 224, 192)), ignored.ignoreColours());
    }

    @Test
    void namesThatLookLikeNumbersStayNames() throws IOException {
        assertEquals(List.of("route 66", "route 67"), read("a.txt", "route 66\nroute 67").names());
        assertEquals(List.of("7up", "area 51", "a-1"), read("b.txt", "7up\narea 51\na-1").names());
        assertEquals(List.of("background", "traffic light"), read("c.txt", "traffic light").names());
    }

    @Test
    void whatIsNoListIsRefusedWithItsLine() {
        assertTrue(refusal("a.txt", "item {\n  name: 'cat'\n}").contains("a.txt:1"));
        assertTrue(refusal("b.txt", "cat\n<xml/>\n").contains("b.txt:2"));
        assertTrue(refusal("c.txt", "0 background\n1 cat\ndog").contains("c.txt:3: 'dog' has no index"));
        assertTrue(refusal("d.txt", "1 cat\n2 dog").contains("no class has the index 0"));
        assertTrue(refusal("e.txt", "cat\ndog\ncat").contains("e.txt:3: the class 'cat' is named twice"));
        assertTrue(refusal("f.json", "{\"a\": \n oops").contains("f.json:2"));
        assertTrue(refusal("g.json", "{\"version\": \"1.0\", \"info\": {\"a\": 1}}").contains("version"));
        assertTrue(refusal("h.csv", "name,r,g,b\ncat,64,0").contains("h.csv:2"));
        assertTrue(refusal("i.txt", "cat 64 0 0\ndog 64 0 0").contains("i.txt:2: 'dog' has the colour [64, 0, 0] of 'cat'"));
        assertTrue(refusal("j.txt", "cat 64 0 0\ndog 0 300 0").contains("j.txt:2"));
        assertTrue(refusal("l.txt", "version https://git-lfs.github.com/spec/v1\noid sha256:aa\nsize 12").contains("l.txt:1"));
        assertTrue(refusal("m.json", "[0, 1, 2]").contains("numbers and no names"));
        assertTrue(refusal("n.yaml", "nc: 4\nnames: [background, cat, dog]").contains("says nc: 4, but names has 3 entries"));
        assertTrue(refusal("o.txt", "background\nCat\ncat").contains("o.txt:3: the classes 'Cat' and 'cat' differ in case alone"));
        for (String json : List.of("{\"a\": Infinity}", "[".repeat(2000))) {
            String said = refusal("q.json", json);
            assertTrue(said.contains("q.json") && !said.contains("enable") && !said.contains("`"), said);
        }
        assertTrue(refusal("r.txt", IntStream.range(0, 70_000).mapToObj(i -> "c" + i).collect(Collectors.joining("\n")))
            .contains("70000 classes, at most 255"));
        assertTrue(refusal("k.txt", "# nothing").contains("names no class"));
    }
}
