package io.hiervl.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.hiervl.GoldenFixtures;
import io.hiervl.GoldenFixtures.Case;
import io.hiervl.clip.ClipEmbedder;
import io.hiervl.clip.EotRule;
import io.hiervl.clip.TextTower;
import io.hiervl.data.Batches;
import io.hiervl.data.CutMix;
import io.hiervl.data.LabelledBatch;
import io.hiervl.data.UnlabelledBatch;
import io.hiervl.loss.SetPoints;
import io.hiervl.loss.SetPoints.Given;
import io.hiervl.model.GoldenNetwork;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The end-to-end fixture as the program's own network, batch and random choices. */
final class GoldenStep implements Draws {
    /** Padding of unlabelled images. */
    private static final int PADDING = 254;
    /** Steps of the run: so many that any progress falls on a step as exactly as the tolerances in double precision ask. */
    static final int TOTAL = 1_000_000_000;

    final GoldenNetwork network;
    final TrainingModel model;
    final Batches.Step batch;
    private final Case inputs = GoldenFixtures.one("end_to_end", "inputs");
    private final DataType type;

    GoldenStep(DataType type, String... settings) {
        this.type = type;
        network = new GoldenNetwork(type, settings);
        boolean[] things = new boolean[network.classes];
        network.recipe.loss().set().components().thingClasses().forEach(c -> things[c] = true);
        model = TrainingModel.of(network.recipe, network.clip, IntStream.range(0, network.classes).mapToObj(k -> "class " + k).toList(),
            TextTower.Tokens.of(ids("text.name_ids"), EotRule.HIGHEST), new TrainingModel.Traits(things, true), network.store, prototypes(),
            new TrainingModel.Concepts(array("text.concepts"), inputs.ints("text.concept_class")));
        double progress = network.params.config.get("progress_t").asDouble();
        batch = new Batches.Step(Math.round(progress * TOTAL),
            new LabelledBatch(array("labelled.image"), array("labelled.label"), names("labelled.image")),
            new UnlabelledBatch(array("unlabelled.weak"), array("unlabelled.strong1"), array("unlabelled.strong2"),
                array("unlabelled.pad").neq(PADDING).castTo(type), boxes("unlabelled.boxes1"), boxes("unlabelled.boxes2"),
                names("unlabelled.weak"),
                null, null));
    }

    /** The embedder works in single precision; in double precision the fixture's own prototypes stand in. */
    private INDArray prototypes() {
        if (type == DataType.DOUBLE) {
            return GoldenFixtures.one("end_to_end", "forward_text").array("text.t_clip", type);
        }
        INDArray t = new ClipEmbedder(network.weights(), EotRule.HIGHEST).embedTexts(ids("text.template_ids"));
        return t.divColumnVector(t.norm2(1)).dup('c');
    }

    /** Inputs that a whole step has not looked at. */
    Set<String> unreadInputs() {
        // see prototypes()
        return inputs.unreadInputs(type == DataType.DOUBLE ? Set.of("text.template_ids") : Set.of());
    }

    INDArray array(String tensor) {
        return inputs.array(tensor, type);
    }

    private int[][] ids(String tensor) {
        int n = (int) inputs.shape(tensor)[1];
        int[] flat = inputs.ints(tensor);
        return IntStream.range(0, flat.length / n).mapToObj(i -> Arrays.copyOfRange(flat, i * n, (i + 1) * n)).toArray(int[][]::new);
    }

    private List<String> names(String images) {
        return IntStream.range(0, (int) inputs.shape(images)[0]).mapToObj(i -> images + " " + i).toList();
    }

    private List<CutMix.Box> boxes(String tensor) {
        List<CutMix.Box> boxes = new ArrayList<>();
        int[] b = inputs.ints(tensor);
        for (int i = 0; i < b.length; i += 4) {
            boxes.add(b[i + 2] == 0 ? null : new CutMix.Box(b[i], b[i] + b[i + 2], b[i + 1], b[i + 1] + b[i + 3]));
        }
        return boxes;
    }

    @Override
    public boolean[] truthGates(int images, double probability) {
        boolean[] gates = new boolean[images];
        for (int i = 0; i < images; i++) {
            gates[i] = inputs.ints("labelled.use_gt_gate")[i] == 1;
        }
        return gates;
    }

    @Override
    public SetPoints points(String block, int images) {
        assertEquals("labelled", block);
        List<List<Given.Drawn>> all = new ArrayList<>();
        int[] matched = inputs.ints("labelled.matched");
        int predictions = (int) inputs.shape("labelled.candidates")[0];
        int from = 0;
        for (int b = 0; b < images; b++) {
            int to = from;
            while (to < matched.length / 3 && matched[3 * to] == b) {
                to++;
            }
            List<Given.Drawn> image = new ArrayList<>();
            for (int d = 0; d < predictions; d++) {
                image.add(new Given.Drawn(rows("labelled.candidates", d, from, to), rows("labelled.random_points", d, from, to)));
            }
            all.add(image);
            from = to;
        }
        return new Given(all);
    }

    private double[][] rows(String tensor, int prediction, int from, int to) {
        long[] s = inputs.shape(tensor);
        int size = (int) (s[2] * s[3]);
        double[][] rows = new double[to - from][];
        for (int r = from; r < to; r++) {
            int at = (int) ((prediction * s[1] + r) * size);
            rows[r - from] = Arrays.copyOfRange(inputs.values(tensor), at, at + size);
        }
        return rows;
    }

    @Override
    public int[] erased(List<int[]> suitable) {
        return inputs.ints("labelled.masked_class");
    }

    /** Whether any labelled image has a class to erase. */
    boolean erases() {
        return Arrays.stream(inputs.ints("labelled.masked_class")).anyMatch(c -> c >= 0);
    }

    @Override
    public INDArray channels(int map, int images, int channels, double rate) {
        return array("unlabelled.dropout_keep" + (map + 1)).div(1 - rate);
    }
}
