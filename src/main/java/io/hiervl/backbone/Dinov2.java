package io.hiervl.backbone;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.HierVlException;
import io.hiervl.clip.DensePath;
import io.hiervl.clip.TowerParameters.Trained;
import io.hiervl.graph.Ops;
import io.hiervl.graph.ParameterStore;
import io.hiervl.graph.ParameterStore.Group;
import io.hiervl.graph.Scope;
import io.hiervl.image.ClipNormalize;
import io.hiervl.tensor.Activation;
import io.hiervl.tensor.Resize;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * DINOv2's image tower (arXiv 2304.07193), with registers (arXiv 2309.16588) or without. It knows nothing of texts. Taps, class token
 * and dense embeddings have gone through the last layer norm. Parameters have the names of facebookresearch/dinov2:
 * <pre>
 * patch_embed.proj.{weight [D,3,p,p],bias}  cls_token [D]  pos_embed [1+N,D]  register_tokens [R,D]  norm.{weight,bias}
 * blocks.I. norm1, attn.qkv [3D,D], attn.proj, ls1.gamma [D], norm2, mlp.fc1, mlp.fc2 (SwiGLU: mlp.w12, mlp.w3), ls2.gamma [D]
 * </pre>
 * Tokens are: class token, registers, prompts, patches.
 */
record Dinov2(Dinov2Sizes sizes, ClipNormalize colours) implements Backbone {
    static final String FAMILY = "dinov2";
    private static final int LARGE = 24;

    @Override
    public String family() {
        return FAMILY;
    }

    @Override
    public int patch() {
        return sizes.patch();
    }

    @Override
    public int width() {
        return sizes.width();
    }

    @Override
    public int layers() {
        return sizes.layers();
    }

    @Override
    public int image() {
        return sizes.image();
    }

    @Override
    public int joint() {
        return 0;
    }

    /** Those of DINOv2's dense tasks and of UniMatch V2: after every quarter of the blocks, the first one earlier in the large tower. */
    @Override
    public List<Integer> taps() {
        int n = sizes.layers();
        if (n == LARGE) {
            return List.of(4, 11, 17, 23);
        }
        return List.of(Math.max(1, n / 4) - 1, Math.max(1, n / 2) - 1, Math.max(1, 3 * n / 4) - 1, n - 1);
    }

    /** DINOv2's rule is part of its sizes. */
    @Override
    public Backbone withPositions(Resize resize) {
        return this;
    }

    @Override
    public Output apply(Scope s, SDVariable images, List<Integer> taps, DensePath dense) {
        Ops ops = s.ops();
        long[] shape = ops.shape(images);
        if (shape[2] % sizes.patch() != 0 || shape[3] % sizes.patch() != 0) {
            throw HierVlException.model(String.format(Locale.ROOT,
                "the image tower needs sides that its patch of %d pixels divides, got %d x %d", sizes.patch(), shape[2], shape[3]));
        }
        int h = (int) shape[2] / sizes.patch();
        int w = (int) shape[3] / sizes.patch();
        SDVariable x = embed(s, images, h, w);
        List<SDVariable> blocks = new ArrayList<>();
        for (int i = 0; i < sizes.layers(); i++) {
            x = block(s.at("blocks." + i), x);
            ops.endOfBlock(x);
            blocks.add(x);
        }
        long patches = (long) h * w;
        List<SDVariable> maps = taps.stream().map(i -> ops.toMap(patches(s, blocks.get(i), patches), h, w)).toList();
        SDVariable token = ops.reshape(norm(s, "norm", ops.slice(x, 1, 0, 1)), shape[0], sizes.width());
        return new Output(maps, token, dense == DensePath.NONE ? null : patches(s, x, patches));
    }

    private SDVariable norm(Scope s, String name, SDVariable x) {
        return s.layerNorm(name, x, sizes.eps());
    }

    /** The patches, which are the last tokens, behind the last layer norm. */
    private SDVariable patches(Scope s, SDVariable x, long patches) {
        long tokens = s.ops().shape(x)[1];
        return norm(s, "norm", s.ops().slice(x, 1, tokens - patches, tokens));
    }

    private SDVariable embed(Scope s, SDVariable images, int h, int w) {
        Ops ops = s.ops();
        SDVariable patches = ops.toTokens(s.conv("patch_embed.proj", images, sizes.patch(), 0));
        SDVariable x = ops.concat(1, everywhere(s, "cls_token", 1, images), patches);
        x = ops.add(x, positions(ops, s.get("pos_embed"), h, w));
        long prompts = s.has("prompt") ? ops.shape(s.get("prompt"))[0] : 0;
        if (sizes.registers() == 0 && prompts == 0) {
            return x;
        }
        List<SDVariable> tokens = new ArrayList<>(List.of(ops.slice(x, 1, 0, 1)));
        if (sizes.registers() > 0) {
            tokens.add(everywhere(s, "register_tokens", sizes.registers(), images));
        }
        if (prompts > 0) {
            tokens.add(everywhere(s, "prompt", prompts, images));
        }
        tokens.add(ops.slice(x, 1, 1, 1L + (long) h * w));
        return ops.concat(1, tokens.toArray(SDVariable[]::new));
    }

    /** Learnt tokens (B,n,D) for every image. */
    private SDVariable everywhere(Scope s, String name, long n, SDVariable images) {
        Ops ops = s.ops();
        return ops.broadcast(ops.reshape(s.get(name), 1, n, sizes.width()), ops.shape(images)[0], n, sizes.width());
    }

    private SDVariable positions(Ops ops, SDVariable table, int h, int w) {
        long rows = ops.shape(table)[0];
        int side = (int) Math.round(Math.sqrt(rows - 1.0));
        if (side == h && side == w) {
            return table;
        }
        SDVariable grid = ops.toMap(ops.reshape(ops.slice(table, 0, 1, rows), 1, rows - 1, sizes.width()), side, side);
        SDVariable resized = ops.toTokens(sizes.positions().resampling().apply(ops, grid, h, w));
        return ops.concat(0, ops.slice(table, 0, 0, 1), ops.reshape(resized, (long) h * w, sizes.width()));
    }

    /** x + gamma1 attention(norm(x)), then x + gamma2 MLP(norm(x)). */
    private SDVariable block(Scope s, SDVariable x) {
        Ops ops = s.ops();
        SDVariable mixed = ops.packedAttention(s.linear("attn.qkv", norm(s, "norm1", x)), sizes.heads(), false);
        SDVariable y = ops.add(x, ops.mul(s.linear("attn.proj", mixed), s.get("ls1.gamma")));
        return ops.add(y, ops.mul(mlp(s.at("mlp"), norm(s, "norm2", y)), s.get("ls2.gamma")));
    }

    private SDVariable mlp(Scope s, SDVariable x) {
        if (!sizes.gated()) {
            return s.linear("fc2", s.linear("fc1", x, Activation.GELU));
        }
        Ops ops = s.ops();
        SDVariable both = s.linear("w12", x);
        SDVariable gate = ops.slice(both, 2, 0, sizes.hidden());
        SDVariable silu = ops.mul(gate, ops.activation(gate, Activation.SIGMOID));
        return s.linear("w3", ops.mul(silu, ops.slice(both, 2, sizes.hidden(), 2L * sizes.hidden())));
    }

    @Override
    public void addParameters(ParameterStore store, String prefix, Map<String, INDArray> weights, Trained trained, int side,
                              DataType type) {
        weights.forEach((name, array) -> {
            INDArray value = fitted(name, array, side);
            boolean mixes = name.contains(".attn.") || name.equals("pos_embed");
            boolean learns = trained == Trained.ALL || trained == Trained.ATTENTION_AND_POSITIONS && mixes;
            INDArray typed = value.castTo(type);
            boolean decay = typed.rank() > 1 && !name.equals("pos_embed") && !name.endsWith("_tokens");
            store.add(prefix + "." + name, learns ? typed.dup('c') : typed, learns ? Group.VIT : Group.FROZEN, decay);
        });
    }

    @Override
    public INDArray fitted(String name, INDArray array, int side) {
        return name.equals("pos_embed") ? Dinov2Positions.resize(array, side, sizes.positions().resampling()) : array;
    }

    @Override
    public Map<String, long[]> shapes() {
        long width = width();
        long hidden = sizes.hidden();
        Shapes shapes = new Shapes().add("patch_embed.proj.weight", width, 3, patch(), patch()).add("patch_embed.proj.bias", width)
            .add("cls_token", width).add("pos_embed", -1, width).norm("norm", width);
        if (sizes.registers() > 0) {
            shapes.add("register_tokens", sizes.registers(), width);
        }
        for (int i = 0; i < layers(); i++) {
            String block = "blocks." + i;
            shapes.norm(block + ".norm1", width).norm(block + ".norm2", width)
                .add(block + ".ls1.gamma", width).add(block + ".ls2.gamma", width)
                .linear(block + ".attn.qkv", 3 * width, width).linear(block + ".attn.proj", width, width)
                .linear(block + (sizes.gated() ? ".mlp.w12" : ".mlp.fc1"), (sizes.gated() ? 2 : 1) * hidden, width)
                .linear(block + (sizes.gated() ? ".mlp.w3" : ".mlp.fc2"), width, hidden);
        }
        return shapes.all();
    }

    @Override
    public Map<String, Object> describe() {
        return new ObjectMapper().convertValue(sizes, new TypeReference<Map<String, Object>>() {});
    }
}
