package io.hiervl.predict;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.HierVlException;
import io.hiervl.clip.ClipArchitecture;
import io.hiervl.config.EvalConfig;
import io.hiervl.config.Recipe;
import io.hiervl.config.Recipes;
import io.hiervl.graph.ParameterStore;
import io.hiervl.image.ClipNormalize;
import io.hiervl.image.Palette;
import io.hiervl.model.HierVlNetwork;
import io.hiervl.model.MemoryPlan;
import io.hiervl.op.Backend;
import io.hiervl.checkpoint.Checkpoint;
import io.hiervl.checkpoint.CheckpointStore;
import io.hiervl.checkpoint.Hashes;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A trained network with all that predictions need: labels, colour constants, window rule and the embeddings of its class
 * names, so that neither the CLIP bundle nor the text tower is asked for again. It lies in a checkpoint: arrays
 * {@code p/name} (or their averages {@code e/name}), {@code x/t}, and the entries of {@link #details}.
 *
 * @param recipe    settings of the run
 * @param clip      sizes of the image tower
 * @param normalize colour constants
 * @param classes   class names in index order
 * @param palette   colours of the classes in pictures
 * @param store     parameters of image tower and network
 * @param t         (K,C), unit rows
 */
public record TrainedModel(Recipe recipe, ClipArchitecture clip, ClipNormalize normalize, List<String> classes, Palette palette,
                           ParameterStore store, INDArray t) {
    /** Name of the text embeddings in a checkpoint. */
    public static final String T = "x/t";
    private static final String PALETTE = "palette";
    private static final String PARAMETER = "p/";
    private static final String AVERAGE = "e/";

    /**
     * What {@link #load} needs in the details of a checkpoint, under the keys recipe, clip, mean, std and palette.
     *
     * @param colours [r, g, b] of the first classes in pictures; VOC's for the rest
     */
    public static Map<String, Object> details(Recipe recipe, ClipArchitecture clip, ClipNormalize normalize, List<List<Integer>> colours) {
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("recipe", recipe.toYaml());
        details.put("clip", new ObjectMapper().convertValue(clip, Map.class));
        details.put("mean", floats(normalize.mean()));
        details.put("std", floats(normalize.std()));
        details.put(PALETTE, colours);
        return details;
    }

    /**
     * The arrays to save: all parameters but those of the frozen towers, which come from the CLIP bundle again, and t.
     * They are live, not copies.
     */
    public static Map<String, INDArray> arrays(ParameterStore store, INDArray t) {
        Map<String, INDArray> arrays = new LinkedHashMap<>();
        for (ParameterStore.Parameter p : store.all()) {
            if (!p.name().startsWith("frozen.") && !p.name().startsWith("text.")) {
                arrays.put(PARAMETER + p.name(), p.array());
            }
        }
        arrays.put(T, t);
        return arrays;
    }

    /** Loads a checkpoint folder, or the newest one of a run folder; model error (exit 4) if it is damaged or incomplete. */
    public static TrainedModel load(Path path) {
        Backend.start();
        return CheckpointStore.read(path, TrainedModel::of);
    }

    /** Loads the model of a checkpoint; parameters with an average ({@code e/}) get the average. */
    public static TrainedModel of(Checkpoint checkpoint) {
        String where = checkpoint.folder().toString();
        StoredNetwork stored = new StoredNetwork(checkpoint.manifest().details(), where);
        Map<String, INDArray> arrays = checkpoint.arrays(n -> n.startsWith(PARAMETER) || n.startsWith(AVERAGE) || n.equals(T));
        INDArray t = arrays.get(T);
        List<String> classes = checkpoint.manifest().classes();
        if (t == null || t.rank() != 2 || t.size(0) != classes.size()) {
            throw HierVlException.model(checkpoint.folder() + " holds no usable class embeddings: " + T + " is "
                + (t == null ? "missing" : Arrays.toString(t.shape())) + ", the manifest lists " + classes.size() + " classes");
        }
        ModelValues.requireFinite(arrays, where);
        ModelValues.requireUnitRows(t, classes, T, where);
        ParameterStore store = new ParameterStore();
        arrays.forEach((name, array) -> {
            if (name.startsWith(PARAMETER)) {
                String plain = name.substring(PARAMETER.length());
                // frozen parameters become constants of the graph
                store.add(plain, averaged(arrays.get(AVERAGE + plain), array, plain, where), ParameterStore.Group.FROZEN, false);
            }
        });
        Recipe recipe = recipe(checkpoint);
        ClipArchitecture clip = stored.clip();
        if (!checkpoint.manifest().sealed()) {
            try {
                MemoryPlan.ofPrediction(recipe.model(), clip, classes.size(), clip.vision().patch()).require("the model of " + where, "nothing: the file is damaged");
                ModelValues.requireShapes(store, recipe.model(), clip, classes.size(), where);
            } catch (HierVlException e) {
                throw HierVlException.model(e.getMessage(), e);
            }
        }
        if (t.size(1) != clip.projection()) {
            throw HierVlException.model(where + ": " + T + " has rows of " + t.size(1) + " values, the image tower projects to " + clip.projection());
        }
        return new TrainedModel(recipe, clip, stored.normalize(), classes, Palette.of(stored.colours(PALETTE)), store, t);
    }

    private static INDArray averaged(INDArray average, INDArray last, String name, String where) {
        if (average != null && !Arrays.equals(average.shape(), last.shape())) {
            throw HierVlException.model(where + ": array " + AVERAGE + name + " has the shape " + Arrays.toString(average.shape()) + ", expected "
                + Arrays.toString(last.shape()));
        }
        return average == null ? last : average;
    }

    /** The settings that a checkpoint was trained with; those that did not exist then have their default. */
    public static Recipe recipe(Checkpoint checkpoint) {
        String where = checkpoint.folder().toString();
        if (!(new StoredNetwork(checkpoint.manifest().details(), where).need("recipe") instanceof String yaml)) {
            throw HierVlException.model("the manifest of " + checkpoint.folder() + " has no text as details.recipe");
        }
        String hash = checkpoint.manifest().configHash();
        if (hash.matches("[0-9a-f]{64}") && !hash.equals(Hashes.of(yaml))) {
            throw HierVlException.model("the manifest of " + where + " holds another recipe than it was written with: config_hash does not fit");
        }
        try {
            return Recipes.parse(yaml, "recipe of " + checkpoint.folder());
        } catch (HierVlException e) {
            throw HierVlException.model(e.getMessage(), e);
        }
    }

    /** The network, ready to score windows. */
    public GraphInference inference() {
        HierVlNetwork network = new HierVlNetwork(recipe.model(), clip, classes.size());
        return new GraphInference(network, store, t, classes, recipe.eval().crop());
    }

    /** A segmenter with the window rule of the recipe; it owns the inference graphs. */
    public Segmenter segmenter() {
        return segmenter(recipe.eval());
    }

    /** A segmenter with another window rule or input scale. */
    public Segmenter segmenter(EvalConfig windows) {
        if (windows.window() != EvalConfig.Window.WHOLE) {
            MemoryPlan.ofPrediction(recipe.model(), clip, classes.size(), windows.crop())
                .require("a window of " + windows.crop() + "x" + windows.crop() + " pixels", "eval.crop (--crop)");
        }
        return new Segmenter(inference(), normalize, windows, palette);
    }

    private static List<Float> floats(float[] values) {
        return List.of(values[0], values[1], values[2]);
    }
}
