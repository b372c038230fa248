package io.hiervl.train;

import io.hiervl.backend.choice.Backends;
import io.hiervl.clip.ClipArchitecture;
import io.hiervl.clip.EotRule;
import io.hiervl.clip.RandomClip;
import io.hiervl.clip.TextTower;
import io.hiervl.config.Recipe;
import io.hiervl.config.Recipes;
import io.hiervl.data.Batches;
import io.hiervl.data.CutMix;
import io.hiervl.data.LabelledBatch;
import io.hiervl.data.UnlabelledBatch;
import io.hiervl.graph.ParameterStore;
import io.hiervl.loss.Feed;
import io.hiervl.model.NetworkParameters;
import io.hiervl.op.SameDiffOps;
import io.hiervl.tensor.ElementType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A very small network with random weights and random batches for it. */
final class RandomStep {
    static final int SIZE = 32;
    static final int IGNORE = 255;
    private static final ClipArchitecture CLIP = ClipArchitecture.of(16, 4, 2, 8, SIZE, 16, 1, 2, 16, 200, 12);
    private static final List<String> SMALL = List.of("model.dim=16", "model.heads=2", "model.n_enc=1", "model.n_dec=2", "model.enc_ffn=16",
        "model.dec_ffn=16", "model.cm_dim=4", "model.norm_groups=4", "model.visual_queries=4", "model.taps=null",
        "model.visual_prompt_tokens=2",
        "model.text_prompt_tokens=4", "loss.sample_points=16384", "loss.min_component_cells=1", "train.crop=32", "train.steps=100",
        "train.warmup=0",
        // random networks are sure of nothing
        "loss.threshold=0.26", "loss.guidance_threshold=0.2",
        // parts that start at zero would hide those before them
        "model.mask_head=mlp", "model.zero_init_cmsam=false", "model.zero_init_text_attn=false", "model.zero_init_decoder=false");

    final TrainingModel model;
    private final DataType type;
    private final Random random;

    /** A network of these settings over a recipe. */
    RandomStep(DataType type, long seed, int classes, String recipe, String... settings) {
        SameDiffOps.start();
        this.type = type;
        this.random = new Random(seed);
        List<String> all = new ArrayList<>(SMALL);
        all.addAll(List.of(settings));
        Recipe resolved = Recipes.load(recipe, all);
        ParameterStore store =
            NetworkParameters.create(resolved.model(), RandomClip.weights(CLIP, random), classes, SIZE / CLIP.vision().patch(),
                new int[] {1, 2, 3, 4}, type, random);
        // away from the kinks of bilinear sampling, where offsets start, and from an identity
        store.all().stream().filter(p -> p.name().endsWith("sampling_offsets.bias"))
            .forEach(p -> p.array().addi(normal(0.1, p.array().shape())));
        store.get("phi_text.2.weight").array().addi(normal(0.1, store.get("phi_text.2.weight").array().shape()));
        // some rows are sure of their class
        store.get("query_decoder.class_head.weight").array().muli(5);
        int[][] ids = IntStream.range(0, classes).mapToObj(k -> new int[] {5, 6 + k, 199}).toArray(int[][]::new);
        boolean[] things = new boolean[classes];
        for (int k = 1; k < classes; k++) {
            things[k] = true;
        }
        model = TrainingModel.of(resolved, CLIP, IntStream.range(0, classes).mapToObj(k -> "class " + k).toList(),
            TextTower.Tokens.of(ids, EotRule.HIGHEST), new TrainingModel.Traits(things, true), store, unit(normal(1, classes, 12)),
            new TrainingModel.Concepts(unit(normal(1, classes + 1, 12)),
                IntStream.range(0, classes + 1).map(i -> Math.min(i, classes - 1)).toArray()));
    }

    private static INDArray unit(INDArray rows) {
        return rows.divColumnVector(rows.norm2(1)).dup('c');
    }

    INDArray normal(double scale, long... shape) {
        INDArray a = Nd4j.create(DataType.DOUBLE, shape);
        for (long i = 0; i < a.length(); i++) {
            a.putScalar(i, scale * random.nextGaussian());
        }
        return a.castTo(type);
    }

    /** Labels (n,32,32): background with two boxes of other classes and an ignored stripe. */
    INDArray labels(int n) {
        int k = model.classes().size();
        INDArray labels = Nd4j.zeros(type, n, SIZE, SIZE);
        for (int b = 0; b < n; b++) {
            for (int o = 0; o < 2; o++) {
                int c = 1 + random.nextInt(k - 1);
                int y = random.nextInt(16);
                int x = random.nextInt(16);
                for (int i = 0; i < 12 * 12; i++) {
                    labels.putScalar(b, y + i / 12, x + i % 12, c);
                }
            }
            int stripe = random.nextInt(SIZE);
            for (int i = 0; i < SIZE; i++) {
                labels.putScalar(b, i, stripe, IGNORE);
            }
        }
        return labels;
    }

    LabelledBatch labelled(int n) {
        return new LabelledBatch(normal(1, n, 3, SIZE, SIZE), labels(n), IntStream.range(0, n).mapToObj(i -> "labelled" + i).toList());
    }

    /** Unlabelled crops whose last columns are padding; every image of each strong view has a CutMix box. */
    UnlabelledBatch unlabelled(int n, UnlabelledBatch partner) {
        INDArray valid = Nd4j.ones(type, n, SIZE, SIZE);
        for (int b = 0; b < n; b++) {
            int padding = random.nextInt(8);
            for (int y = 0; y < SIZE; y++) {
                for (int x = SIZE - padding; x < SIZE; x++) {
                    valid.putScalar(b, y, x, 0);
                }
            }
        }
        return new UnlabelledBatch(normal(1, n, 3, SIZE, SIZE), normal(1, n, 3, SIZE, SIZE), normal(1, n, 3, SIZE, SIZE), valid, boxes(n),
            boxes(n),
            IntStream.range(0, n).mapToObj(i -> "unlabelled" + i).toList(), null, partner);
    }

    private List<CutMix.Box> boxes(int n) {
        return IntStream.range(0, n).mapToObj(i -> {
            int y = random.nextInt(12);
            int x = random.nextInt(12);
            return new CutMix.Box(y, y + 5 + random.nextInt(14), x, x + 5 + random.nextInt(14));
        }).toList();
    }

    Batches.Step batch(int labelled, int unlabelled) {
        return new Batches.Step(60, labelled(labelled), unlabelled == 0 ? null : unlabelled(unlabelled, null));
    }

    TrainingStep step() {
        return new TrainingStep(model, 100);
    }

    Draws draws() {
        return new SeededDraws(3, 60);
    }

    /** Terms of a graph of two images in double precision. */
    static <T> Map<String, Double> run(LossGraph<T> graph, Feed<T> feed, Map<String, Double> coefficients, GradientSum gradients) {
        Readings readings = new Readings(Backends.host(), ElementType.DOUBLE);
        Map<String, Integer> places = graph.run(feed, 0, 2, null, coefficients, gradients, new GradientSum(Backends.host()), readings);
        readings.read();
        Map<String, Double> terms = new LinkedHashMap<>();
        places.forEach((name, place) -> terms.put(name, readings.value(place)));
        return terms;
    }
}
