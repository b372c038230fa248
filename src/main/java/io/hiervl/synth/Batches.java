package io.hiervl.synth;

import io.hiervl.clip.ClipArchitecture;
import io.hiervl.clip.Preprocessing;
import io.hiervl.text.BpeTokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Random batches of pairs as placeholders of {@link PretrainingGraph}; half of the pictures are mirrored. */
final class Batches {
    private final World world;
    private final Pairs pairs;
    private final PretrainingSettings settings;
    private final ClipArchitecture clip;
    private final List<int[]> captions;
    private final List<TokenBatch> phrases = new ArrayList<>();
    private final int words;
    private final int phraseWords;
    private final Rng rng;
    private int[] order = new int[0];
    private int next;

    Batches(World world, Pairs pairs, BpeTokenizer tokenizer, PretrainingSettings settings, ClipArchitecture clip) {
        this.world = world;
        this.pairs = pairs;
        this.settings = settings;
        this.clip = clip;
        this.rng = new Rng(settings.seed() + 2);
        int context = clip.text().context();
        this.captions = TokenBatch.tokenize(tokenizer, List.of(pairs.captions()), context);
        this.words = TokenBatch.longest(captions);
        // Class names and concepts are later asked for with the article in front of every name.
        List<int[]> plain =
            TokenBatch.tokenize(tokenizer, world.phrases().stream().map(p -> "a photo of " + article(p) + p).toList(), context);
        List<int[]> always = TokenBatch.tokenize(tokenizer, world.phrases().stream().map(p -> "a photo of a " + p).toList(), context);
        this.phraseWords = Math.max(TokenBatch.longest(plain), TokenBatch.longest(always));
        phrases.add(TokenBatch.of(plain, phraseWords, clip.text().vocab()));
        phrases.add(TokenBatch.of(always, phraseWords, clip.text().vocab()));
    }

    private static String article(String phrase) {
        return phrase.endsWith("thing") ? "a " : "";
    }

    int words() {
        return words;
    }

    int phraseWords() {
        return phraseWords;
    }

    Map<String, INDArray> next() {
        int b = settings.batch();
        if (next + b > order.length) {
            order = rng.permutation(pairs.count());
            next = 0;
        }
        int[] index = java.util.Arrays.copyOfRange(order, next, next + b);
        next += b;
        List<int[]> sentences = new ArrayList<>();
        for (int i : index) {
            sentences.add(captions.get(i));
        }
        TokenBatch text = TokenBatch.of(sentences, words, clip.text().vocab());
        TokenBatch names = phrases.get(rng.chance(0.5) ? 0 : 1);
        return Map.of("images", images(index), "captions", text.oneHot(), "captions_end", text.end(), "phrases", names.oneHot(),
            "phrases_end", names.end(), "same", same(index), "present", present(index));
    }

    private INDArray images(int[] index) {
        byte[][] rgb = new byte[index.length][];
        boolean[] mirrored = new boolean[index.length];
        for (int i = 0; i < index.length; i++) {
            rgb[i] = pairs.rgb()[index[i]];
            mirrored[i] = rng.chance(0.5);
        }
        return images(rgb, mirrored, pairs.size());
    }

    /** Interleaved bytes to (B,3,n,n), normalised with CLIP's statistics. */
    static INDArray images(byte[][] rgb, boolean[] mirrored, int n) {
        float[] out = new float[rgb.length * 3 * n * n];
        for (int i = 0; i < rgb.length; i++) {
            for (int c = 0; c < 3; c++) {
                float mean = Preprocessing.CLIP_MEAN[c];
                float std = Preprocessing.CLIP_STD[c];
                for (int y = 0; y < n; y++) {
                    for (int x = 0; x < n; x++) {
                        int from = mirrored[i] ? n - 1 - x : x;
                        out[((i * 3 + c) * n + y) * n + x] = ((rgb[i][3 * (y * n + from) + c] & 255) / 255f - mean) / std;
                    }
                }
            }
        }
        return Nd4j.create(out, new long[] {rgb.length, 3, n, n}, 'c');
    }

    private INDArray same(int[] index) {
        int b = index.length;
        float[] m = new float[b * b];
        for (int i = 0; i < b; i++) {
            int count = 0;
            for (int j : index) {
                count += pairs.captionId()[index[i]] == pairs.captionId()[j] ? 1 : 0;
            }
            for (int j = 0; j < b; j++) {
                m[i * b + j] = pairs.captionId()[index[i]] == pairs.captionId()[index[j]] ? 1f / count : 0;
            }
        }
        return Nd4j.create(m, new long[] {b, b}, 'c');
    }

    private INDArray present(int[] index) {
        int t = world.phrases().size();
        float[] m = new float[index.length * t];
        for (int i = 0; i < index.length; i++) {
            for (int k = 0; k < t; k++) {
                m[i * t + k] = pairs.present()[index[i]][k] ? 1 : 0;
            }
        }
        return Nd4j.create(m, new long[] {index.length, t}, 'c');
    }
}
