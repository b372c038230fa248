package io.hiervl.train;

import io.hiervl.clip.ClipBundle;
import io.hiervl.clip.ClipEmbedder;
import io.hiervl.config.Recipe;
import io.hiervl.graph.ParameterStore;
import io.hiervl.model.HierVlNetwork;
import io.hiervl.model.NetworkParameters;
import io.hiervl.text.BpeTokenizer;
import io.hiervl.text.Prompts;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A network in training with everything that its graphs share: parameters, text embeddings and the fixed prototypes.
 *
 * @param recipe     settings
 * @param clip       the CLIP it starts from
 * @param classes    class names, index order
 * @param store      all parameters
 * @param network    the modules
 * @param inputs     holds {@code t} (K,C), the embeddings of the learnable prompt: set once a step, differentiable
 * @param prototypes (K,C), unit rows: embeddings of the fixed prompt
 * @param guidance   texts of the frozen CLIP
 */
record TrainingModel(Recipe recipe, ClipBundle clip, List<String> classes, ParameterStore store, HierVlNetwork network,
                     ParameterStore inputs, INDArray prototypes, Concepts guidance) {
    /** Name of the text embeddings in {@link #inputs}. */
    static final String T = "t";

    /**
     * Texts with the class that each speaks for.
     *
     * @param embeddings (N,C), unit rows
     * @param classOf    class of every row
     */
    record Concepts(INDArray embeddings, int[] classOf) {
    }

    /**
     * @param concepts several names per class for guidance; classes that are missing use their own name
     */
    static TrainingModel create(Recipe recipe, ClipBundle clip, List<String> classes, Map<String, List<String>> concepts) {
        int k = classes.size();
        BpeTokenizer tokenizer = clip.tokenizer();
        ClipEmbedder embedder = new ClipEmbedder(clip.weights(), clip.preprocessing().eot());
        INDArray prototypes = embed(embedder, clip, classes.stream().map(c -> Prompts.fill(Prompts.TEMPLATE, c)).toList());
        List<String> names = new ArrayList<>();
        List<Integer> owner = new ArrayList<>();
        for (int c = 0; c < k; c++) {
            String own = classes.get(c);
            List<String> several = recipe.guidance() == Recipe.Guidance.CONCEPTS ? concepts.getOrDefault(own, List.of(own)) : List.of(own);
            for (String concept : several) {
                names.add(concept.startsWith("a photo of") ? concept : Prompts.fill(Prompts.TEMPLATE, concept));
                owner.add(c);
            }
        }
        Concepts guidance = new Concepts(embed(embedder, clip, names), owner.stream().mapToInt(Integer::intValue).toArray());
        int side = recipe.train().crop() / clip.weights().architecture().vision().patch();
        ParameterStore store = NetworkParameters.create(recipe.model(), clip.weights(), k, side,
            tokenizer.encode(Prompts.beginning(Prompts.TEMPLATE)), DataType.FLOAT, new Random(recipe.train().seed()));
        ParameterStore inputs = new ParameterStore();
        inputs.add(T, prototypes.dup('c'), ParameterStore.Group.NEW, false);
        return new TrainingModel(recipe, clip, classes, store, new HierVlNetwork(recipe.model(), clip.weights().architecture(), k), inputs,
            prototypes, guidance);
    }

    private static INDArray embed(ClipEmbedder embedder, ClipBundle clip, List<String> texts) {
        int context = clip.weights().architecture().text().context();
        INDArray rows = embedder.embedTexts(texts.stream().map(s -> clip.tokenizer().withSpecials(s, context)).toArray(int[][]::new)).dup('c');
        return rows.divColumnVector(rows.norm2(1)).castTo(DataType.FLOAT).dup('c');
    }

    /** Names of the parameters that are trained. */
    List<String> trainable() {
        return store.all().stream().filter(ParameterStore.Parameter::trainable).map(ParameterStore.Parameter::name).toList();
    }

    INDArray t() {
        return inputs.get(T).array();
    }

    /** Arrays of this shape filled with one value. */
    static INDArray filled(double value, long... shape) {
        INDArray a = Nd4j.create(DataType.FLOAT, shape);
        return value == 0 ? a : a.assign(value);
    }

    @Override
    public String toString() {
        return "TrainingModel" + Arrays.asList(recipe.name(), classes.size() + " classes", store.size() + " values");
    }
}
