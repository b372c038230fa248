package io.hiervl.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.AtomicFile;
import io.hiervl.Folders;
import io.hiervl.HierVlException;
import io.hiervl.InputFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Reads and writes the files in which a CLIP tokenizer comes. */
public final class TokenizerFiles {
    private static final String JSON = "tokenizer.json";
    private static final String VOCAB = "vocab.json";
    private static final String MERGES = "merges.txt";
    private static final String OPENAI = "bpe_simple_vocab_16e6.txt.gz";
    /** Merges of OpenAI's file that its tokenizer uses. */
    private static final int OPENAI_MERGES = 49152 - 256 - 2;
    /** OpenAI's list unpacks to 3 MB. */
    private static final long MAX_BYTES = 16L << 20;
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private TokenizerFiles() {
    }

    static boolean present(Path folder) {
        return Files.isRegularFile(folder.resolve(JSON)) || Files.isRegularFile(folder.resolve(OPENAI))
            || Files.isRegularFile(folder.resolve(VOCAB)) && Files.isRegularFile(folder.resolve(MERGES));
    }

    static BpeTokenizer read(Path folder) {
        Path vocab = folder.resolve(VOCAB);
        Path merges = folder.resolve(MERGES);
        try {
            if (Files.isRegularFile(vocab) && Files.isRegularFile(merges)) {
                return fromVocabAndMerges(vocab, merges);
            }
            if (Files.isRegularFile(folder.resolve(JSON))) {
                return fromTokenizerJson(folder.resolve(JSON));
            }
            if (Files.isRegularFile(folder.resolve(OPENAI))) {
                return fromOpenAi(folder.resolve(OPENAI));
            }
        } catch (IOException e) {
            throw HierVlException.model(folder + ": tokenizer files cannot be read: " + AtomicFile.reason(e), e);
        }
        throw HierVlException.model(folder + ": no tokenizer; looked for " + BpeTokenizer.FILES);
    }

    private static BpeTokenizer fromVocabAndMerges(Path vocab, Path merges) throws IOException {
        return new BpeTokenizer(vocabulary(vocab, MAPPER.readTree(text(vocab))),
            mergeLines(text(merges).lines().toList()), merges.toString());
    }

    private static String text(Path file) throws IOException {
        return InputFiles.text(file, "a tokenizer file", MAX_BYTES, HierVlException.Kind.MODEL);
    }

    private static List<String> mergeLines(List<String> lines) {
        List<String> out = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            if (!(i == 0 && lines.get(i).startsWith("#version")) && !lines.get(i).isBlank()) {
                out.add(lines.get(i).strip());
            }
        }
        return out;
    }

    private static Map<String, Integer> vocabulary(Path file, JsonNode json) {
        if (json == null || !json.isObject()) {
            throw HierVlException.model(file + ": expected a JSON object of token: id");
        }
        Map<String, Integer> out = new HashMap<>();
        json.fields().forEachRemaining(e -> {
            if (!e.getValue().isInt() || e.getValue().asInt() < 0) {
                throw HierVlException
                    .model(file + ": token '" + e.getKey() + "' has id " + e.getValue() + ", expected a whole number from 0 on");
            }
            out.put(e.getKey(), e.getValue().asInt());
        });
        return out;
    }

    private static BpeTokenizer fromTokenizerJson(Path file) throws IOException {
        JsonNode root = MAPPER.readTree(text(file));
        JsonNode model = root == null ? null : root.path("model");
        if (model == null || !model.path("type").asText("BPE").equals("BPE")
            || !model.path("end_of_word_suffix").asText("").equals(BpeTokenizer.END_OF_WORD)) {
            throw HierVlException.model(file + ": not CLIP's tokenizer; expected a BPE model with the suffix </w>");
        }
        Map<String, Integer> vocabulary = vocabulary(file, model.path("vocab"));
        for (JsonNode added : root.path("added_tokens")) {
            if (!added.path("id").isInt() || added.path("id").asInt() < 0) {
                throw HierVlException.model(file + ": token '" + added.path("content").asText() + "' has id " + added.path("id")
                    + ", expected a whole number from 0 on");
            }
            vocabulary.putIfAbsent(added.path("content").asText(), added.path("id").asInt());
        }
        List<String> merges = new ArrayList<>();
        for (JsonNode m : model.path("merges")) {
            merges.add(m.isArray() ? m.path(0).asText() + " " + m.path(1).asText() : m.asText());
        }
        return new BpeTokenizer(vocabulary, merges, file.toString());
    }

    private static BpeTokenizer fromOpenAi(Path file) throws IOException {
        List<String> merges = openAiMerges(file);
        return new BpeTokenizer(openAiVocabulary(merges), merges, file.toString());
    }

    private static List<String> openAiMerges(Path file) throws IOException {
        String text = new String(InputFiles.unzip(file, "a list of merges", MAX_BYTES, HierVlException.Kind.MODEL), StandardCharsets.UTF_8);
        List<String> lines = text.lines().toList();
        return List.copyOf(lines.subList(Math.min(1, lines.size()), Math.min(lines.size(), 1 + OPENAI_MERGES)));
    }

    private static Map<String, Integer> openAiVocabulary(List<String> merges) {
        Map<String, Integer> out = new LinkedHashMap<>();
        for (String suffix : List.of("", BpeTokenizer.END_OF_WORD)) {
            for (String c : ByteAlphabet.vocabularyOrder()) {
                out.put(c + suffix, out.size());
            }
        }
        for (String m : merges) {
            out.put(m.replace(" ", ""), out.size());
        }
        out.put(BpeTokenizer.SOT, out.size());
        out.put(BpeTokenizer.EOT, out.size());
        return out;
    }

    /** Writes OpenAI's merge list as vocab.json and merges.txt of the Hugging Face layout. */
    static void convertOpenAi(Path gz, Path folder) {
        try {
            List<String> merges = openAiMerges(gz);
            write(folder, openAiVocabulary(merges), merges);
        } catch (IOException e) {
            throw HierVlException.model(gz + ": cannot be converted: " + AtomicFile.reason(e), e);
        }
    }

    /**
     * Writes vocab.json and merges.txt of a small vocabulary in which each given word is one token. Other words made
     * of lower-case letters and digits fall into letters; anything else becomes the end token, the unknown token of
     * CLIP.
     *
     * @return number of tokens; ids are 0 to that number minus one, the end token last (the highest, as CLIP needs)
     */
    public static int writeWordLevel(Path folder, List<String> words) {
        Map<String, Integer> vocabulary = new LinkedHashMap<>();
        for (String suffix : List.of("", BpeTokenizer.END_OF_WORD)) {
            for (char c = '0'; c <= 'z'; c++) {
                if (c <= '9' || c >= 'a') {
                    vocabulary.put(c + suffix, vocabulary.size());
                }
            }
        }
        vocabulary.put(BpeTokenizer.SOT, vocabulary.size());
        vocabulary.put(BpeTokenizer.EOT, vocabulary.size());
        List<String> merges = new ArrayList<>();
        for (String word : words) {
            if (!word.toLowerCase(Locale.ROOT).matches("[a-z]+|[0-9]")) {
                throw HierVlException.data("word '" + word + "' of a word-level vocabulary: expected letters a-z or one digit");
            }
            joinWord(word, vocabulary, merges, folder.toString());
        }
        Map<String, Integer> ids = new LinkedHashMap<>();
        vocabulary.remove(BpeTokenizer.SOT);
        vocabulary.remove(BpeTokenizer.EOT);
        vocabulary.keySet().forEach(token -> ids.put(token, ids.size()));
        ids.put(BpeTokenizer.SOT, ids.size());
        ids.put(BpeTokenizer.EOT, ids.size());
        write(folder, ids, merges);
        return ids.size();
    }

    /**
     * Appends merges until the word is one token. New merges have the lowest priority, so they cannot disturb a word
     * that earlier ones already join.
     */
    private static void joinWord(String word, Map<String, Integer> vocabulary, List<String> merges, String origin) {
        while (true) {
            int[] ids = new BpeTokenizer(vocabulary, merges, origin).encode(word);
            if (ids.length <= 1) {
                return;
            }
            String left = token(vocabulary, ids[0]);
            String right = token(vocabulary, ids[1]);
            merges.add(left + " " + right);
            vocabulary.putIfAbsent(left + right, vocabulary.size());
        }
    }

    private static String token(Map<String, Integer> vocabulary, int id) {
        for (Map.Entry<String, Integer> e : vocabulary.entrySet()) {
            if (e.getValue() == id) {
                return e.getKey();
            }
        }
        throw new IllegalStateException("no token has id " + id);
    }

    /** Copies the tokenizer files of one folder to another. */
    static void copy(Path from, Path to) {
        Folders.create(to);
        try {
            for (String name : List.of(JSON, VOCAB, MERGES, OPENAI)) {
                if (Files.isRegularFile(from.resolve(name))) {
                    Files.copy(from.resolve(name), to.resolve(name), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
                }
            }
        } catch (IOException e) {
            throw AtomicFile.failure(to, e);
        }
    }

    private static void write(Path folder, Map<String, Integer> vocabulary, List<String> merges) {
        Folders.create(folder);
        AtomicFile.write(folder.resolve(VOCAB), out -> out.write(MAPPER.writeValueAsBytes(vocabulary)));
        AtomicFile.write(folder.resolve(MERGES), "#version: 0.2\n" + String.join("\n", merges) + "\n");
    }
}
