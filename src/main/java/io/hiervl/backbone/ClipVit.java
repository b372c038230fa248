package io.hiervl.backbone;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.clip.ClipArchitecture;
import io.hiervl.clip.ClipWeights;
import io.hiervl.clip.DensePath;
import io.hiervl.clip.TowerParameters;
import io.hiervl.clip.TowerParameters.Trained;
import io.hiervl.clip.VisionTower;
import io.hiervl.graph.ParameterStore;
import io.hiervl.graph.Scope;
import io.hiervl.image.ClipNormalize;
import io.hiervl.tensor.Resize;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * CLIP's image tower. Its embeddings lie in the space of CLIP's text tower.
 *
 * @param clip      sizes
 * @param colours   mean and deviation
 * @param positions interpolation of the position table
 */
record ClipVit(ClipArchitecture clip, ClipNormalize colours, Resize positions) implements Backbone {
    static final String FAMILY = "clip";

    static ClipVit of(ClipArchitecture clip, ClipNormalize colours) {
        return new ClipVit(clip, colours, Resize.BICUBIC);
    }

    @Override
    public String family() {
        return FAMILY;
    }

    @Override
    public int patch() {
        return clip.vision().patch();
    }

    @Override
    public int width() {
        return clip.vision().width();
    }

    @Override
    public int layers() {
        return clip.vision().layers();
    }

    @Override
    public int image() {
        return clip.vision().image();
    }

    @Override
    public int joint() {
        return clip.projection();
    }

    /** After a third, a half, two thirds and all of the blocks (docs/paper.md 1.3). */
    @Override
    public List<Integer> taps() {
        int n = layers();
        return List.of(Math.max(1, Math.round(n / 3f)) - 1, Math.max(1, Math.round(n / 2f)) - 1,
            Math.max(1, Math.round(2 * n / 3f)) - 1, n - 1);
    }

    @Override
    public Backbone withPositions(Resize resize) {
        return new ClipVit(clip, colours, resize);
    }

    @Override
    public Output apply(Scope s, SDVariable images, List<Integer> taps, DensePath dense) {
        VisionTower.Output out = new VisionTower(clip, positions).apply(s, images, taps, dense);
        return new Output(out.taps(), out.normalised(), out.dense());
    }

    @Override
    public void addParameters(ParameterStore store, String prefix, Map<String, INDArray> weights, Trained trained, int side,
                              DataType type) {
        TowerParameters.addVision(store, prefix, new ClipWeights(clip, weights), trained, side, positions, type);
    }

    @Override
    public INDArray fitted(String name, INDArray array, int side) {
        return name.equals("positional_embedding") ? TowerParameters.resizePositions(array, side, side, positions) : array;
    }

    @Override
    public Map<String, long[]> shapes() {
        long width = width();
        long hidden = clip.vision().mlp();
        Shapes shapes = new Shapes().add("conv1.weight", width, 3, patch(), patch()).add("class_embedding", width)
            .add("positional_embedding", -1, width).norm("ln_pre", width).norm("ln_post", width).add("proj.weight", joint(), width);
        for (int i = 0; i < layers(); i++) {
            String block = "blocks." + i;
            shapes.norm(block + ".ln_1", width).norm(block + ".ln_2", width)
                .add(block + ".attn.in_proj_weight", 3 * width, width).add(block + ".attn.in_proj_bias", 3 * width)
                .linear(block + ".attn.out_proj", width, width).linear(block + ".mlp.c_fc", hidden, width)
                .linear(block + ".mlp.c_proj", width, hidden);
        }
        return shapes.all();
    }

    @Override
    public Map<String, Object> describe() {
        return new LinkedHashMap<>(new ObjectMapper().convertValue(clip, new TypeReference<Map<String, Object>>() {}));
    }
}
