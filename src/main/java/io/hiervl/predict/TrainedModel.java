package io.hiervl.predict;

import io.hiervl.Content;
import io.hiervl.HierVlException;
import io.hiervl.PublicApi;
import io.hiervl.backbone.Backbones;
import io.hiervl.backend.Backend;
import io.hiervl.checkpoint.Checkpoint;
import io.hiervl.checkpoint.CheckpointStore;
import io.hiervl.checkpoint.Hashes;
import io.hiervl.config.EvalConfig;
import io.hiervl.config.Recipe;
import io.hiervl.config.Recipes;
import io.hiervl.graph.ParameterStore;
import io.hiervl.image.ClipNormalize;
import io.hiervl.image.Palette;
import io.hiervl.model.HierVlNetwork;
import io.hiervl.model.ImageTowers;
import io.hiervl.model.MemoryPlan;
import io.hiervl.op.SameDiffOps;
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
 * Not safe for several threads; its segmenters are.
 *
 * @param recipe    settings of the run
 * @param towers    sizes of the image tower and of the CLIP beside it
 * @param normalize colour constants
 * @param classes   class names in index order
 * @param palette   colours of the classes in pictures
 * @param store     parameters of image tower and network
 * @param t         (K,C), unit rows
 */
@PublicApi(handle = true)
public record TrainedModel(Recipe recipe, ImageTowers towers, ClipNormalize normalize, List<String> classes, Palette palette,
    ParameterStore store, INDArray t) {
    /** Name of the text embeddings in a checkpoint. */
    public static final String T = "x/t";
    private static final String PALETTE = "palette";
    private static final String PARAMETER = "p/";
    private static final String AVERAGE = "e/";

    /**
     * What {@link #load} needs in the details of a checkpoint: recipe, clip, mean, std and palette, and if the image tower is not CLIP's
     * own, backbone, clip_mean and clip_std.
     *
     * @param colours [r, g, b] of the first classes in pictures; VOC's for the rest
     */
    public static Map<String, Object> details(Recipe recipe, ImageTowers towers, List<List<Integer>> colours) {
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("recipe", recipe.toYaml());
        details.put(StoredNetwork.CLIP, towers.clip().describe());
        details.put("mean", floats(towers.image().colours().mean()));
        details.put("std", floats(towers.image().colours().std()));
        if (!towers.aligned()) {
            details.put(StoredNetwork.BACKBONE, Backbones.describe(towers.image()));
            details.put(StoredNetwork.CLIP_MEAN, floats(towers.clip().colours().mean()));
            details.put(StoredNetwork.CLIP_STD, floats(towers.clip().colours().std()));
        }
        details.put(PALETTE, colours);
        return details;
    }

    /** The towers of a checkpoint. */
    public static ImageTowers towers(Checkpoint checkpoint) {
        return new StoredNetwork(checkpoint.manifest().details(), checkpoint.folder().toString()).towers();
    }

    /**
     * The arrays to save: t and all parameters but those of the frozen towers that predictions do not need, which come from the CLIP
     * bundle again. They are live, not copies.
     */
    public static Map<String, INDArray> arrays(ImageTowers towers, ParameterStore store, INDArray t) {
        Map<String, INDArray> arrays = new LinkedHashMap<>();
        for (ParameterStore.Parameter p : store.all()) {
            if (towers.predictionNeeds(p.name())) {
                arrays.put(PARAMETER + p.name(), p.array());
            }
        }
        arrays.put(T, t);
        return arrays;
    }

    /** Loads a checkpoint folder, or the newest one of a run folder; model error (exit 4) if it is damaged or incomplete. */
    public static TrainedModel load(Path path) {
        SameDiffOps.start();
        return CheckpointStore.read(path, TrainedModel::of);
    }

    /** Loads the model of a checkpoint; parameters with an average ({@code e/}) get the average. */
    public static TrainedModel of(Checkpoint checkpoint) {
        return of(checkpoint, true);
    }

    /** The same with the weights of the last step where their average is kept too. */
    public static TrainedModel withoutAverage(Checkpoint checkpoint) {
        return of(checkpoint, false);
    }

    private static TrainedModel of(Checkpoint checkpoint, boolean average) {
        String where = checkpoint.folder().toString();
        StoredNetwork stored = new StoredNetwork(checkpoint.manifest().details(), where);
        Map<String, INDArray> arrays =
            checkpoint.arrays(n -> n.startsWith(PARAMETER) || average && n.startsWith(AVERAGE) || n.equals(T));
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
        ImageTowers towers = stored.towers();
        if (!checkpoint.manifest().sealed()) {
            try {
                MemoryPlan.ofPrediction(recipe.model(), towers, classes.size(), towers.image().patch())
                    .require("the model of " + where, "nothing: the file is damaged");
                ModelValues.requireShapes(store, recipe.model(), towers, classes.size(), where);
            } catch (HierVlException e) {
                throw HierVlException.model(e.getMessage(), e);
            }
        }
        if (t.size(1) != towers.clip().joint()) {
            throw HierVlException.model(where + ": " + T + " has rows of " + t.size(1) + " values, the image tower projects to "
                + towers.clip().joint());
        }
        return new TrainedModel(recipe, towers, towers.image().colours(), classes, Palette.of(stored.colours(PALETTE)), store, t);
    }

    private static INDArray averaged(INDArray average, INDArray last, String name, String where) {
        if (average != null && !Arrays.equals(average.shape(), last.shape())) {
            throw HierVlException
                .model(where + ": array " + AVERAGE + name + " has the shape " + Arrays.toString(average.shape()) + ", expected "
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
            throw HierVlException
                .model("the manifest of " + where + " holds another recipe than it was written with: config_hash does not fit");
        }
        try {
            return Recipes.parse(yaml, "recipe of " + checkpoint.folder());
        } catch (HierVlException e) {
            throw HierVlException.model(e.getMessage(), e);
        }
    }

    /** The modules, without parameters, on the device of this process. */
    public HierVlNetwork network() {
        return new HierVlNetwork(recipe.model(), towers, classes.size());
    }

    /** The network, ready to score windows. */
    public GraphInference inference() {
        return inference(network());
    }

    private GraphInference inference(HierVlNetwork network) {
        return new GraphInference(network, store, t, classes, recipe.eval().crop());
    }

    /** A segmenter with the window rule of the recipe; it owns the inference graphs. */
    public Segmenter segmenter() {
        return segmenter(recipe.eval());
    }

    /** A segmenter with another window rule or input scale. */
    public Segmenter segmenter(EvalConfig windows) {
        return segmenter(windows, null);
    }

    /** The same with graphs that run on a device; null for the one of this process. */
    Segmenter segmenter(EvalConfig windows, Backend backend) {
        if (windows.window() != EvalConfig.Window.WHOLE) {
            MemoryPlan.ofPrediction(recipe.model(), towers, classes.size(), windows.crop())
                .require("a window of " + windows.crop() + "x" + windows.crop() + " pixels", "eval.crop (--crop)");
        }
        HierVlNetwork network = backend == null ? network() : network().on(backend);
        return new Segmenter(inference(network), normalize, windows, palette);
    }

    private static List<Float> floats(float[] values) {
        return List.of(values[0], values[1], values[2]);
    }

    @Override
    public boolean equals(Object other) {
        return Content.equal(this, other);
    }

    @Override
    public int hashCode() {
        return Content.hash(this);
    }

    @Override
    public String toString() {
        return Content.text(this);
    }
}
