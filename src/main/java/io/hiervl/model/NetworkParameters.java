package io.hiervl.model;

import io.hiervl.HierVlException;
import io.hiervl.clip.ClipArchitecture;
import io.hiervl.clip.ClipWeights;
import io.hiervl.clip.TowerParameters;
import io.hiervl.clip.TowerParameters.Trained;
import io.hiervl.config.ModelConfig;
import io.hiervl.graph.Initializer;
import io.hiervl.graph.ParameterStore;
import io.hiervl.graph.ParameterStore.Group;
import io.hiervl.graph.Resize;
import java.util.Random;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Fills a parameter store for a new network: CLIP's weights for the towers, PyTorch's initialisations for the rest.
 * <pre>
 * vision.*   vision.prompt   frozen.vision.*   text.*   text_prompt
 * pyramid.*  hsqg.*  pixel_decoder.*  query_decoder.*  phi_query.*  phi_text.*
 * </pre>
 */
public final class NetworkParameters {
    private NetworkParameters() {
    }

    /**
     * @param classes  K
     * @param side     patches along a side of the training crop
     * @param template token ids of "a photo of a", with which the text prompt starts if the configuration says so
     * @param type     FLOAT, or DOUBLE for gradient checks
     * @param random   source of all draws
     */
    public static ParameterStore create(ModelConfig config, ClipWeights weights, int classes, int side, int[] template, DataType type,
                                        Random random) {
        ClipArchitecture clip = weights.architecture();
        Resize resize = HierVlNetwork.positionResize(config);
        ParameterStore store = new ParameterStore();
        Trained trained = config.trainable() == ModelConfig.Trainable.ATTN_POS_ONLY ? Trained.ATTENTION_AND_POSITIONS : Trained.ALL;
        TowerParameters.addVision(store, "vision", weights, trained, side, resize, type);
        TowerParameters.addVision(store, "frozen.vision", weights, Trained.NONE, side, resize, type);
        TowerParameters.addText(store, "text", weights, type);
        Initializer root = new Initializer(store, type, random, "", Group.NEW);
        prompts(root.in(Group.PROMPT), config, weights, template);
        network(root, config, clip, classes);
        return store;
    }

    /** The newly initialised parts of a network alone, to compare stored ones with. */
    public static ParameterStore fresh(ModelConfig config, ClipArchitecture clip, int classes) {
        ParameterStore store = new ParameterStore();
        network(new Initializer(store, DataType.FLOAT, new Random(0), "", Group.NEW), config, clip, classes);
        return store;
    }

    /** The newly initialised parts alone. */
    static void network(Initializer root, ModelConfig config, ClipArchitecture clip, int classes) {
        int width = clip.vision().width();
        if (width % config.normGroups() != 0) {
            throw HierVlException.config("model.norm_groups is " + config.normGroups() + ", the image tower's width " + width
                + " is not a multiple of it");
        }
        Pyramid.init(root.at("pyramid"), width);
        HSQG.init(root.at("hsqg"), clip.projection(), config.dim(), config.levels());
        PixelDecoder.init(root.at("pixel_decoder"), config, width, classes);
        DQTD.init(root.at("query_decoder"), config, classes);
        Phi.initQuery(root.at("phi_query"), config.dim(), clip.projection());
        Phi.initText(root.at("phi_text"), clip.projection());
    }

    private static void prompts(Initializer root, ModelConfig config, ClipWeights weights, int[] template) {
        ClipArchitecture clip = weights.architecture();
        if (config.visualPromptTokens() > 0) {
            // VPT's bound: sqrt(6 / (3 p^2 + D))
            double bound = Math.sqrt(6.0 / (3.0 * clip.vision().patch() * clip.vision().patch() + clip.vision().width()));
            root.uniform("vision.prompt", bound, false, config.visualPromptTokens(), clip.vision().width());
        }
        int p = config.textPromptTokens();
        if (p == 0) {
            return;
        }
        root.normal("text_prompt", config.promptInit() == ModelConfig.PromptInit.NORMAL_1 ? 1 : 0.02, false, p, clip.text().width());
        if (config.promptInit() == ModelConfig.PromptInit.TEMPLATE) {
            INDArray prompt = root.store().get("text_prompt").array();
            INDArray table = weights.get("text.token_embedding");
            int n = Math.min(p, template.length);
            for (int i = 0; i < n; i++) {
                prompt.putRow(p - n + i, table.getRow(template[template.length - n + i]).castTo(prompt.dataType()));
            }
        }
    }
}
