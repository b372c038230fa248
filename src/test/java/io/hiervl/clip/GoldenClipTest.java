package io.hiervl.clip;

import static io.hiervl.GoldenSuite.ALL;
import static io.hiervl.GoldenSuite.PLAIN;

import com.fasterxml.jackson.databind.JsonNode;
import io.hiervl.GoldenFixtures.Case;
import io.hiervl.GoldenSuite;
import io.hiervl.GoldenSuite.Setting;
import io.hiervl.graph.GoldenGraph;
import io.hiervl.graph.Ops;
import io.hiervl.image.ClipNormalize;
import io.hiervl.image.Photo;
import io.hiervl.tensor.Activation;
import io.hiervl.tensor.Resize;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Towers against open_clip and transformers, position tables and normalisation against torch (topic clip). */
class GoldenClipTest {
    @TestFactory
    List<DynamicTest> golden() {
        return new GoldenSuite("clip")
            .on("clip_block", ALL, GoldenClipTest::block)
            .on("clip_vision", ALL, GoldenClipTest::vision)
            .on("clip_text", ALL, GoldenClipTest::text)
            .on("clip_text_prompt", ALL, GoldenClipTest::textWithPrompt)
            .on("pos_resize", ALL, GoldenClipTest::positions)
            .on("clip_normalise", PLAIN, GoldenClipTest::normalise).tests();
    }

    private static void block(Case c, Setting setting) {
        GoldenGraph g = new GoldenGraph(c, setting);
        g.params(n -> "b." + n);
        TransformerBlock block =
            new TransformerBlock(c.integer("heads"), Activation.valueOf(c.config("activation").asText().toUpperCase(Locale.ROOT)),
                c.real("eps"), c.config("causal").asBoolean());
        g.output("y", block.apply(g.scope("b"), g.input("x")));
        g.verify();
    }

    private static ClipArchitecture architecture(int width, int layers, int heads, int patch, int image, int context, int vocab,
                                                 int projection) {
        return ClipArchitecture.of(width, layers, heads, patch, image, width, layers, heads, context, vocab, projection);
    }

    private static void vision(Case c, Setting setting) {
        GoldenGraph g = new GoldenGraph(c, setting);
        g.params(
            n -> n.equals("visual.proj") ? null : n.replace("visual.transformer.resblocks", "vision.blocks").replace("visual.", "vision."));
        g.transposed("visual.proj", "vision.proj.weight");
        long[] proj = c.shape("param.visual.proj");
        int patch = c.integer("patch");
        int side = (int) Math.round(Math.sqrt(c.shape("param.visual.positional_embedding")[0] - 1.0));
        int layers = c.integer("layers");
        VisionTower tower =
            new VisionTower(architecture((int) proj[0], layers, c.integer("heads"), patch, patch * side, 1, 1, (int) proj[1]));
        SDVariable image = g.input("image");
        VisionTower.Output last = tower.apply(g.scope("vision"), image, IntStream.range(0, layers).boxed().toList(), DensePath.LAST);
        VisionTower.Output value = tower.apply(g.scope("vision"), image, List.of(), DensePath.VALUE);
        g.output("embedding", last.raw());
        g.output("embedding_normalised", last.normalised());
        for (int i = 0; i < layers; i++) {
            if (c.has("tap" + i)) {
                g.output("tap" + i, last.taps().get(i));
            }
        }
        g.output("dense_last", last.dense());
        g.output("dense_value", value.dense());
        g.verify();
    }

    /** Puts the text tower's parameters into the store and returns its sizes. */
    private static ClipArchitecture textTower(GoldenGraph g) {
        g.params(n -> n.equals("text_projection") ? null : n.equals("token_embedding.weight") ? "text.token_embedding"
            : "text." + n.replace("transformer.resblocks", "blocks"));
        g.transposed("text_projection", "text.proj.weight");
        g.outsideTheGraph("token_embedding.weight");
        Case c = g.golden;
        long[] proj = c.shape("param.text_projection");
        return architecture((int) proj[0], c.integer("layers"), c.integer("heads"), 1, 1, (int) c.shape("param.positional_embedding")[0],
            (int) c.shape("param.token_embedding.weight")[0], (int) proj[1]);
    }

    private static void text(Case c, Setting setting) {
        GoldenGraph g = new GoldenGraph(c, setting);
        ClipArchitecture clip = textTower(g);
        TextTower.Tokens tokens = TextTower.Tokens.of(rows(c, 0), EotRule.HIGHEST);
        TextTower.Output out = new TextTower(clip).apply(g.scope("text"), embeddings(g, tokens), null,
            g.ops.constant("end", tokens.endSelector(0, setting.type)));
        g.output("embedding", out.raw());
        g.output("normalised", out.normalised());
        g.verify();
    }

    private static void textWithPrompt(Case c, Setting setting) {
        GoldenGraph g = new GoldenGraph(c, setting);
        ClipArchitecture clip = textTower(g);
        int prompt = c.integer("prompt_tokens");
        // The fixture has place holders where the prompt goes; the tower inserts.
        TextTower.Tokens tokens = TextTower.Tokens.of(rows(c, prompt), EotRule.HIGHEST);
        TextTower.Output out = new TextTower(clip).apply(g.scope("text"), embeddings(g, tokens), g.input("prompt"),
            g.ops.constant("end", tokens.endSelector(prompt, setting.type)));
        g.output("embedding", out.raw());
        g.verify();
    }

    private static SDVariable embeddings(GoldenGraph g, TextTower.Tokens tokens) {
        return g.ops.constant("embeddings", tokens.embeddings(g.store.get("text.token_embedding").array()));
    }

    /** Token rows without so many tokens after the first. */
    private static int[][] rows(Case c, int without) {
        int[] flat = c.ints("tokens");
        int n = (int) c.shape("tokens")[1];
        int[][] rows = new int[flat.length / n][n - without];
        for (int k = 0; k < rows.length; k++) {
            rows[k][0] = flat[k * n];
            System.arraycopy(flat, k * n + 1 + without, rows[k], 1, n - 1 - without);
        }
        return rows;
    }

    /** Both ways in which the program resizes a table: inside a graph, and once when weights are put into the store. */
    private static void positions(Case c, Setting setting) {
        JsonNode to = c.config("to");
        int height = to.get(0).asInt();
        int width = to.get(1).asInt();
        GoldenGraph g = new GoldenGraph(c, setting);
        Ops ops = g.ops;
        SDVariable table = g.input("param.position_embedding.weight");
        g.output("y", VisionTower.resizePositions(ops, table, height, width, Resize.BICUBIC));
        g.verify();
        INDArray once = TowerParameters.resizePositions(g.array("param.position_embedding.weight"), height, width, Resize.BICUBIC);
        c.check("y", once);
    }

    private static void normalise(Case c, Setting setting) {
        long[] s = c.shape("image");
        byte[] planes = c.bytes("image");
        int n = (int) (s[1] * s[2]);
        byte[] rgb = new byte[planes.length];
        for (int i = 0; i < n; i++) {
            for (int channel = 0; channel < 3; channel++) {
                rgb[3 * i + channel] = planes[channel * n + i];
            }
        }
        ClipNormalize normalize = new ClipNormalize(triple(c.config("mean")), triple(c.config("std")));
        c.check("y", normalize.apply(List.of(new Photo(rgb, (int) s[2], (int) s[1]))).reshape(s));
    }

    private static float[] triple(JsonNode node) {
        return new float[] {(float) node.get(0).asDouble(), (float) node.get(1).asDouble(), (float) node.get(2).asDouble()};
    }
}
