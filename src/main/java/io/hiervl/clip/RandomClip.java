package io.hiervl.clip;

import io.hiervl.HierVlException;
import io.hiervl.op.SameDiffOps;
import io.hiervl.text.TokenizerFiles;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** CLIP weights drawn as OpenAI initialises them before training: for tests and benchmarks without a bundle. */
public final class RandomClip {
    private static final List<String> WORDS = List.of("a", "photo", "of", "the", "background", "aeroplane", "bicycle",
        "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "dining", "table", "dog", "horse", "motorbike",
        "person", "potted", "plant", "sheep", "sofa", "train", "tv", "monitor");

    private static final int PIECE = 1 << 14;

    private final Random random;
    private final Map<String, INDArray> arrays = new LinkedHashMap<>();

    private RandomClip(Random random) {
        this.random = random;
    }

    public static ClipWeights weights(ClipArchitecture clip, Random random) {
        SameDiffOps.start();
        RandomClip r = new RandomClip(random);
        ClipArchitecture.Vision v = clip.vision();
        double scale = 1 / Math.sqrt(v.width());
        r.normal("vision.conv1.weight", 1 / Math.sqrt(3.0 * v.patch() * v.patch()), v.width(), 3, v.patch(), v.patch());
        r.normal("vision.class_embedding", scale, v.width());
        r.normal("vision.positional_embedding", scale, 1 + v.grid() * v.grid(), v.width());
        r.norm("vision.ln_pre", v.width());
        for (int i = 0; i < v.layers(); i++) {
            r.block("vision.blocks." + i, v.width(), v.layers(), v.mlp());
        }
        r.norm("vision.ln_post", v.width());
        r.normal("vision.proj.weight", scale, clip.projection(), v.width());
        ClipArchitecture.Text t = clip.text();
        r.normal("text.token_embedding", 0.02, t.vocab(), t.width());
        r.normal("text.positional_embedding", 0.01, t.context(), t.width());
        for (int i = 0; i < t.layers(); i++) {
            r.block("text.blocks." + i, t.width(), t.layers(), t.mlp());
        }
        r.norm("text.ln_final", t.width());
        r.normal("text.proj.weight", 1 / Math.sqrt(t.width()), clip.projection(), t.width());
        return new ClipWeights(clip, r.arrays);
    }

    /** Writes a whole bundle of such weights with a small word-level tokenizer; returns the weights. */
    public static ClipWeights bundle(ClipArchitecture clip, long seed, Path folder) {
        ClipWeights weights = weights(clip, new Random(seed));
        int ids = TokenizerFiles.writeWordLevel(folder, WORDS);
        if (ids > clip.text().vocab()) {
            throw HierVlException.usage("the tokenizer of a random CLIP has " + ids + " ids, the architecture only "
                + clip.text().vocab());
        }
        ClipOnnxWriter.write(weights, new Preprocessing(Preprocessing.CLIP_MEAN, Preprocessing.CLIP_STD,
            clip.vision().image(), EotRule.HIGHEST), folder);
        return weights;
    }

    private void block(String prefix, int width, int layers, int mlp) {
        double attention = 1 / Math.sqrt(width);
        double projection = attention / Math.sqrt(2.0 * layers);
        norm(prefix + ".ln_1", width);
        normal(prefix + ".attn.in_proj_weight", attention, 3 * width, width);
        zeros(prefix + ".attn.in_proj_bias", 3L * width);
        normal(prefix + ".attn.out_proj.weight", projection, width, width);
        zeros(prefix + ".attn.out_proj.bias", width);
        norm(prefix + ".ln_2", width);
        normal(prefix + ".mlp.c_fc.weight", 1 / Math.sqrt(2.0 * width), mlp, width);
        zeros(prefix + ".mlp.c_fc.bias", mlp);
        normal(prefix + ".mlp.c_proj.weight", projection, width, mlp);
        zeros(prefix + ".mlp.c_proj.bias", width);
    }

    private void norm(String prefix, int width) {
        arrays.put(prefix + ".weight", Nd4j.ones(DataType.FLOAT, width));
        zeros(prefix + ".bias", width);
    }

    private void zeros(String name, long... shape) {
        arrays.put(name, Nd4j.zeros(DataType.FLOAT, shape));
    }

    /** In pieces: whole weights as Java arrays would leave a gigabyte of garbage in the heap. */
    private void normal(String name, double std, int... shape) {
        INDArray array = Nd4j.createUninitialized(DataType.FLOAT, Arrays.stream(shape).asLongStream().toArray(), 'c');
        FloatPointer target = new FloatPointer(array.data().addressPointer());
        float[] piece = new float[PIECE];
        for (long at = 0; at < array.length(); at += PIECE) {
            int n = (int) Math.min(PIECE, array.length() - at);
            for (int i = 0; i < n; i++) {
                piece[i] = (float) (random.nextGaussian() * std);
            }
            target.position(at).put(piece, 0, n);
        }
        arrays.put(name, array);
    }
}
