package io.hiervl.model;

import io.hiervl.GoldenFixtures;
import io.hiervl.GoldenFixtures.Case;
import io.hiervl.clip.ClipArchitecture;
import io.hiervl.config.ModelConfig;
import io.hiervl.config.Recipes;
import io.hiervl.graph.ParameterStore;
import io.hiervl.graph.ParameterStore.Group;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** The tiny complete network of the end-to-end fixtures, under this project's parameter names. */
public final class GoldenNetwork {
    /** K of the fixture. */
    public static final int CLASSES = 5;

    public final ParameterStore store = new ParameterStore();
    public final HierVlNetwork network;
    /** Golden name to the parameters that hold it: one, or three of a packed projection. */
    private final Map<String, List<String>> homes = new LinkedHashMap<>();

    public GoldenNetwork(DataType type) {
        Case params = GoldenFixtures.one("end_to_end", "params");
        for (String name : params.names("param")) {
            add(name, params.array(name, type), params.tensor(name), type);
        }
        ModelConfig config = Recipes.load("tiny", List.of("model.dim=32", "model.levels=3", "model.visual_queries=9", "model.heads=4", "model.points=4",
            "model.n_enc=2", "model.n_dec=3", "model.enc_ffn=64", "model.dec_ffn=64", "model.cm_dim=8", "model.norm_groups=8",
            "model.text_prompt_tokens=8", "model.visual_prompt_tokens=8", "model.taps=[0, 1, 2, 3]", "model.temperature=0.5",
            "model.cmsam_levels=matched", "model.gate_key_bias=true", "model.no_object=true", "model.visual_rows_in_s=true")).model();
        network = new HierVlNetwork(config, ClipArchitecture.of(64, 4, 4, 16, 64, 64, 2, 4, 24, 50, 48), CLASSES);
    }

    private void add(String golden, INDArray value, GoldenFixtures.Tensor tensor, DataType type) {
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
            n = "text." + n.substring("text_encoder.".length()).replace("token_embedding.weight", "token_embedding").replace("text_projection", "proj");
        }
        return transposed(golden) ? n + ".weight" : n;
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
