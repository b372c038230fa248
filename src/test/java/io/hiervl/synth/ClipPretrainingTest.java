package io.hiervl.synth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.clip.ClipWeights;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.Graphs;
import io.hiervl.op.SameDiffOps;
import io.hiervl.text.BpeTokenizer;
import io.hiervl.text.TokenizerFiles;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class ClipPretrainingTest {
    @TempDir
    static Path dir;
    private static BpeTokenizer tokenizer;

    @BeforeAll
    static void tokenizer() {
        SameDiffOps.start();
        TokenizerFiles.writeWordLevel(dir, Vocabulary.words());
        tokenizer = BpeTokenizer.load(dir);
    }

    @Test
    void everyWordOfTheWorldIsOneToken() {
        for (String word : Vocabulary.words()) {
            assertEquals(1, tokenizer.encode(word).length, word);
        }
    }

    @Test
    void lossFallsAndTheSameSeedGivesTheSameWeights() {
        PretrainingSettings s = new PretrainingSettings(12, 16, 64, 32, 2e-3, 2, 0.05, 1, 1, 5);
        List<String> notes = new ArrayList<>();
        ClipWeights a = new ClipPretraining(s, tokenizer, FusedOps::new).run((done, total, note) -> notes.add(note));
        ClipWeights b = new ClipPretraining(s, tokenizer, FusedOps::new).run((done, total, note) -> {});
        assertTrue(loss(notes.get(notes.size() - 1)) < loss(notes.get(notes.size() - 12)) - 0.5, notes.toString());
        INDArray start = new ClipPretraining(s, tokenizer, FusedOps::new).weights().get("text.token_embedding");
        assertTrue(a.get("text.token_embedding").distance2(start) > 0.1, "the token table is trained");
        a.arrays()
            .forEach((name, array) -> assertEquals(0, array.distance2(b.get(name)), 1e-3 * (1 + array.norm2Number().doubleValue()), name));
    }

    private static double loss(String note) {
        return Double.parseDouble(note.split(" ")[1]);
    }

    @Test
    void equalSentencesAreNotNegatives() {
        INDArray images = Nd4j.create(new float[][] {{1, 0}, {1, 0}, {0, 1}});
        INDArray same = Nd4j.create(new float[][] {{0.5f, 0.5f, 0}, {0.5f, 0.5f, 0}, {0, 0, 1}});
        double spread = contrastive(images, images, same);
        double strict = contrastive(images, images, Nd4j.eye(3));
        // rows and columns: log 2 for the twins whatever the target, almost 0 for the third
        assertEquals(2 * Math.log(2) / 3, spread, 1e-3);
        assertEquals(spread, strict, 1e-3);
        INDArray swapped = Nd4j.create(new float[][] {{0, 1}, {1, 0}, {1, 0}});
        assertTrue(contrastive(swapped, images, same) > 3);
    }

    private static double contrastive(INDArray images, INDArray texts, INDArray same) {
        FusedOps ops = new FusedOps(Graphs.create());
        ops.named(
            new ContrastiveLoss(ops).contrastive(ops.placeholder("i", 3, 2), ops.placeholder("t", 3, 2), ops.placeholder("same", 3, 3),
                ops.constant("scale", Nd4j.create(new float[] {20}))),
            "loss");
        try (GraphRunner.Result r = ops.runner(List.of("loss")).run(Map.of("i", images, "t", texts, "same", same))) {
            return r.scalar("loss");
        }
    }

    @Test
    void phraseTermWantsOnePatchForEachNamedPhraseAndNoneForOthers() {
        // patch 0 shows phrase 0, patches 1 and 2 show phrase 1
        INDArray dense = Nd4j.create(new float[] {1, 0, 0, 0, 1, 0, 0, 1, 0}, new long[] {1, 3, 3}, 'c');
        assertEquals(0, phrases(dense, 1, 1, 0), 0.01);
        assertTrue(phrases(dense, 1, 0, 0) > 5, "a phrase is seen that nobody named");
        assertTrue(phrases(dense, 1, 1, 1) > 15, "a named phrase is not seen");
    }

    private static double phrases(INDArray dense, float... present) {
        FusedOps ops = new FusedOps(Graphs.create());
        ops.named(new ContrastiveLoss(ops).phrases(ops.placeholder("d", 1, 3, 3), ops.placeholder("p", 3, 3), ops.placeholder("y", 1, 3),
            ops.constant("scale", Nd4j.create(new float[] {20}))), "loss");
        try (GraphRunner.Result r = ops.runner(List.of("loss"))
            .run(Map.of("d", dense, "p", Nd4j.eye(3), "y", Nd4j.create(present, new long[] {1, 3}, 'c')))) {
            return r.scalar("loss");
        }
    }

    @Test
    void settingsThatCannotWorkAreRefused() {
        assertThrows(HierVlException.class, () -> PretrainingSettings.standard().withSteps(0));
        assertThrows(HierVlException.class, () -> new PretrainingSettings(1, 8, 4, 32, 1e-3, 0, 0, 1, 1, 0));
    }
}
