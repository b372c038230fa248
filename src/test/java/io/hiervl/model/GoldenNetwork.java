package io.hiervl.model;

import com.fasterxml.jackson.databind.JsonNode;
import io.hiervl.GoldenConfig;
import io.hiervl.GoldenFixtures;
import io.hiervl.GoldenFixtures.Case;
import io.hiervl.backbone.Backbones;
import io.hiervl.clip.ClipArchitecture;
import io.hiervl.clip.ClipWeights;
import io.hiervl.clip.RandomClip;
import io.hiervl.config.Recipe;
import io.hiervl.config.Recipes;
import io.hiervl.graph.ParameterStore;
import io.hiervl.graph.ParameterStore.Group;
import io.hiervl.image.ClipNormalize;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** The tiny complete network of the end-to-end fixtures, under this project's parameter names. */
public final class GoldenNetwork {
    public final Recipe recipe;
    public final ClipArchitecture clip;
    /** K of the fixture. */
    public final int classes;
    /** The fixture's parameters and its configuration. */
    public final Case params = GoldenFixtures.one("end_to_end", "params");
    public final ParameterStore store = new ParameterStore();
    public final HierVlNetwork network;
    /** Golden name to the parameters that hold it: one, or three of a packed projection. */
    private final Map<String, List<String>> homes = new LinkedHashMap<>();

    /** @param settings more settings of the recipe, {@code key=value} */
    public GoldenNetwork(DataType type, String... settings) {
        for (String name : params.names("param")) {
            add(name, params.array(name, type));
        }
        GoldenConfig c = params.config;
        List<String> all = settings(c);
        // the tolerances of the manifests are those of 32-bit floats
        all.add("model.precision=fp32");
        // the reference has the paper's structure
        all.add("model.mask_head=mlp");
        all.addAll(List.of(settings));
        recipe = Recipes.load("default", all);
        classes = c.get("K").asInt();
        clip = ClipArchitecture.of(i(c, "Wv"), i(c, "vis_layers"), i(c, "vis_heads"), i(c, "patch"), i(c, "patch") * i(c, "pos_grid"),
            i(c, "Wt"),
            i(c, "txt_layers"), i(c, "txt_heads"), i(c, "ctx"), i(c, "vocab"), i(c, "C"));
        network = new HierVlNetwork(recipe.model(), ImageTowers.of(Backbones.ofClip(clip, ClipNormalize.openai())), classes);
    }

    private static int i(GoldenConfig config, String key) {
        return config.get(key).asInt();
    }

    /** The fixture's configuration as settings of a recipe. */
    private static List<String> settings(GoldenConfig c) {
        List<String> s = new ArrayList<>();
        String[][] same =
            {{"dim", "D"}, {"levels", "L"}, {"visual_queries", "M"}, {"heads", "heads"}, {"points", "points"}, {"n_enc", "n_enc"},
                {"n_dec", "n_dec"}, {"enc_ffn", "ffn_enc"}, {"dec_ffn", "ffn_dec"}, {"cm_dim", "d"}, {"norm_groups", "gn"},
                {"text_prompt_tokens", "prompt_t"},
                {"visual_prompt_tokens", "prompt_v"}, {"taps", "taps"}, {"temperature", "temperature"}, {"cmsam_levels", "levels"},
                {"cmsam_literal", "cmsam_literal"}, {"gate_key_bias", "gate_key_bias"}};
        for (String[] pair : same) {
            s.add("model." + pair[0] + "=" + text(c.get(pair[1])));
        }
        String[][] losses = {{"threshold", "confidence_threshold"}, {"guidance_threshold", "guidance_threshold"},
            {"importance", "importance"}, {"thing_classes", "slot_classes"}, {"no_object_weight", "no_object_weight"}, {"tau", "tau"},
            {"lambda_rep", "lambda_rep"}, {"prompt_epsilon", "anchor_eps"}, {"deep_sup", "deep_supervision"}};
        for (String[] pair : losses) {
            s.add("loss." + pair[0] + "=" + text(c.get(pair[1])));
        }
        String[] set = {"set_class", "set_mask", "set_dice"};
        for (int k = 0; k < 3; k++) {
            s.add("loss." + set[k] + "=" + c.get("set_weights").get(k));
        }
        // the program states points and the smallest component for a crop of 512
        int height = c.get("image").get(0).asInt();
        s.add("loss.sample_points=" + Math.round(i(c, "num_points") * 512.0 * 512.0 / (height * height)));
        int stride = Math.max(1, i(c, "patch") / 4);
        int cells = height / stride * (c.get("image").get(1).asInt() / stride);
        s.add("loss.min_component_cells=" + i(c, "slot_min_cells") * 128 * 128 / cells);
        s.add("loss.oversample=" + GoldenFixtures.one("end_to_end", "inputs").shape("labelled.candidates")[2] / i(c, "num_points"));
        s.add("loss.ignore_candidates=false");
        s.add("loss.topo_rescale=uncapped");
        s.add("train.crop=" + height);
        return s;
    }

    private static String text(JsonNode value) {
        return value.isTextual() ? value.asText() : value.toString();
    }

    /** The CLIP that the frozen parts hold. */
    public ClipWeights weights() {
        Map<String, INDArray> arrays = new LinkedHashMap<>();
        for (ParameterStore.Parameter p : store.all()) {
            if (p.name().startsWith("frozen.") || p.name().startsWith("text.")) {
                arrays.put(p.name().replace("frozen.", ""), p.array().castTo(DataType.FLOAT));
            }
        }
        return new ClipWeights(clip, arrays);
    }

    private void add(String golden, INDArray value) {
        boolean frozen = golden.startsWith("text_encoder.") || golden.startsWith("frozen_image_encoder.");
        Group group = frozen ? Group.FROZEN : golden.equals("text_prompt") || golden.endsWith(".prompt") ? Group.PROMPT
            : golden.startsWith("image_encoder.") ? Group.VIT : Group.NEW;
        String name = translate(golden);
        boolean packed = name.startsWith("pixel_decoder") || name.startsWith("query_decoder");
        if (packed && name.contains(".in_proj_")) {
            String kind = name.substring(name.lastIndexOf('_') + 1);
            String attention = name.substring(0, name.indexOf(".in_proj_"));
            long d = value.size(0) / 3;
            List<String> parts = List.of(attention + ".q_proj." + kind, attention + ".k_proj." + kind, attention + ".v_proj." + kind);
            for (int i = 0; i < 3; i++) {
                INDArray part = value.rank() == 1 ? value.get(NDArrayIndex.interval(i * d, (i + 1) * d))
                    : value.get(NDArrayIndex.interval(i * d, (i + 1) * d), NDArrayIndex.all());
                store.add(parts.get(i), part.dup('c'), group, true);
            }
            homes.put(golden, parts);
        } else {
            store.add(name, transposed(golden) ? value.transpose().dup('c') : value.dup('c'), group, value.rank() > 1);
            homes.put(golden, List.of(name));
        }
    }

    private static boolean transposed(String golden) {
        return golden.endsWith("image_encoder.proj") || golden.endsWith("text_projection");
    }

    private static String translate(String golden) {
        String n = golden.replace("transformer.resblocks.", "blocks.");
        if (n.startsWith("frozen_image_encoder.")) {
            n = "frozen.vision." + n.substring("frozen_image_encoder.".length());
        } else if (n.startsWith("image_encoder.")) {
            n = "vision." + n.substring("image_encoder.".length());
        } else if (n.startsWith("text_encoder.")) {
            n = "text." + n.substring("text_encoder.".length()).replace("token_embedding.weight", "token_embedding")
                .replace("text_projection", "proj");
        }
        return transposed(golden) ? n + ".weight" : n;
    }

    /** Names of the parameters that the program itself makes for such a network. */
    public Set<String> expected() {
        return NetworkParameters
            .create(recipe.model(), RandomClip.weights(clip, new Random(1)), classes, clip.vision().grid(), new int[] {1, 2, 3, 4},
                DataType.FLOAT, new Random(2))
            .all().stream().map(ParameterStore.Parameter::name).collect(Collectors.toCollection(TreeSet::new));
    }

    /** All golden names of trainable parameters. */
    public List<String> trainable() {
        return homes.keySet().stream().filter(n -> store.get(homes.get(n).get(0)).trainable()).toList();
    }

    /**
     * A gradient (or another array per parameter) in the layout of the fixture.
     *
     * @param perParameter array of a parameter of the store, null for zero
     */
    public INDArray inGoldenLayout(String golden, Function<String, INDArray> perParameter) {
        INDArray[] parts = homes.get(golden).stream().map(n -> {
            INDArray g = perParameter.apply(n);
            return g != null ? g : Nd4j.zeros(store.get(n).array().dataType(), store.get(n).array().shape());
        }).toArray(INDArray[]::new);
        INDArray all = parts.length == 1 ? parts[0] : Nd4j.concat(0, parts);
        return (transposed(golden) ? all.transpose() : all).dup('c');
    }
}
