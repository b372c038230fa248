package io.hiervl.train;

import io.hiervl.HierVlException;
import io.hiervl.backbone.Backbone;
import io.hiervl.backbone.BackboneWeights;
import io.hiervl.backbone.Backbones;
import io.hiervl.backend.Backend;
import io.hiervl.backend.choice.Backends;
import io.hiervl.clip.ClipArchitecture;
import io.hiervl.clip.ClipBundle;
import io.hiervl.clip.ClipEmbedder;
import io.hiervl.clip.DensePath;
import io.hiervl.clip.TextTower;
import io.hiervl.config.DatasetSpec;
import io.hiervl.config.LossConfig;
import io.hiervl.config.LossConfig.UnlabelledStride;
import io.hiervl.config.ModelConfig;
import io.hiervl.config.Recipe;
import io.hiervl.config.TrainConfig;
import io.hiervl.data.Canvas;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.ParameterStore;
import io.hiervl.image.ClipNormalize;
import io.hiervl.loss.FixedMatcher;
import io.hiervl.loss.MaskTargets;
import io.hiervl.loss.Term;
import io.hiervl.loss.Terms;
import io.hiervl.model.HierVlNetwork;
import io.hiervl.model.ImageTowers;
import io.hiervl.model.NetworkParameters;
import io.hiervl.text.Prompts;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A network in training with everything that its graphs share: parameters, text embeddings and the fixed prototypes.
 *
 * @param recipe       settings
 * @param architecture the CLIP whose texts it reads
 * @param classes      class names, index order
 * @param names        token ids of the class names
 * @param traits       what the data set says about its classes
 * @param store        all parameters
 * @param network      the modules
 * @param inputs       holds {@code t} (K,C), the embeddings of the learnable prompt: set once a step, differentiable
 * @param prototypes   (K,C), unit rows: embeddings of the fixed prompt
 * @param guidance     texts of the frozen CLIP
 * @param terms        what is minimised
 */
record TrainingModel(Recipe recipe, ClipArchitecture architecture, List<String> classes, TextTower.Tokens names, Traits traits,
    ParameterStore store, HierVlNetwork network, ParameterStore inputs, INDArray prototypes, Concepts guidance,
    Terms terms) {
    /** Name of the text embeddings in {@link #inputs}. */
    static final String T = "t";

    /** Start token, one token of a name, end token. */
    private static final int SHORTEST_TEXT = 3;

    /** Above so many classes {@code unlabelled_stride: auto} computes the losses of unlabelled images at the stride of masks. */
    private static final int MANY_CLASSES = 50;

    /**
     * Texts with the class that each speaks for.
     *
     * @param embeddings (N,C)
     * @param classOf    class of every row
     */
    record Concepts(INDArray embeddings, int[] classOf) {
    }

    /**
     * @param things     classes with countable objects
     * @param background whether class 0 is the background
     */
    record Traits(boolean[] things, boolean background) {
    }

    /** A new network for a data set, on CLIP's own image tower. */
    static TrainingModel create(Recipe recipe, ClipBundle clip, DatasetSpec spec) {
        return create(recipe, clip, null, spec, Backends.compute());
    }

    /** @param backbone image tower beside the CLIP, null for CLIP's own */
    static ImageTowers towers(ClipBundle clip, BackboneWeights backbone) {
        Backbone own = Backbones.ofClip(clip).backbone();
        return new ImageTowers(backbone == null ? own : backbone.backbone(), own);
    }

    /**
     * @param backbone image tower beside the CLIP, null for CLIP's own
     * @param backend  where its graphs run
     */
    static TrainingModel create(Recipe recipe, ClipBundle clip, BackboneWeights backbone, DatasetSpec spec, Backend backend) {
        BackboneWeights image = backbone == null ? Backbones.ofClip(clip) : backbone;
        ImageTowers towers = towers(clip, backbone);
        ClipArchitecture architecture = clip.weights().architecture();
        List<String> classes = spec.classes();
        int context = architecture.text().context() - recipe.model().clip().textPromptTokens();
        if (context < SHORTEST_TEXT) {
            throw HierVlException
                .config("model.text_prompt_tokens is " + recipe.model().clip().textPromptTokens() + "; the text tower of this CLIP has "
                    + architecture.text().context() + " positions, of which a class name needs at least " + SHORTEST_TEXT);
        }
        ClipEmbedder embedder = new ClipEmbedder(clip.weights(), clip.preprocessing().eot());
        INDArray prototypes = embed(embedder, clip, Prompts.fill(Prompts.TEMPLATE, classes));
        List<String> texts = new ArrayList<>();
        List<Integer> owner = new ArrayList<>();
        for (int c = 0; c < classes.size(); c++) {
            List<String> own = recipe.guidance() == Recipe.Guidance.CONCEPTS ? spec.conceptsOf(c) : List.of(classes.get(c));
            for (String concept : own) {
                texts.add(concept.startsWith("a photo of") ? concept : Prompts.fill(Prompts.TEMPLATE, concept));
                owner.add(c);
            }
        }
        Concepts guidance = new Concepts(embed(embedder, clip, texts), owner.stream().mapToInt(Integer::intValue).toArray());
        HierVlNetwork network = new HierVlNetwork(recipe.model(), towers, classes.size(), chosen(recipe, backend));
        ParameterStore store = NetworkParameters.create(recipe.model(), towers, image, clip.weights(), classes.size(),
            canvas(recipe, network) / image.backbone().patch(), clip.tokenizer().encode(Prompts.beginning(Prompts.TEMPLATE)),
            DataType.FLOAT, new Random(recipe.train().seed()));
        TextTower.Tokens names =
            TextTower.Tokens.of(classes.stream().map(c -> clip.tokenizer().withSpecials(c, context)).toArray(int[][]::new),
                clip.preprocessing().eot());
        return of(recipe, architecture, network, classes, names, traits(recipe.loss(), spec), store, prototypes, guidance);
    }

    /** The backend with the order of sums that a recipe asks for. */
    private static Backend chosen(Recipe recipe, Backend backend) {
        return recipe.train().deterministic() ? backend.repeatable() : backend;
    }

    /** The same network and parameters on another device. */
    TrainingModel on(Backend other) {
        return new TrainingModel(recipe, architecture, classes, names, traits, store, network.on(other), inputs, prototypes, guidance,
            terms);
    }

    /** The same network over other parameters, with text embeddings of its own. */
    TrainingModel over(ParameterStore other) {
        return of(recipe, architecture, network, classes, names, traits, other, prototypes, guidance).with(terms);
    }

    private TrainingModel with(Terms other) {
        return new TrainingModel(recipe, architecture, classes, names, traits, store, network, inputs, prototypes, guidance, other);
    }

    /** Where its graphs run. */
    Backend backend() {
        return network.backend();
    }

    /** Where parameters of this type are trained: graphs of 64-bit floats stay on the host. */
    Backend where() {
        return type() == DataType.DOUBLE ? Backends.host() : backend();
    }

    /** A network of these parameters on CLIP's own image tower. */
    static TrainingModel of(Recipe recipe, ClipArchitecture architecture, List<String> classes, TextTower.Tokens names, Traits traits,
                            ParameterStore store, INDArray prototypes, Concepts guidance) {
        ImageTowers towers = ImageTowers.of(Backbones.ofClip(architecture, ClipNormalize.openai()));
        HierVlNetwork network = new HierVlNetwork(recipe.model(), towers, classes.size(), chosen(recipe, Backends.compute()));
        return of(recipe, architecture, network, classes, names, traits, store, prototypes, guidance);
    }

    private static TrainingModel of(Recipe recipe, ClipArchitecture architecture, HierVlNetwork network, List<String> classes,
                                    TextTower.Tokens names, Traits traits, ParameterStore store, INDArray prototypes, Concepts guidance) {
        ParameterStore inputs = new ParameterStore();
        inputs.add(T, prototypes.dup('c'), ParameterStore.Group.NEW, false);
        return new TrainingModel(recipe, architecture, classes, names, traits, store, network, inputs, prototypes, guidance,
            Terms.of(recipe));
    }

    /** The same network, trained for one more term. */
    TrainingModel with(Term<?> term) {
        return with(terms.with(term));
    }

    private static Traits traits(LossConfig loss, DatasetSpec spec) {
        boolean[] things = new boolean[spec.classes().size()];
        for (int c = 0; c < things.length; c++) {
            things[c] = loss.set().components().thingClasses() == null ? spec.things().contains(spec.classes().get(c))
                : loss.set().components().thingClasses().contains(c);
        }
        return new Traits(things, spec.backgroundFirst());
    }

    private static INDArray embed(ClipEmbedder embedder, ClipBundle clip, List<String> texts) {
        int context = clip.weights().architecture().text().context();
        INDArray rows =
            embedder.embedTexts(texts.stream().map(s -> clip.tokenizer().withSpecials(s, context)).toArray(int[][]::new)).dup('c');
        return rows.divColumnVector(rows.norm2(1)).castTo(DataType.FLOAT).dup('c');
    }

    /** Names of the parameters that are trained. */
    List<String> trainable() {
        return store.all().stream().filter(ParameterStore.Parameter::trainable).map(ParameterStore.Parameter::name).toList();
    }

    INDArray t() {
        return inputs.get(T).array();
    }

    /** Data type of parameters and graphs. */
    DataType type() {
        return t().dataType();
    }

    /** An array of one value. */
    INDArray filled(double value, long... shape) {
        return Nd4j.valueArrayOf(shape, value, type());
    }

    /** The vocabulary of a new, empty graph. */
    FusedOps newGraph() {
        return network.newGraph(type());
    }

    /** Side of training images: the crop, padded so that patches and the pyramid's coarsest map, at twice their size, come out even. */
    int canvas() {
        return canvas(recipe, network);
    }

    private static int canvas(Recipe recipe, HierVlNetwork network) {
        return Canvas.side(recipe.train().batch().crop(), network.sizeMultiple());
    }

    /** Pixels along a side of a patch. */
    int patch() {
        return network.towers().image().patch();
    }

    /** Pixels along a side of a cell of mask logits; rounded down to a divisor of the canvas, since a patch of 14 has cells of 3.5. */
    int maskStride() {
        int stride = Math.max(1, patch() / 4);
        while (network.sizeMultiple() % stride != 0) {
            stride--;
        }
        return stride;
    }

    /** Stride of the losses of unlabelled images (docs/paper.md 8.3, cost control). */
    int unlabelledStride() {
        UnlabelledStride s = recipe.loss().unlabelled().unlabelledStride();
        return s == UnlabelledStride.FOUR || s == UnlabelledStride.AUTO && classes.size() > MANY_CLASSES ? maskStride() : 1;
    }

    /** Path of dense embeddings in equations 6 and 7, the same for the trained and the frozen tower. */
    DensePath densePath() {
        return recipe.model().clip().denseStudent() == ModelConfig.DensePath.VALUE ? DensePath.VALUE : DensePath.LAST;
    }

    /** Whether unlabelled images are trained on. */
    boolean unlabelled() {
        return recipe.train().method() != TrainConfig.Method.SUPERVISED;
    }

    /**
     * Makes targets of label maps of this size.
     *
     * @param stride of the cells of components, in pixels of the map
     */
    FixedMatcher matcher(long height, long width, int stride) {
        return new FixedMatcher(
            FixedMatcher.rules(classes.size(), recipe.model().queries().levels(), recipe.model().queries().visualQueries(), stride,
                recipe.loss().set().components().minComponentCells(), traits.things(), height, width),
            recipe.model().output().noObject() ? recipe.loss().set().noObjectWeight() : 0, backend());
    }

    /** Which classes may be erased. */
    MaskTargets.Rules maskRules() {
        Boolean background = recipe.loss().masked().maskBackground();
        return new MaskTargets.Rules(classes.size(), patch(), background == null ? !traits.background() : background,
            recipe.loss().masked().blankRim());
    }

    @Override
    public String toString() {
        return "TrainingModel[" + recipe.name() + ", " + classes.size() + " classes, " + store.size() + " values]";
    }
}
