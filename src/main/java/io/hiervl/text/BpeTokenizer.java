package io.hiervl.text;

import io.hiervl.HierVlException;
import io.hiervl.PublicApi;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * CLIP's byte-level byte-pair encoding (openai/CLIP {@code simple_tokenizer.py}). Text is cleaned, lower-cased, cut
 * into words, and each word's bytes are merged in the order of the merge list; the last symbol of a word carries
 * {@code </w>}. Immutable and safe for use from several threads.
 */
@PublicApi
public final class BpeTokenizer {
    /** What {@link #load} looks for, for messages. */
    public static final String FILES = "tokenizer.json, or vocab.json with merges.txt, or bpe_simple_vocab_16e6.txt.gz";
    public static final String SOT = "<|startoftext|>";
    public static final String EOT = "<|endoftext|>";
    static final String END_OF_WORD = "</w>";

    private static final Logger LOG = LoggerFactory.getLogger(BpeTokenizer.class);
    // In Python's regex, which ignores case here, U+0345 is neither letter nor sign, and 's also matches the long s.
    private static final Pattern WORDS = Pattern.compile("<\\|startoftext\\|>|<\\|endoftext\\|>|'[s\u017f]|'t|'re|'ve|'m|'ll|'d"
        + "|\\p{L}++|\\p{N}|[^\\s\\p{L}\\p{N}\u0345]++", Pattern.CASE_INSENSITIVE);
    private static final Pattern SPACES = Pattern.compile("\\s", Pattern.UNICODE_CHARACTER_CLASS);

    private record Merge(int rank, int id) {
    }

    private final Map<String, Integer> vocabulary;
    private final Map<Long, Merge> merges = new HashMap<>();
    private final int sot;
    private final int eot;
    private final int highest;

    /**
     * @param vocabulary token to id, with {@link #SOT} and {@link #EOT}
     * @param merges     "left right" in order of priority
     */
    BpeTokenizer(Map<String, Integer> vocabulary, List<String> merges, String origin) {
        this.vocabulary = Map.copyOf(vocabulary);
        this.sot = special(SOT, origin);
        this.eot = special(EOT, origin);
        this.highest = vocabulary.values().stream().mapToInt(Integer::intValue).max().orElse(0);
        for (int rank = 0; rank < merges.size(); rank++) {
            String m = merges.get(rank);
            int space = m.indexOf(' ');
            Integer left = space < 0 ? null : vocabulary.get(m.substring(0, space));
            Integer right = space < 0 ? null : vocabulary.get(m.substring(space + 1));
            Integer both = left == null || right == null ? null
                : vocabulary.get(m.substring(0, space) + m.substring(space + 1));
            if (both == null) {
                throw HierVlException.model(origin + ": merge " + (rank + 1) + " '" + m + "' does not fit the vocabulary: "
                    + "both parts and their joint must be tokens");
            }
            this.merges.putIfAbsent(pair(left, right), new Merge(rank, both));
        }
    }

    private int special(String token, String origin) {
        Integer id = vocabulary.get(token);
        if (id == null) {
            throw HierVlException.model(origin + ": the vocabulary lacks " + token + "; expected CLIP's tokenizer");
        }
        return id;
    }

    private static long pair(int left, int right) {
        return (long) left << 32 | right;
    }

    /** @return whether the folder holds tokenizer files */
    public static boolean exists(Path folder) {
        return TokenizerFiles.present(folder);
    }

    /** Reads the tokenizer of a CLIP folder. @throws HierVlException exit code 4 if there is none or it is not CLIP's */
    public static BpeTokenizer load(Path folder) {
        return TokenizerFiles.read(folder);
    }

    /** @return ids without start and end tokens; unknown symbols give the end token, as in the Python library */
    public int[] encode(String text) {
        List<Integer> out = new ArrayList<>();
        // Java's \s knows only ASCII by default, and its unicode mode would change \p{L}.
        String cleaned = SPACES.matcher(TextCleaner.clean(text)).replaceAll(" ");
        Matcher m = WORDS.matcher(cleaned);
        while (m.find()) {
            String word = m.group();
            if (word.equals(SOT) || word.equals(EOT)) {
                out.add(vocabulary.get(word));
            } else {
                encodeWord(word, out);
            }
        }
        return out.stream().mapToInt(Integer::intValue).toArray();
    }

    private void encodeWord(String word, List<Integer> out) {
        byte[] bytes = word.getBytes(StandardCharsets.UTF_8);
        int n = bytes.length;
        int[] id = new int[n];
        int[] next = new int[n];
        int[] previous = new int[n];
        for (int i = 0; i < n; i++) {
            String symbol = ByteAlphabet.of(bytes[i]) + (i == n - 1 ? END_OF_WORD : "");
            id[i] = vocabulary.getOrDefault(symbol, eot);
            next[i] = i + 1 < n ? i + 1 : -1;
            previous[i] = i - 1;
        }
        // {rank, position, left id, right id}: lowest rank first, then leftmost.
        PriorityQueue<int[]> queue = new PriorityQueue<>((a, b) -> a[0] != b[0] ? Integer.compare(a[0], b[0])
            : Integer.compare(a[1], b[1]));
        for (int i = 0; i + 1 < n; i++) {
            offer(queue, i, id[i], id[i + 1]);
        }
        while (!queue.isEmpty()) {
            int[] best = queue.poll();
            int left = best[1];
            int right = next[left];
            if (id[left] != best[2] || right < 0 || id[right] != best[3]) {
                continue;
            }
            id[left] = merges.get(pair(best[2], best[3])).id();
            id[right] = -1;
            next[left] = next[right];
            if (next[left] >= 0) {
                previous[next[left]] = left;
                offer(queue, left, id[left], id[next[left]]);
            }
            if (previous[left] >= 0) {
                offer(queue, previous[left], id[previous[left]], id[left]);
            }
        }
        for (int i = 0; i >= 0 && i < n; i = next[i]) {
            out.add(id[i]);
        }
    }

    private void offer(PriorityQueue<int[]> queue, int position, int left, int right) {
        Merge m = merges.get(pair(left, right));
        if (m != null) {
            queue.add(new int[] {m.rank(), position, left, right});
        }
    }

    /**
     * @param context number of positions of the text tower
     * @return start token, ids, end token; cut like CLIP's with truncation (the end token stays) and not padded
     */
    public int[] withSpecials(String text, int context) {
        int[] ids = encode(text);
        int n = Math.min(ids.length, context - 2);
        if (n < ids.length) {
            LOG.warn("text of {} tokens cut to {}: \"{}\"", ids.length + 2, context,
                text.length() > 60 ? text.substring(0, 60) + "..." : text);
        }
        int[] out = new int[n + 2];
        out[0] = sot;
        System.arraycopy(ids, 0, out, 1, n);
        out[n + 1] = eot;
        return out;
    }

    /** @return ids filled up with the end token; harmless, since no token sees what follows it */
    public int[] pad(int[] ids, int length) {
        int[] out = Arrays.copyOf(ids, length);
        if (length > ids.length) {
            Arrays.fill(out, ids.length, length, eot);
        }
        return out;
    }

    /** @return id of the start token */
    public int sot() {
        return sot;
    }

    /** @return id of the end token */
    public int eot() {
        return eot;
    }

    public int highestId() {
        return highest;
    }

    /** @return number of tokens, start and end included */
    public int size() {
        return vocabulary.size();
    }
}
