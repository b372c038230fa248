package io.hiervl.clip;

import io.hiervl.HierVlException;
import io.hiervl.graph.Ops;
import io.hiervl.graph.Scope;
import io.hiervl.tensor.Resize;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * CLIP's image tower at any size that its patch divides, with taps after chosen blocks and, if the scope has a parameter
 * {@code prompt} (p,D), prompt tokens between class token and patches (shallow VPT). The class embedding is added once,
 * as in OpenAI's CLIP. Parameters are named as {@link ClipWeights} describes.
 */
public final class VisionTower {
    /** Added under the root when vectors are normalised; far below any embedding's squared length. */
    static final double NORMALISE_EPS = 1e-20;

    private final ClipArchitecture clip;
    private final TransformerBlock block;
    private final Resize positionResize;

    /**
     * @param taps       (B,D,h,w) after the asked blocks, in the order asked for
     * @param raw        (B,P), projection of the class token
     * @param normalised (B,P), the same with unit length: v of the paper
     * @param dense      (B,h*w,P) not normalised, or null
     */
    public record Output(List<SDVariable> taps, SDVariable raw, SDVariable normalised, SDVariable dense) {
    }

    public VisionTower(ClipArchitecture clip) {
        this(clip, Resize.BICUBIC);
    }

    /** @param positionResize how the position table is resized when the picture's grid is not the table's */
    public VisionTower(ClipArchitecture clip, Resize positionResize) {
        this.clip = clip;
        this.positionResize = positionResize;
        this.block = TransformerBlock.of(clip.vision().heads(), clip, false);
    }

    /**
     * @param s      scope of the tower, for example {@code vision} or {@code frozen.vision}
     * @param images (B,3,H,W), normalised
     * @param taps   0-based blocks
     */
    public Output apply(Scope s, SDVariable images, List<Integer> taps, DensePath dense) {
        Ops ops = s.ops();
        long[] shape = ops.shape(images);
        int patch = clip.vision().patch();
        if (shape[2] % patch != 0 || shape[3] % patch != 0) {
            throw HierVlException
                .model(String.format(Locale.ROOT, "the image tower needs sides that its patch of %d pixels divides, got %d x %d",
                    patch, shape[2], shape[3]));
        }
        int h = (int) shape[2] / patch;
        int w = (int) shape[3] / patch;
        SDVariable x = embed(s, images, h, w);
        long prompts = s.has("prompt") ? ops.shape(s.get("prompt"))[0] : 0;
        List<SDVariable> blocks = new ArrayList<>();
        SDVariable beforeLast = x;
        for (int i = 0; i < clip.vision().layers(); i++) {
            beforeLast = x;
            x = block.apply(s.at("blocks." + i), x);
            ops.endOfBlock(x);
            blocks.add(x);
        }
        long width = clip.vision().width();
        List<SDVariable> maps = taps.stream().map(i -> ops.toMap(patches(ops, blocks.get(i), prompts), h, w)).toList();
        SDVariable raw = project(s, ops.reshape(ops.slice(x, 1, 0, 1), shape[0], width));
        return new Output(maps, raw, ops.l2Normalize(raw, NORMALISE_EPS), dense(s, dense, x, beforeLast, prompts));
    }

    private SDVariable embed(Scope s, SDVariable images, int h, int w) {
        Ops ops = s.ops();
        long batch = ops.shape(images)[0];
        long width = clip.vision().width();
        SDVariable patches = ops.toTokens(s.conv("conv1", images, clip.vision().patch(), 0));
        SDVariable cls = ops.broadcast(ops.reshape(s.get("class_embedding"), 1, 1, width), batch, 1, width);
        SDVariable x = ops.add(ops.concat(1, cls, patches), positions(s, h, w));
        x = s.layerNorm("ln_pre", x, clip.eps());
        if (!s.has("prompt")) {
            return x;
        }
        SDVariable prompt = s.get("prompt");
        long p = ops.shape(prompt)[0];
        SDVariable all = ops.broadcast(ops.reshape(prompt, 1, p, width), batch, p, width);
        return ops.concat(1, ops.slice(x, 1, 0, 1), all, ops.slice(x, 1, 1, 1L + (long) h * w));
    }

    private SDVariable positions(Scope s, int h, int w) {
        return resizePositions(s.ops(), s.get("positional_embedding"), h, w, positionResize);
    }

    /** The position table (1+N,D) of a square grid, class row first, resized when the picture's grid is not the table's. */
    static SDVariable resizePositions(Ops ops, SDVariable table, int h, int w, Resize resize) {
        long rows = ops.shape(table)[0];
        long width = ops.shape(table)[1];
        int side = (int) Math.round(Math.sqrt(rows - 1.0));
        if (side == h && side == w) {
            return table;
        }
        SDVariable grid = ops.toMap(ops.reshape(ops.slice(table, 0, 1, rows), 1, rows - 1, width), side, side);
        SDVariable resized = ops.toTokens(ops.resize(grid, h, w, resize));
        return ops.concat(0, ops.slice(table, 0, 0, 1), ops.reshape(resized, (long) h * w, width));
    }

    private static SDVariable patches(Ops ops, SDVariable x, long prompts) {
        return ops.slice(x, 1, 1 + prompts, ops.shape(x)[1]);
    }

    private SDVariable project(Scope s, SDVariable x) {
        return s.linear("proj", s.layerNorm("ln_post", x, clip.eps()));
    }

    private SDVariable dense(Scope s, DensePath path, SDVariable last, SDVariable beforeLast, long prompts) {
        return switch (path) {
            case NONE -> null;
            case LAST -> project(s, patches(s.ops(), last, prompts));
            case VALUE -> {
                Scope lastBlock = s.at("blocks." + (clip.vision().layers() - 1));
                yield project(s, block.valuePath(lastBlock, patches(s.ops(), beforeLast, prompts)));
            }
        };
    }
}
