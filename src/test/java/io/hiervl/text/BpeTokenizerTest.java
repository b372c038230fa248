package io.hiervl.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hiervl.HierVlException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BpeTokenizerTest {
    private static final Path CLIP = Path.of(System.getProperty("shared.dir", "../shared"), "data", "clip-bpe");

    @TempDir
    Path folder;

    private BpeTokenizer openAi() {
        Path gz = CLIP.resolve("bpe_simple_vocab_16e6.txt.gz");
        assumeTrue(Files.isRegularFile(gz), "no CLIP vocabulary in " + CLIP);
        TokenizerFiles.convertOpenAi(gz, folder);
        return BpeTokenizer.load(folder);
    }

    private static void matchesReference(BpeTokenizer t) throws IOException {
        JsonNode reference = new ObjectMapper().readTree(Files.readString(CLIP.resolve("reference_tokens.json")));
        int n = 0;
        for (Iterator<Map.Entry<String, JsonNode>> it = reference.fields(); it.hasNext(); n++) {
            Map.Entry<String, JsonNode> e = it.next();
            int[] expected = new int[e.getValue().size()];
            for (int i = 0; i < expected.length; i++) {
                expected[i] = e.getValue().get(i).asInt();
            }
            assertArrayEquals(expected, t.encode(e.getKey()), e.getKey());
        }
        assertTrue(n >= 250, "only " + n + " texts");
    }

    @Test
    void vocabAndMergesGiveOpenAisIds() throws IOException {
        BpeTokenizer t = openAi();
        matchesReference(t);
        assertEquals(49406, t.sot());
        assertEquals(49407, t.eot());
        assertArrayEquals(new int[] {49406, 320, 1125, 539, 320, 2368, 49407}, t.withSpecials("a photo of a cat", 77));
    }

    @Test
    void tokenizerJsonGivesTheSameIds() throws IOException {
        openAi();
        ObjectMapper mapper = new ObjectMapper();
        for (boolean pairs : new boolean[] {false, true}) {
            ObjectNode root = mapper.createObjectNode();
            ObjectNode model = root.putObject("model").put("type", "BPE").put("end_of_word_suffix", "</w>");
            model.set("vocab", mapper.readTree(Files.readString(folder.resolve("vocab.json"))));
            ArrayNode merges = model.putArray("merges");
            Files.readAllLines(folder.resolve("merges.txt")).stream().skip(1).forEach(m -> {
                if (pairs) {
                    merges.addArray().add(m.split(" ")[0]).add(m.split(" ")[1]);
                } else {
                    merges.add(m);
                }
            });
            Path other = Files.createDirectories(folder.resolve("json" + pairs));
            Files.writeString(other.resolve("tokenizer.json"), root.toString());
            matchesReference(BpeTokenizer.load(other));
        }
    }

    /** Ids of OpenAI's tokenizer with ftfy 6.3; its guessing of encodings, which none of the texts calls for, is not done here. */
    @Test
    void hostileTextGivesOpenAisIds() throws IOException {
        BpeTokenizer t = openAi();
        JsonNode texts = new ObjectMapper().readTree(getClass().getResourceAsStream("hostile.json"));
        assertEquals(30, texts.size());
        for (JsonNode e : texts) {
            int[] expected = new ObjectMapper().convertValue(e.get("ids"), int[].class);
            assertArrayEquals(expected, t.encode(e.get("text").asText()), e.get("text").toString());
        }
    }

    @Test
    void hostileTextIsTokenised() {
        BpeTokenizer t = openAi();
        assertArrayEquals(t.encode("cat dog"), t.encode("  CAT\u0000 &amp;#32; \n\t DOG  "), "NUL, entities and white space");
        assertArrayEquals(t.encode("\ufffd"), t.encode("\ud83d"), "lone surrogate");
        assertEquals(0, t.encode("").length);
        assertEquals(0, t.encode(" \u0000\u3000 ").length);
        assertTrue(t.encode("\ud83d\ude00 \u732b \u00e9").length >= 3);
        assertArrayEquals(t.encode("\u00e9"), t.encode("e\u0301"), "decomposed letters");
        String longWord = "ab".repeat(5000);
        String longText = "\ud83d\ude00<&x;\u202e".repeat(2000);
        org.junit.jupiter.api.Assertions.assertTimeout(Duration.ofSeconds(5), () -> {
            for (String s : List.of(longWord, longText, "&".repeat(10000), "1".repeat(10000), "'".repeat(10000))) {
                int[] ids = t.withSpecials(s, 77);
                assertEquals(77, ids.length);
                assertEquals(t.sot(), ids[0]);
                assertEquals(t.eot(), ids[76]);
            }
        });
    }

    @Test
    void wordLevelFilesGiveOneIdPerWord() {
        List<String> words = List.of("a", "red", "thing", "on", "no", "none", "ano", "green", "greens", "eno", "7");
        int size = TokenizerFiles.writeWordLevel(folder, words);
        BpeTokenizer t = BpeTokenizer.load(folder);
        assertEquals(size, t.size());
        assertEquals(size - 1, t.eot());
        assertTrue(size <= 400, "size " + size);
        assertEquals(words.size(), t.encode(String.join(" ", words)).length);
        assertEquals(words.size(), java.util.Arrays.stream(t.encode(String.join(" ", words))).distinct().count());
        assertTrue(t.encode("zebra").length > 1);
        assertThrows(HierVlException.class, () -> TokenizerFiles.writeWordLevel(folder, List.of("two words")));
    }

    @Test
    void foreignTokenizersAreRefused() throws IOException {
        assertTrue(assertThrows(HierVlException.class, () -> BpeTokenizer.load(folder)).getMessage().contains("merges.txt"));
        Files.writeString(folder.resolve("tokenizer.json"), "{\"model\":{\"type\":\"Unigram\",\"vocab\":[]}}");
        HierVlException e = assertThrows(HierVlException.class, () -> BpeTokenizer.load(folder));
        assertEquals(HierVlException.Kind.MODEL, e.kind());
        Files.writeString(folder.resolve("tokenizer.json"), "{\"model\":");
        assertThrows(HierVlException.class, () -> BpeTokenizer.load(folder));
    }
}
