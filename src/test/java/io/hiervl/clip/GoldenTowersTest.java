package io.hiervl.clip;

import io.hiervl.GoldenFixtures;
import io.hiervl.GoldenFixtures.Case;
import io.hiervl.graph.Activation;
import io.hiervl.graph.GoldenGraph;
import io.hiervl.graph.GoldenGraph.Kind;
import io.hiervl.graph.Resize;
import io.hiervl.op.Backend;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Towers against open_clip and transformers (fixtures of topic clip). */
class GoldenTowersTest {
    private static final ClipArchitecture CLIP = ClipArchitecture.of(32, 3, 4, 16, 64, 32, 2, 4, 20, 60, 24);

    @BeforeAll
    static void start() {
        Backend.start();
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void blocks(Kind kind) {
        for (String name : List.of("block", "block_causal")) {
            GoldenGraph g = new GoldenGraph(GoldenFixtures.one("clip", name), kind);
            g.params(n -> "b." + n);
            TransformerBlock block = new TransformerBlock(4, Activation.QUICK_GELU, 1e-5, name.equals("block_causal"));
            g.output("y", block.apply(g.scope("b"), g.input("x")));
            g.verify();
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void imageTowerWithTapsAndBothDensePaths(Kind kind) {
        Case c = GoldenFixtures.one("clip", "vision");
        GoldenGraph g = new GoldenGraph(c, kind);
        g.params(n -> n.equals("visual.proj") ? null : n.replace("visual.transformer.resblocks", "vision.blocks").replace("visual.", "vision."));
        g.transposed("visual.proj", "vision.proj.weight");
        VisionTower tower = new VisionTower(CLIP);
        SDVariable image = g.input("image");
        VisionTower.Output last = tower.apply(g.scope("vision"), image, List.of(0, 1, 2), DensePath.LAST);
        VisionTower.Output value = tower.apply(g.scope("vision"), image, List.of(), DensePath.VALUE);
        g.output("embedding", last.raw());
        g.output("embedding_normalised", last.normalised());
        for (int i = 0; i < 3; i++) {
            g.output("tap" + i, last.taps().get(i));
        }
        g.output("dense_last", last.dense());
        g.output("dense_value", value.dense());
        g.verify();
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void textTower(Kind kind) {
        GoldenGraph g = new GoldenGraph(GoldenFixtures.one("clip", "text_template"), kind);
        text(g);
        TextTower.Tokens tokens = TextTower.Tokens.of(rows(g.golden, "tokens", 0), EotRule.HIGHEST);
        TextTower.Output out = new TextTower(CLIP).apply(g.scope("text"), embeddings(g, tokens), null,
            g.ops.constant("end", tokens.endSelector(0, kind.type)));
        g.output("embedding", out.raw());
        if (g.golden.has("normalised")) {
            g.output("normalised", out.normalised());
        }
        g.verify();
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void textTowerWithPrompt(Kind kind) {
        GoldenGraph g = new GoldenGraph(GoldenFixtures.one("clip", "text_prompt"), kind);
        text(g);
        // The fixture has place holders where the prompt goes; the tower inserts.
        TextTower.Tokens tokens = TextTower.Tokens.of(rows(g.golden, "tokens", 8), EotRule.HIGHEST);
        SDVariable prompt = g.input("prompt");
        TextTower.Output out = new TextTower(CLIP).apply(g.scope("text"), embeddings(g, tokens), prompt,
            g.ops.constant("end", tokens.endSelector(8, kind.type)));
        g.output("embedding", out.raw());
        g.verify();
    }

    @Test
    void positionTables() {
        for (Case c : GoldenFixtures.cases("clip")) {
            if (c.op.equals("pos_resize")) {
                INDArray table = c.array("param.position_embedding.weight", DataType.DOUBLE);
                c.check("y", TowerParameters.resizePositions(table, c.config.get("to").get(0).asInt(), c.config.get("to").get(1).asInt(),
                    Resize.BICUBIC));
            }
        }
    }

    private static void text(GoldenGraph g) {
        g.params(n -> n.equals("text_projection") ? null : n.equals("token_embedding.weight") ? "text.token_embedding"
            : "text." + n.replace("transformer.resblocks", "blocks"));
        g.transposed("text_projection", "text.proj.weight");
    }

    private static SDVariable embeddings(GoldenGraph g, TextTower.Tokens tokens) {
        return g.ops.constant("embeddings", tokens.embeddings(g.store.get("text.token_embedding").array()));
    }

    private static int[][] rows(Case c, String tensor, int without) {
        int[] flat = c.ints(tensor);
        int n = (int) c.shape(tensor)[1];
        int[][] rows = new int[flat.length / n][n - without];
        for (int k = 0; k < rows.length; k++) {
            rows[k][0] = flat[k * n];
            System.arraycopy(flat, k * n + 1 + without, rows[k], 1, n - 1 - without);
        }
        return rows;
    }
}
