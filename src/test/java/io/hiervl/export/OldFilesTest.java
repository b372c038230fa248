package io.hiervl.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.backend.choice.Backends;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.Graphs;
import io.hiervl.op.GraphOp;
import io.hiervl.op.SameDiffOps;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A file that version 0.1 exported, whose ops had positional arguments and enums as ordinals, gives the scores that it gave then: every
 * 37th value for the image sin(0.37 i) + 0.5 cos(0.011 i), as version 0.1 printed it.
 */
class OldFilesTest {
    private static final String FOLDER = "/io/hiervl/export/v0.1/";
    /** Sums of 32-bit products in another order, on log scores up to 3. */
    private static final double TOLERANCE = 2e-5;

    @TempDir
    Path folder;

    @BeforeAll
    static void start() {
        SameDiffOps.start();
    }

    private static SameDiff load() throws Exception {
        return SameDiff.load(new File(OldFilesTest.class.getResource(FOLDER + "model.sd").toURI()), false);
    }

    private static INDArray image() {
        INDArray x = Nd4j.create(DataType.FLOAT, 1, 3, 64, 64);
        for (long i = 0; i < x.length(); i++) {
            x.putScalar(i, Math.sin(0.37 * i) + 0.5 * Math.cos(0.011 * i));
        }
        return x;
    }

    private static void check(INDArray scores) throws Exception {
        List<String> expected = Files.readAllLines(Path.of(OldFilesTest.class.getResource(FOLDER + "scores.csv").toURI()));
        assertEquals((scores.length() + 36) / 37, expected.size());
        for (int i = 0; i < expected.size(); i++) {
            assertEquals(Double.parseDouble(expected.get(i)), scores.getDouble(37L * i), TOLERANCE, "score " + 37 * i);
        }
    }

    @Test
    void plainSessionGivesTheSameScores() throws Exception {
        check(load().output(Map.of("images", image()), ExportSource.SCORES).get(ExportSource.SCORES));
    }

    @Test
    void runnerGivesTheSameScores() throws Exception {
        try (GraphRunner.Result r = new GraphRunner(Backends.host(), load(), List.of(ExportSource.SCORES)).run(Map.of("images", image()))) {
            check(r.output(ExportSource.SCORES));
        }
    }

    @Test
    void savedAgainAttributesHaveNames() throws Exception {
        SameDiff old = load();
        File again = folder.resolve("again.sd").toFile();
        old.save(again, false);
        SameDiff sd = SameDiff.load(again, false);
        Graphs.create();
        long own = sd.getOps().values().stream().filter(o -> o.getOp() instanceof GraphOp).peek(o -> {
            GraphOp op = (GraphOp) o.getOp();
            assertEquals(((GraphOp) old.getOps().get(o.getName()).getOp()).op().toString().replaceAll("@[0-9a-f]+", ""),
                op.op().toString().replaceAll("@[0-9a-f]+", ""), o.getName());
            assertEquals(0, op.numIArguments() + op.numTArguments(), o.getName() + " has positional arguments");
            assertFalse(op.propertiesForFunction().isEmpty(), o.getName());
        }).count();
        assertTrue(own > 300, own + " ops");
        check(sd.output(Map.of("images", image()), ExportSource.SCORES).get(ExportSource.SCORES));
    }
}
