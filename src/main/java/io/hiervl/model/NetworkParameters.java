package io.hiervl.model;

import io.hiervl.HierVlException;
import io.hiervl.backbone.BackboneWeights;
import io.hiervl.backbone.Backbones;
import io.hiervl.clip.ClipWeights;
import io.hiervl.clip.TowerParameters;
import io.hiervl.clip.TowerParameters.Trained;
import io.hiervl.config.ModelConfig;
import io.hiervl.graph.Initializer;
import io.hiervl.graph.ParameterStore;
import io.hiervl.graph.ParameterStore.Group;
import java.util.Random;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Fills a parameter store for a new network: weights of the files for the towers, PyTorch's initialisations for the rest.
 * <pre>
 * vision.*   vision.prompt   frozen.vision.*   text.*   text_prompt
 * pyramid.*  stem.* and unet.* (if there are some)  hsqg.*  pixel_decoder.*  query_decoder.*  phi_query.*  phi_text.*
 * dense_projection.* (towers not aligned with texts)
 * </pre>
 */
public final class NetworkParameters {
    private NetworkParameters() {
    }

    /** A network on CLIP's own image tower. */
    public static ParameterStore create(ModelConfig config, ClipWeights weights, int classes, int side, int[] template, DataType type,
                                        Random random) {
        BackboneWeights own = Backbones.ofClip(weights);
        return create(config, ImageTowers.of(own.backbone()), own, weights, classes, side, template, type, random);
    }

    /**
     * @param image    weights of the image tower
     * @param weights  CLIP, for the text tower and the frozen image tower
     * @param classes  K
     * @param side     patches along a side of the training crop
     * @param template token ids of "a photo of a", with which the text prompt starts if the configuration says so
     * @param type     FLOAT, or DOUBLE for gradient checks
     * @param random   source of all draws
     */
    public static ParameterStore create(ModelConfig config, ImageTowers towers, BackboneWeights image, ClipWeights weights, int classes,
                                        int side, int[] template, DataType type, Random random) {
        ImageTowers resized = towers.withPositions(HierVlNetwork.positionResize(config));
        ParameterStore store = new ParameterStore();
        Trained trained = switch (config.tower().trainable()) {
            case ALL -> Trained.ALL;
            case ATTN_POS_ONLY -> Trained.ATTENTION_AND_POSITIONS;
            case NONE -> Trained.NONE;
        };
        resized.addParameters(store, image.arrays(), weights.arrays(), trained, side, type);
        TowerParameters.addText(store, "text", weights, type);
        Initializer root = new Initializer(store, type, random, "", Group.NEW);
        prompts(root.in(Group.PROMPT), config, towers, weights, template);
        network(root, config, towers, classes);
        towers.init(root);
        if (config.tower().stem() > 0) {
            Stem.init(root.at("stem"), config.tower().stem(), towers.image().patch(), towers.image().width());
        }
        if (config.tower().unet() > 0) {
            UNet.init(root.at("unet"), config.tower().unet(), classes);
        }
        return store;
    }

    /** The newly initialised parts of a network alone, to compare stored ones with. */
    public static ParameterStore fresh(ModelConfig config, ImageTowers towers, int classes) {
        ParameterStore store = new ParameterStore();
        Initializer root = new Initializer(store, DataType.FLOAT, new Random(0), "", Group.NEW);
        network(root, config, towers, classes);
        towers.init(root);
        return store;
    }

    /** The newly initialised parts alone. */
    static void network(Initializer root, ModelConfig config, ImageTowers towers, int classes) {
        int width = towers.image().width();
        int joint = towers.clip().joint();
        if (width % config.decoders().normGroups() != 0) {
            throw HierVlException.config("model.norm_groups is " + config.decoders().normGroups() + ", the image tower's width " + width
                + " is not a multiple of it");
        }
        Pyramid.init(root.at("pyramid"), width);
        HSQG.init(root.at("hsqg"), joint, config.queries().dim(), config.queries().levels());
        PixelDecoder.init(root.at("pixel_decoder"), config, width, classes);
        DQTD.init(root.at("query_decoder"), config, classes);
        Phi.initQuery(root.at("phi_query"), config.queries().dim(), joint);
        Phi.initText(root.at("phi_text"), joint);
    }

    private static void prompts(Initializer root, ModelConfig config, ImageTowers towers, ClipWeights weights, int[] template) {
        if (config.clip().visualPromptTokens() > 0) {
            // VPT's bound: sqrt(6 / (3 p^2 + D))
            int patch = towers.image().patch();
            int width = towers.image().width();
            double bound = Math.sqrt(6.0 / (3.0 * patch * patch + width));
            root.uniform("vision.prompt", bound, false, config.clip().visualPromptTokens(), width);
        }
        int p = config.clip().textPromptTokens();
        if (p == 0) {
            return;
        }
        double std = config.clip().promptInit() == ModelConfig.PromptInit.NORMAL_1 ? 1 : 0.02;
        root.normal("text_prompt", std, false, p, weights.architecture().text().width());
        if (config.clip().promptInit() == ModelConfig.PromptInit.TEMPLATE) {
            INDArray prompt = root.store().get("text_prompt").array();
            INDArray table = weights.get("text.token_embedding");
            int n = Math.min(p, template.length);
            for (int i = 0; i < n; i++) {
                prompt.putRow(p - n + i, table.getRow(template[template.length - n + i]).castTo(prompt.dataType()));
            }
        }
    }
}
