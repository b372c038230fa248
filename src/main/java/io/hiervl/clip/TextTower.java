package io.hiervl.clip;

import io.hiervl.Content;
import io.hiervl.HierVlException;
import io.hiervl.graph.Ops;
import io.hiervl.graph.Scope;
import java.util.Arrays;
import java.util.Locale;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * CLIP's text tower. Token embeddings are looked up outside the graph (the table is frozen), a learnable prompt can be
 * inserted after the start token, and the sequence is cut after the longest end token, which is exact because attention
 * is causal.
 */
public final class TextTower {
    private final ClipArchitecture clip;
    private final TransformerBlock block;

    /**
     * @param raw        (K,P), projection of the end token
     * @param normalised (K,P), the same with unit length: t of the paper
     */
    public record Output(SDVariable raw, SDVariable normalised) {
    }

    /**
     * Token ids of one text per row, start token first.
     *
     * @param ids (K,n), padded
     * @param end position of the token whose output is taken, per row
     */
    public record Tokens(int[][] ids, int[] end) {
        /** Number of positions that are needed, without a prompt. */
        int length() {
            return Arrays.stream(end).max().orElse(0) + 1;
        }

        /** Rows whose end positions follow the rule of the bundle. */
        public static Tokens of(int[][] ids, EotRule rule) {
            return new Tokens(ids, Arrays.stream(ids).mapToInt(rule::position).toArray());
        }

        /** Embeddings (K,length,W) from the token table (V,W). */
        public INDArray embeddings(INDArray table) {
            long width = table.size(1);
            INDArray out = Nd4j.create(table.dataType(), ids.length, length(), width);
            for (int k = 0; k < ids.length; k++) {
                for (int i = 0; i < Math.min(length(), ids[k].length); i++) {
                    out.get(NDArrayIndex.point(k), NDArrayIndex.point(i), NDArrayIndex.all()).assign(table.getRow(ids[k][i]));
                }
            }
            return out;
        }

        /** One-hot rows (K,1,length + prompt) that pick the end token once a prompt of that many tokens is inserted. */
        public INDArray endSelector(int prompt, DataType type) {
            INDArray out = Nd4j.zeros(type, ids.length, 1, length() + prompt);
            for (int k = 0; k < ids.length; k++) {
                out.putScalar(new int[] {k, 0, end[k] + prompt}, 1);
            }
            return out;
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

    public TextTower(ClipArchitecture clip) {
        this.clip = clip;
        this.block = TransformerBlock.of(clip.text().heads(), clip, true);
    }

    /**
     * @param s          scope of the tower, {@code text}
     * @param embeddings (K,n,W), from {@link Tokens#embeddings}
     * @param prompt     (p,W) inserted after the start token, or null
     * @param selector   (K,1,n+p), from {@link Tokens#endSelector}
     */
    public Output apply(Scope s, SDVariable embeddings, SDVariable prompt, SDVariable selector) {
        Ops ops = s.ops();
        long[] shape = ops.shape(embeddings);
        SDVariable x = prompt == null ? embeddings : insert(ops, embeddings, prompt);
        long n = ops.shape(x)[1];
        if (n > clip.text().context()) {
            throw HierVlException
                .model(String.format(Locale.ROOT, "a text needs %d tokens including the prompt, the text tower has %d positions",
                    n, clip.text().context()));
        }
        x = ops.add(x, ops.slice(s.get("positional_embedding"), 0, 0, n));
        for (int i = 0; i < clip.text().layers(); i++) {
            x = block.apply(s.at("blocks." + i), x);
            ops.endOfBlock(x);
        }
        // a selection of rows must not round them
        SDVariable end = ops.reshape(ops.exact().bmm(selector, x, false, false), shape[0], shape[2]);
        SDVariable raw = s.linear("proj", s.layerNorm("ln_final", end, clip.eps()));
        return new Output(raw, ops.l2Normalize(raw, VisionTower.NORMALISE_EPS));
    }

    private static SDVariable insert(Ops ops, SDVariable x, SDVariable prompt) {
        long[] s = ops.shape(x);
        long p = ops.shape(prompt)[0];
        SDVariable all = ops.broadcast(ops.reshape(prompt, 1, p, s[2]), s[0], p, s[2]);
        return ops.concat(1, ops.slice(x, 1, 0, 1), all, ops.slice(x, 1, 1, s[1]));
    }
}
